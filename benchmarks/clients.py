"""Loops as people write them, each watched by a line or a few: is the run equal to the bit, and are the numbers right?

    python benchmarks/clients.py [--clients NAME …] [--pairs 20] [--write]

A file in ``loops/`` is a client. Its lines that end with ``# szilard`` are what watching takes; those that end with
``# sums`` look at the model by hand. It is run three times from the same seeds: with neither (the loop as it was
written), with szilard's alone, whose parameters, gradients, buffers, optimisers, losses and random states must be equal
to the bit to those of the first, and with the sums alone, to which work, heat and entropy at every step of the record
are compared.

``--pairs`` takes the time of the frameworks, and of the plain loop: trainings of MNIST by turns, one watched and one
not, processor time from the 64th batch on, with a 95 % interval over the pairs. ``--write`` puts the table into
``docs/clients.md``; what is not installed is left out of it, with a word.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from pathlib import Path

import torch
from loops.catalogue import CLIENTS, Client
from loops.overhead import overhead
from loops.trial import tried
from machine import machine

PAGE = Path(__file__).parents[1] / "docs" / "clients.md"
HEADING = "## What was found\n"
COLUMNS = ("client", "lines", "steps", "equal to the bit", "W, Q, S right to", "watched over unwatched")


def main() -> None:
    """Tries what is wanted, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [client.name for client in CLIENTS]
    parser.add_argument("--clients", nargs="+", metavar="NAME", choices=names, default=names, help=", ".join(names))
    parser.add_argument("--pairs", type=int, default=0, help="pairs of trainings that are timed; none unless given")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [client for client in CLIENTS if client.name in options.clients]
    lines = [f"`python benchmarks/clients.py --pairs {options.pairs}`, {machine()}.", ""]
    lines += [row(*COLUMNS), row(*("---",) * len(COLUMNS))]
    print("\n".join(lines), flush=True)
    for client in chosen:
        lines.append(row(*found(client, options.pairs)))
        print(lines[-1], flush=True)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(f"{text[: text.index(HEADING)]}{HEADING}\n" + "\n".join(lines) + "\n", encoding="utf-8")


def found(client: Client, pairs: int) -> tuple[str, ...]:
    """The cells of one client."""
    name = f"[{client.title}](../benchmarks/loops/{client.name}.py)"
    absent = [each for each in client.needs if importlib.util.find_spec(each) is None]
    if absent:
        return name, str(client.lines), "–", f"{' and '.join(absent)} not installed", "–", "–"
    with tempfile.TemporaryDirectory() as directory:
        try:
            outcome = tried(client, Path(directory))
        except Exception as error:  # of one client: the others are tried all the same
            return name, str(client.lines), "–", f"**{type(error).__name__}: {error}**", "–", "–"
        cost = overhead(client, Path(directory), pairs) if client.timed and pairs else "–"
    equal = "yes" if outcome.equal else "**no**"
    right = f"{outcome.difference:.0e}" if outcome.right else f"**wrong by {outcome.difference:.0e}**"
    said = "".join(f"; warns: {each}" for each in outcome.said)
    return name, str(client.lines), str(outcome.steps), equal + said, right, cost


def row(*cells: str) -> str:
    """A line of the table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
