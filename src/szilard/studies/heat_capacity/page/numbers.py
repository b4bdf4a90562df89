"""The states as a table of numbers."""

from __future__ import annotations

from szilard.page.safe import escape, with_error
from szilard.studies.heat_capacity.evidence import HeatEvidence

HEADINGS = ("width", "r", "|b|", "parameters", "T (nat)", "U (nat)", "½⟨(θ − θ̄)·∇U⟩ (nat)", "½ d T (nat)")


def numbers(evidence: HeatEvidence) -> str:
    """Every state, with standard errors over trainings."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEADINGS)
    rows = []
    for place, state in enumerate(evidence.states):
        temperature, energy, virial = (
            evidence.mean(name, place) for name in ("temperature_kinetic", "energy", "virial")
        )
        size = evidence.size(place)
        cells = (
            f"{state['rate']:g}", f"{state['batch']}", f"{size:,}", with_error(temperature.value, temperature.error),
            with_error(energy.value, energy.error), with_error(virial.value, virial.error),
            f"{size * temperature.value / 2:.3g}",
        )  # fmt: skip
        body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{escape(state["width"])}</th>{body}</tr>')
    return (
        "<details><summary>Every state in numbers, with standard errors</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Numbers"><table class="numbers"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></details>"
    )
