"""A row that is tested in each layer and decided by the worst of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from szilard.estimate import Estimate
from szilard.studies.kits.watched.bursts import Bursts
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of


def worst_of_layers(
    claim: Claim, bursts: Bursts, found: Mapping[int, Estimate], when: str, detail: Callable[[int], str]
) -> Finding:
    """The row, with a part for each layer, in intervals that allow for all of them.

    Args:
        claim: whose bound decides which layer is the worst.
        bursts: of the record.
        found: by layer, at least one.
        when: the steps that count.
        detail: what is said of the worst layer.
    """
    layers, estimates = list(found), list(found.values())
    intervals = [one.interval(level_of(len(layers))) for one in estimates]
    worst = claim.decisive(intervals)
    return claim.tested(
        estimates[worst].value,
        intervals[worst],
        where=f"{when}, {bursts.names[layers[worst]]}",
        detail=detail(layers[worst]),
        parts=claim.parts([bursts.names[layer] for layer in layers], [one.value for one in estimates], intervals),
        among="layers",
    )
