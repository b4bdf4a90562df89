"""What all studies say alike: the standing of a record, its model and probe, amounts, lists, and lines of a summary."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from szilard.estimate import Estimate
from szilard.numbers import number, with_error
from szilard.printable import printable
from szilard.studies.reading import Reading
from szilard.verdicts.audit import Audit

WIDTH = 88


def screenful(
    reading: Reading,
    audit: Audit,
    told: Sequence[str],
    *,
    missing: Sequence[str] = (),
    checkpoints: bool = False,
    remarks: Sequence[str] = (),
) -> str:
    """A summary: the heading, what a study tells of its record, the audit's verdict, and what must be confessed.

    Args:
        reading: of the record.
        audit: of the same record.
        told: lines.
        missing: sentences about what the record cannot give.
        checkpoints: whether an unfinished run has checkpoints and can go on.
        remarks: sentences about what else must be confessed.
    """
    text = [*heading(reading.name, str(reading.attributes.get("status"))), *told, ""]
    if audit.rows:
        text += entry("audit", audit.verdict)
    text += [line for said in missing for line in entry("–", said)]
    confessed = [*(said for _, said in standing(reading.attributes, checkpoints=checkpoints)), *remarks]
    text += [line for said in confessed for line in entry("!", said)]
    return "\n".join(map(printable, text)).rstrip()


def heading(name: str, status: str) -> list[str]:
    """The name to the left and the status to the right, in capitals where it is not ``complete``, over a rule."""
    shown = status.upper() if status != "complete" else status
    return [f"{name}{shown:>{max(2, WIDTH - len(name))}}", "─" * WIDTH]


def entry(label: str, text: str) -> list[str]:
    """``text`` wrapped beside its label."""
    wrapped = textwrap.wrap(text, WIDTH - 16) or [""]
    return [f"  {label if not number else '':13} {line}" for number, line in enumerate(wrapped)]


def mapping(attributes: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A nested attribute; empty where it is missing or no mapping."""
    value = attributes.get(key)
    return value if isinstance(value, Mapping) else {}


def model(attributes: Mapping[str, Any]) -> list[str]:
    """What was trained, and by what."""
    about, optimizer = mapping(attributes, "model"), mapping(attributes, "optimizer")
    described = [str(about.get("class", "a model"))]
    if isinstance(about.get("parameters"), int):
        described.append(f"{about['parameters']:,} parameter{'' if about['parameters'] == 1 else 's'}")
    described.append(f"forward pass in {attributes.get('forward_precision', 'unknown precision')}")
    if about.get("device"):
        described.append(f"on {about['device']}")
    lines = entry("model", ", ".join(described))
    if optimizer:
        known = [("lr", "lr"), ("momentum", "momentum"), ("betas", "betas"), ("weight_decay", "weight decay")]
        settings = [f"{label} {short(optimizer[key])}" for key, label in known if optimizer.get(key)]
        groups = optimizer.get("groups")
        settings += [f"the largest of {len(groups)} groups"] if isinstance(groups, list) and len(groups) > 1 else []
        lines += entry("optimiser", ", ".join([str(optimizer.get("class", "unknown")), *settings]))
    return lines


def probe(attributes: Mapping[str, Any]) -> list[str]:
    """What the model was asked."""
    about = mapping(attributes, "probe")
    counts = [
        f"{about[key]:,} {key}"
        for key in ("inputs", "heads", "outcomes")
        if isinstance(about.get(key), int) and (key, about[key]) != ("heads", 1)
    ]
    return entry("probe", " × ".join(counts) + (", labelled" if about.get("labelled") else "")) if counts else []


def standing(attributes: Mapping[str, Any], *, checkpoints: bool = False) -> list[tuple[str, str]]:
    """What any record may have to confess, each with how bad it is: ``mind`` or ``bad``.

    Args:
        attributes: of the record.
        checkpoints: whether an unfinished run has checkpoints and can go on.
    """
    found, status = [], str(attributes.get("status", "unknown"))
    if status == "broken":
        step, why = attributes.get("broken_at_step"), attributes.get("broken_because") or "no reason was recorded"
        where = "" if step is None else f" at step {step}"
        found.append(("bad", f"The run broke{where}: {why}. Everything before is kept."))
    elif status != "complete":
        here = (
            "its checkpoints are there, and the same command with --resume goes on (the record is filled at the end)."
            if checkpoints
            else "what was recorded so far is here."
        )
        found.append(("mind", f"Incomplete: the run is still going, or it was killed; {here}"))
    if attributes.get("forward_flagged"):
        precision = attributes.get("forward_precision", "low precision")
        said = f"The forward pass ran in {precision}: work and heat below its rounding are not to be trusted."
        found.append(("mind", said))
    return found


def short(value: Any) -> str:
    """A number in short, anything else as it is."""
    return number(value, 6) if isinstance(value, float) and math.isfinite(value) else str(value)


def amount(estimate: Estimate) -> str:
    """``value ± error`` ; where an error is missing it says so."""
    value, error = float(estimate.value), float(estimate.error)
    if error == 0:
        return number(value, 4)
    if not math.isfinite(error):
        return f"{number(value, 3)} (no error)"
    return with_error(value, error)


def listed(items: list[str]) -> str:
    """Items joined as in a sentence.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a"])
        ('a, b and c', 'a')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def many(count: int, noun: str) -> str:
    """A count with its noun, in the plural but for one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
