"""A heat capacity at a glance."""

from __future__ import annotations

import math

import numpy as np

from szilard.page.content import Card
from szilard.page.logarithmic import raised
from szilard.reservoir.power_law import exponent
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.verdicts.audit import number
from szilard.verdicts.bounds import LEVEL


def cards(evidence: HeatEvidence) -> list[Card]:
    """Capacity over equipartition, what temperature does to the loss, the law of width, and the layers apart."""
    family = evidence.families[0]
    shown = []
    line, capacity = evidence.line(family), evidence.capacity(family)
    if line is not None and capacity is not None:
        half = evidence.size(family.states[0]) / 2
        low, high = (end / half for end in capacity.interval(LEVEL))
        shown.append(
            Card("", "heat capacity over d/2", f"{capacity.value / half:.2f}", f"95 %: {low:.2f} to {high:.2f}")
        )
        rise = evidence.mean("energy", family.states[0]).value - line.ground.value
        batch = evidence.states[family.states[0]]["batch"]
        shown.append(Card("", f"heat held at |b| = {batch}", f"{rise:.2g}", f"nat, above {line.ground.value:.3g} nat"))
    if len(evidence.widths) > 1:
        sizes = np.array([float(evidence.size(each.states[0])) for each in evidence.widths])
        law = exponent(sizes, np.array([evidence.slopes(each) for each in evidence.widths]).T)
        low, high = law.interval(LEVEL)
        shown.append(
            Card("", "capacity against parameters", f"d{raised(law.value)}", f"95 %: {number(low)} to {number(high)}")
        )
    layers = range(1, len(evidence.groups))
    if len(layers) > 1:
        temperatures = [evidence.mean("temperature_kinetic", family.states[0], layer).value for layer in layers]
        ratio = max(temperatures) / min(temperatures)
        if math.isfinite(ratio):
            shown.append(Card("", "hottest layer over coldest", f"{ratio:.1f} ×", "in stationary training"))
    return shown
