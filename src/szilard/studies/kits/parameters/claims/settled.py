"""Stationary parameters where temperatures need not agree at rest, and the records at one learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.numbers import with_error
from szilard.reservoir.displacements import displacement_balance
from szilard.studies.kits.parameters.claims.layers import worst_of_layers
from szilard.studies.kits.parameters.statements import SETTLED
from szilard.studies.kits.watched.bursts import Bursts
from szilard.verdicts.bounds import FEWEST_BURSTS
from szilard.verdicts.finding import Finding

SCHEDULED = (
    "The learning rate changes from record to record, and while it does there is no stationary state to be tested for: "
    f"hold the rate for some {2 * FEWEST_BURSTS} records."
)
_SAME = 1e-6
"""Relative difference of two learning rates that are the same."""


def plateau(bursts: Bursts) -> slice:
    """The last records, as many as saw the learning rates of the very last; all of them where the record has none."""
    count = bursts.records
    if not bursts.has("rate") or not count:
        return slice(0, count)
    rates = bursts.values("rate")
    same = np.isclose(rates, rates[-1], rtol=_SAME, atol=0, equal_nan=True).all(1)
    changed = np.flatnonzero(~same)
    return slice(int(changed[-1]) + 1 if len(changed) else 0, count)


def steady_rows(bursts: Bursts) -> slice:
    """Records of the second half whose whole interval lies in the plateau."""
    first = plateau(bursts).start
    return slice(max(bursts.late.start, first + 1 if first else 0), bursts.records)


def scheduled(bursts: Bursts) -> bool:
    """Whether the rate changes so late that too few records are left to tell anything."""
    first = plateau(bursts).start
    return first > 0 and bursts.records - first - 1 < FEWEST_BURSTS


def apart_at_rest(bursts: Bursts, optimizer: Mapping[str, Any]) -> str:
    """Why the two temperatures may differ where nothing drifts, or cannot be compared; empty where they agree."""
    if not bursts.replacement:
        return "Batches of shuffled epochs are correlated with the parameters"
    if any(_decoupled(settings) for settings in _groups(optimizer)):
        return "Decoupled weight decay pulls beside the force"
    if bursts.records - plateau(bursts).start < min(bursts.window, bursts.records):
        return "The window holds records at other learning rates"
    return ""


def _groups(optimizer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The settings of every optimiser and of every group of its parameters."""
    yield optimizer
    for name in ("groups", "optimizers"):
        for each in optimizer.get(name) or ():
            if isinstance(each, Mapping):
                yield from _groups({"class": optimizer.get("class"), **each})


def _decoupled(settings: Mapping[str, Any]) -> bool:
    decay = settings.get("weight_decay")
    if not isinstance(decay, int | float) or not decay:
        return False
    return bool(settings.get("decoupled_weight_decay", settings.get("class") not in ("SGD", "Adam")))


def balance(bursts: Bursts, layer: int) -> Estimate | None:
    """``−2⟨θ·Δθ⟩/⟨|Δθ|²⟩`` of a layer, from the course of ‖θ‖² over the steady records; None where it is not known.

    Each record's ``fdr_ratio`` holds how ‖θ‖² changed since the one before, in units of what the steps add to it.
    """
    rows = steady_rows(bursts)
    ratios, kinetic = (bursts.values(name)[rows, layer] for name in ("fdr_ratio", "temperature_kinetic"))
    steps = bursts.values("interval")[rows]
    unknown = np.flatnonzero(~(np.isfinite(ratios) & np.isfinite(kinetic)))
    first = int(unknown[-1]) + 1 if len(unknown) else 0
    ratios, kinetic, steps = ratios[first:], kinetic[first:], steps[first:]
    if len(ratios) < FEWEST_BURSTS - 1 or not (steps > 0).all():
        return None
    changes = (1 - ratios) * kinetic * steps
    squares, moments = (np.concatenate([[0.0], np.cumsum(each)]) for each in (changes, steps))
    try:
        return displacement_balance(squares, float(steps @ kinetic / steps.sum()), moments).ratio
    except RecordError:
        return None


def balanced(bursts: Bursts, reason: str) -> Finding:
    """The row by the identity that every optimiser, order and decay obeys.

    Args:
        bursts: of the record.
        reason: why not by temperatures, as a clause to begin a sentence with.
    """
    found = {layer: one for layer in range(bursts.groups) if (one := balance(bursts, layer)) is not None}
    if not found:
        return SETTLED.unchecked(
            bursts.without_temperature("Too few records at one learning rate know how ‖θ‖² changed: train longer.")
        )

    def detail(layer: int) -> str:
        return (
            f"{reason}, so that temperatures need not agree at rest; −2⟨θ·Δθ⟩/⟨|Δθ|²⟩ = "
            f"{with_error(found[layer].value, found[layer].error)} in {bursts.names[layer]}, by the course of ‖θ‖². It "
            "tells only of directions that relax within these records."
        )

    return worst_of_layers(SETTLED, bursts, found, bursts.span(steady_rows(bursts)), detail)
