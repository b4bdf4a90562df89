"""A heat capacity in a screenful of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.estimate import format_with_error
from szilard.printable import printable
from szilard.studies import lines
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr


def summarise_heat_capacity(name: str, tree: xr.DataTree, audit: Audit) -> str:
    """The states, the lines through them, and the audit.

    Args:
        name: of the record.
        tree: as the reader returns it.
        audit: of the same record.
    """
    evidence = HeatEvidence.of(tree)
    text = lines.heading(name, str(evidence.attributes.get("status")))
    if evidence.looks > 1:
        text += [*_states(evidence), "", *_lines(evidence), ""]
    else:
        text += lines.entry("recorded", "nothing.")
    if audit.rows:
        text += lines.entry("audit", audit.verdict)
    text += [line for said in lines.warnings(evidence.attributes) for line in lines.entry("!", said)]
    return "\n".join(map(printable, text))


def _states(evidence: HeatEvidence) -> list[str]:
    found = [
        f"  {evidence.members} trainings in each state, {evidence.looks} looks; temperature per parameter",
        "",
        f"  {'width':>7}{'r':>8}{'|b|':>6}   {'T (nat)':<26}{'U (nat)':<22}",
    ]
    for place, state in enumerate(evidence.states):
        temperature, energy = (evidence.mean(column, place) for column in ("temperature_kinetic", "energy"))
        found.append(
            f"  {state['width']:>7}{state['rate']:>8g}{state['batch']:>6}   "
            f"{format_with_error(temperature.value, temperature.error):<26}"
            f"{format_with_error(energy.value, energy.error):<22}".rstrip()
        )
    return found


def _lines(evidence: HeatEvidence) -> list[str]:
    found = [f"  {'width':>7}{'r':>8}   {'dU/dT':<22}{'d/2':>10}{'ratio':>8}{'U at T = 0':>14}"]
    for family in evidence.families:
        line = evidence.line(family)
        if line is None:
            continue
        half = evidence.size(family.states[0]) / 2
        found.append(
            f"  {family.width:>7}{family.rate:>8g}   {format_with_error(line.capacity.value, line.capacity.error):<22}"
            f"{half:>10,.0f}{line.capacity.value / half:>8.2f}{line.ground.value:>14.4f}"
        )
    return found
