"""A trade-off in a screenful of plain text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from szilard.printable import printable
from szilard.studies import lines
from szilard.studies.tradeoff.claims.advice import advised, adviser
from szilard.studies.tradeoff.evidence import TradeOffEvidence, chains_in_words
from szilard.verdicts.audit import Audit, number

if TYPE_CHECKING:
    import xarray as xr

CELL = 13


def summarise_tradeoff(name: str, tree: xr.DataTree, audit: Audit) -> str:
    """Efficiencies by updates and sampler steps, the advice, and the audit.

    Args:
        name: of the record.
        tree: as the reader returns it.
        audit: of the same record.
    """
    evidence = TradeOffEvidence.of(tree)
    text = lines.heading(name, str(evidence.attributes.get("status")))
    if evidence.filled:
        text += lines.entry("ensemble", f"{evidence.span()}; the same way r n, compute n τ")
        for chains in evidence.kinds:
            text += ["", *_table(evidence, chains)]
        text += ["", *_advice(evidence)]
    else:
        text += lines.entry("recorded", "nothing.")
    if audit.rows:
        text += lines.entry("audit", audit.verdict)
    text += [line for said in lines.warnings(evidence.attributes) for line in lines.entry("!", said)]
    return "\n".join(map(printable, text))


def _table(evidence: TradeOffEvidence, chains: int | None) -> list[str]:
    steps = evidence.sampler_steps
    found = [
        f"  efficiency ΔI/(ΔI + Σ), gradients from {chains_in_words(chains)}; Σ in nat at τ = {steps[-1]}",
        f"  {'n':>5}{'r':>7}   " + "".join(f"{f'τ = {tau}':<{CELL}}" for tau in steps) + "Σ",
    ]
    for updates in evidence.updates:
        family = evidence.family(chains, updates)
        cells = [evidence.of_ensemble("efficiency", state) for state in family]
        last = evidence.mean("ep_conditional", family[-1])
        shown = "".join(f"{_cell(each.value, each.error):<{CELL}}" for each in cells)
        found.append(f"  {updates:>5}{family[0].rate:>7.3g}   {shown}{number(last.value)}")
    return found


def _cell(value: float, error: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.2f} ± {error:.2f}"


def _advice(evidence: TradeOffEvidence) -> list[str]:
    if len(evidence.sampler_steps) < 2:
        return []
    state = adviser(evidence)
    if not evidence.advice(state).seen:
        return []
    return lines.entry("sampler", f"at n = {state.updates}: {advised(evidence, state)}")
