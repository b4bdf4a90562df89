"""What a heat capacity says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

from szilard.numbers import number, with_error
from szilard.studies import sentences
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.audit import Audit


def summary(reading: HeatCapacityReading, audit: Audit) -> str:
    """The record in a screenful of plain text: its states, the lines through them, and the audit."""
    told = [*_states(reading), "", *_lines(reading)] if reading.whole else sentences.entry("recorded", "nothing.")
    return sentences.screenful(reading, audit, told)


def paragraphs(reading: HeatCapacityReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not reading.whole:
        return [("Nothing yet", "The record holds no looks.")]
    found = [
        ("The question", _question(reading)),
        ("The answer", _answer(reading)),
        ("Width", _width(reading)),
        ("What this is not", _limits()),
        ("The evidence", _trust(reading, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _question(reading: HeatCapacityReading) -> str:
    return (
        "The paper gives over-parameterised networks a high heat capacity, which makes them fit to be a reservoir. "
        "Here it is measured: networks are trained until they are stationary, at several batch sizes and learning "
        "rates, and their mean loss is held against the kinetic temperature T = r⟨‖g_B‖²⟩/2d of their gradients. "
        f"Weight decay of {reading.attributes.get('weight_decay', '?')} makes them stationary; without it a network "
        "that fits its data goes on for ever and its noise dies out, so that there is no temperature to speak of."
    )


def _answer(reading: HeatCapacityReading) -> str:
    family = reading.families[0]
    line = reading.line(family)
    if line is None:
        return ""
    half = reading.size(family.states[0]) / 2
    hot, cold = (reading.mean("energy", family.states[place]).value for place in (0, -1))
    return (
        f"At {reading.where(family)} the loss rises from {number(cold, 4)} to {number(hot, 4)} nat, by dU/dT = "
        f"{line.capacity.value:,.0f} ± {line.capacity.error:,.0f}; ½ for each of {2 * half:,.0f} parameters would be "
        f"{half:,.0f}, so that {number(line.capacity.value / half)} times equipartition was seen."
    )


def _width(reading: HeatCapacityReading) -> str:
    families = reading.widths
    if len(families) < 2:
        return ""
    one, other = families[0], families[-1]
    slopes = [float(reading.slopes(family).mean()) for family in (one, other)]
    temperatures = [reading.mean("temperature_kinetic", family.states[0]).value for family in (one, other)]
    held = [slope * temperature for slope, temperature in zip(slopes, temperatures, strict=True)]
    return (
        f"From width {one.width} to {other.width} the capacity goes from {slopes[0]:,.0f} to {slopes[1]:,.0f} while "
        f"the temperature per parameter goes from {number(temperatures[0])} to {number(temperatures[1])} nat: their "
        f"product, the heat that the reservoir holds, goes from {number(held[0])} to {number(held[1])} nat. The noise "
        "of a gradient is shared among the parameters; more of them are colder each, and their heat capacity is larger "
        "by the unit it is counted in."
    )


def _limits() -> str:
    return (
        "½⟨(θ − θ̄)·∇U⟩ = ½ d T holds of any stationary training, in any landscape and out of equilibrium too. That "
        "dU/dT agrees with it says that the basin is near harmonic, and nothing of a canonical state."
    )


def _trust(reading: HeatCapacityReading, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(
        f"Each state has {reading.members} independent trainings, over which errors are taken; the lines that are "
        "drawn have errors in both directions."
    )
    return " ".join(said)


def _states(reading: HeatCapacityReading) -> list[str]:
    found = [
        f"  {reading.members} trainings in each state, {reading.records} looks; temperature per parameter",
        "",
        f"  {'width':>7}{'r':>8}{'|b|':>6}   {'T (nat)':<26}{'U (nat)':<22}",
    ]
    for place, state in enumerate(reading.states):
        temperature, energy = (reading.mean(column, place) for column in ("temperature_kinetic", "energy"))
        found.append(
            f"  {state['width']:>7}{state['rate']:>8g}{state['batch']:>6}   "
            f"{with_error(temperature.value, temperature.error):<26}"
            f"{with_error(energy.value, energy.error):<22}".rstrip()
        )
    return found


def _lines(reading: HeatCapacityReading) -> list[str]:
    found = [f"  {'width':>7}{'r':>8}   {'dU/dT':<22}{'d/2':>10}{'ratio':>8}{'U at T = 0':>14}"]
    for family in reading.families:
        line = reading.line(family)
        if line is None:
            continue
        half = reading.size(family.states[0]) / 2
        found.append(
            f"  {family.width:>7}{family.rate:>8g}   {with_error(line.capacity.value, line.capacity.error):<22}"
            f"{half:>10,.0f}{line.capacity.value / half:>8.2f}{line.ground.value:>14.4f}"
        )
    return found
