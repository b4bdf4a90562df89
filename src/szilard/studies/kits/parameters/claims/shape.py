"""The shape of the noise (δ_ij of Eq. 34): whether it points everywhere alike, and whether it has a variance at all."""

from __future__ import annotations

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import with_error
from szilard.studies.kits.parameters.claims.layers import worst_of_layers
from szilard.studies.kits.parameters.statements import FINITE, ISOTROPIC
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family, from the last window of records."""
    bursts = reading.bursts
    assert bursts is not None
    return (_isotropic(bursts), _tails(bursts))


def directions(bursts: Bursts, layer: int) -> Estimate | None:
    """The participation ratio of a layer at the last record; None where the window was not full."""
    name = "participation_ratio"
    value, error = (bursts.values(column)[-1, layer] for column in (name, f"{name}_error"))
    if not np.isfinite([value, error]).all():
        return None
    return Estimate(float(value), float(error), Kind.ASYMPTOTIC, max(min(bursts.window, bursts.records) - 1.0, 1.0))


def _isotropic(bursts: Bursts) -> Finding:
    """The smallest share of a layer's parameters that the noise fills.

    The record's number of directions is that of the whole layer, also where a sample of its parameters stood for it.
    """
    if bursts.silent:
        return ISOTROPIC.unchecked("There is no noise: every batch holds all the training data.")
    parameters = bursts.parameters
    found = {
        layer: one
        for layer in range(bursts.groups)
        if parameters[layer] > 1 and (one := directions(bursts, layer)) is not None
    }
    if not found:
        return ISOTROPIC.unchecked("No window of records was full, or no layer has two parameters: train longer.")
    layers = list(found)
    intervals = [
        (float(low) / parameters[layer], float(high) / parameters[layer])
        for layer in layers
        for low, high in [found[layer].interval(level_of(len(layers)))]
    ]
    worst = ISOTROPIC.decisive(intervals)
    layer = layers[worst]
    ratio = found[layer]
    shares = [found[each].value / parameters[each] for each in layers]
    sampled = bursts.sampled[layer]
    few = f", as a sample of {sampled:,} tells" if sampled < parameters[layer] else ""
    return ISOTROPIC.tested(
        shares[worst],
        intervals[worst],
        where=f"the last window to step {bursts.steps[-1]:,}, {bursts.names[layer]}",
        detail=(
            f"(tr C)²/tr C² = {with_error(ratio.value, ratio.error)} of {parameters[layer]:,} parameters in "
            f"{bursts.names[layer]}{few}."
        ),
        parts=ISOTROPIC.parts([bursts.names[each] for each in layers], shares, intervals),
        among="layers",
    )


def tail(bursts: Bursts, layer: int) -> Estimate | None:
    """Hill's index of a layer at the last record; None where the window held too few noises.

    Its error, α/√(k − 2), tells how many noises beyond the threshold it is made of.
    """
    value, error = (float(bursts.values(name)[-1, layer]) for name in ("tail_index", "tail_index_error"))
    if not np.isfinite([value, error]).all() or error <= 0:
        return None
    return Estimate(value, error, Kind.ASYMPTOTIC, (value / error) ** 2 + 1)


def _tails(bursts: Bursts) -> Finding:
    """The smallest tail index of a layer."""
    found = {layer: one for layer in range(bursts.groups) if (one := tail(bursts, layer)) is not None}
    if not found:
        return FINITE.unchecked("No window of records held noises enough: train longer.")

    def detail(layer: int) -> str:
        index = with_error(found[layer].value, found[layer].error)
        return f"Hill's α = {index} in {bursts.names[layer]}. Light tails have no α: theirs comes out large."

    return worst_of_layers(FINITE, bursts, found, f"the last window to step {bursts.steps[-1]:,}", detail)
