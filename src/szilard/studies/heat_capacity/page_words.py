"""What was seen of a heat capacity, in plain words with numbers."""

from __future__ import annotations

from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.verdicts.audit import Audit, number


def what_was_seen(evidence: HeatEvidence, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if evidence.looks < 2:
        return [("Nothing yet", "The record holds no looks.")]
    found = [
        ("The question", _question(evidence)),
        ("The answer", _answer(evidence)),
        ("Width", _width(evidence)),
        ("What this is not", _beyond()),
        ("The evidence", _evidence(evidence, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _question(evidence: HeatEvidence) -> str:
    return (
        "The paper gives over-parameterised networks a high heat capacity, which makes them fit to be a reservoir. "
        "Here it is measured: networks are trained until they are stationary, at several batch sizes and learning "
        "rates, and their mean loss is held against the kinetic temperature T = r⟨‖g_B‖²⟩/2d of their gradients. "
        f"Weight decay of {evidence.attributes.get('weight_decay', '?')} makes them stationary; without it a network "
        "that fits its data goes on for ever and its noise dies out, so that there is no temperature to speak of."
    )


def _answer(evidence: HeatEvidence) -> str:
    family = evidence.families[0]
    line = evidence.line(family)
    if line is None:
        return ""
    half = evidence.size(family.states[0]) / 2
    hot, cold = (evidence.mean("energy", family.states[place]).value for place in (0, -1))
    return (
        f"At {evidence.where(family)} the loss rises from {cold:.4g} to {hot:.4g} nat, by dU/dT = "
        f"{line.capacity.value:,.0f} ± {line.capacity.error:,.0f}; ½ for each of {2 * half:,.0f} parameters would be "
        f"{half:,.0f}, so that {number(line.capacity.value / half)} times equipartition was seen."
    )


def _width(evidence: HeatEvidence) -> str:
    families = evidence.widths
    if len(families) < 2:
        return ""
    one, other = families[0], families[-1]
    slopes = [float(evidence.slopes(family).mean()) for family in (one, other)]
    temperatures = [evidence.mean("temperature_kinetic", family.states[0]).value for family in (one, other)]
    held = [slope * temperature for slope, temperature in zip(slopes, temperatures, strict=True)]
    return (
        f"From width {one.width} to {other.width} the capacity goes from {slopes[0]:,.0f} to {slopes[1]:,.0f} while "
        f"the temperature per parameter goes from {temperatures[0]:.2g} to {temperatures[1]:.2g} nat: their product, "
        f"the heat that the reservoir holds, goes from {number(held[0])} to {number(held[1])} nat. The noise of a "
        "gradient is shared among the parameters; more of them are colder each, and their heat capacity is larger by "
        "the unit it is counted in."
    )


def _beyond() -> str:
    return (
        "½⟨(θ − θ̄)·∇U⟩ = ½ d T holds of any stationary training, in any landscape and out of equilibrium too. That "
        "dU/dT agrees with it says that the basin is near harmonic, and nothing of a canonical state."
    )


def _evidence(evidence: HeatEvidence, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(
        f"Each state has {evidence.members} independent trainings, over which errors are taken; the lines that are "
        "drawn have errors in both directions."
    )
    return " ".join(said)
