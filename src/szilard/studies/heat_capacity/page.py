"""The page of a heat capacity: it opens with the loss against the temperature."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number, raised, with_error
from szilard.page.content import Card, Content
from szilard.page.numbers import folded
from szilard.page.safe import escape
from szilard.reservoir.replicates import exponent
from szilard.studies.heat_capacity.figures import LEADING, figures
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.studies.heat_capacity.words import paragraphs
from szilard.studies.pages import content_of
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import LEVEL

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["heat"].energy.mean("step")      # by state and member\n'
    'run.attributes["states"]                  # width, rate and batch size of each state\nrun.audit()'
)
HEADINGS = ("width", "r", "|b|", "parameters", "T (nat)", "U (nat)", "½⟨(θ − θ̄)·∇U⟩ (nat)", "½ d T (nat)")


def content(reading: HeatCapacityReading, audit: Audit) -> Content:
    """The parts of the page."""
    whole = reading.whole
    return content_of(
        reading,
        audit,
        subtitle="How the loss of stationary training answers to temperature",
        cards=_cards(reading) if whole else [],
        leading=LEADING(reading) if whole else None,
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading) if whole else "",
        figures=figures(reading) if whole else [],
        python=PYTHON,
    )


def _cards(reading: HeatCapacityReading) -> list[Card]:
    """Capacity over equipartition, what temperature does to the loss, the law of width, and the layers apart."""
    family = reading.families[0]
    shown = []
    line, capacity = reading.line(family), reading.capacity(family)
    if line is not None and capacity is not None:
        half = reading.size(family.states[0]) / 2
        low, high = (end / half for end in capacity.interval(LEVEL))
        shown.append(
            Card("", "heat capacity over d/2", f"{capacity.value / half:.2f}", f"95 %: {low:.2f} to {high:.2f}")
        )
        rise = reading.mean("energy", family.states[0]).value - line.ground.value
        batch = reading.states[family.states[0]]["batch"]
        shown.append(
            Card("", f"heat held at |b| = {batch}", number(rise), f"nat, above {number(line.ground.value, 3)} nat")
        )
    if len(reading.widths) > 1:
        sizes = np.array([float(reading.size(each.states[0])) for each in reading.widths])
        law = exponent(sizes, np.array([reading.slopes(each) for each in reading.widths]).T)
        low, high = law.interval(LEVEL)
        shown.append(
            Card("", "capacity against parameters", f"d{raised(law.value)}", f"95 %: {number(low)} to {number(high)}")
        )
    layers = range(1, len(reading.groups))
    if len(layers) > 1:
        temperatures = [reading.mean("temperature_kinetic", family.states[0], layer).value for layer in layers]
        ratio = max(temperatures) / min(temperatures)
        if math.isfinite(ratio):
            shown.append(Card("", "hottest layer over coldest", f"{ratio:.1f} ×", "in stationary training"))
    return shown


def _numbers(reading: HeatCapacityReading) -> str:
    """Every state, with standard errors over trainings."""
    rows = []
    for place, state in enumerate(reading.states):
        temperature, energy, virial = (
            reading.mean(name, place) for name in ("temperature_kinetic", "energy", "virial")
        )
        size = reading.size(place)
        cells = (
            f"{state['rate']:g}", f"{state['batch']}", f"{size:,}", with_error(temperature.value, temperature.error),
            with_error(energy.value, energy.error), with_error(virial.value, virial.error),
            number(size * temperature.value / 2, 3),
        )  # fmt: skip
        rows.append((str(state["width"]), cells))
    return folded("Every state in numbers, with standard errors", [escape(name) for name in HEADINGS], rows)
