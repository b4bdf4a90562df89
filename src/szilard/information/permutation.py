"""Is there an effect of the dataset at all? A permutation test on the overlaps of members (Anderson 2001)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.contrast import independent
from szilard.information.nesting import Nesting

PERMUTATIONS = 999


def permutation_p(
    overlap: Float[ndarray, "members members"], nesting: Nesting, *, seed: int, permutations: int = PERMUTATIONS
) -> float:
    """Share of shuffles of members across the datasets of a task that set datasets apart as much as they stand.

    The statistic is the sum of squares between datasets, ``Σ_d |Σ_{m∈d} p_m|²/R_d``, of which the pseudo-F of a
    permutational analysis of variance is an increasing function; it needs the overlaps alone, so that a shuffle costs
    members² at most. ``p = (1 + #{shuffled ≥ observed})/(1 + permutations)`` is uniform where the datasets are all
    alike. Of crossed seeds only members are used that share neither initialisation nor order: others are not
    exchangeable. NaN where there is nothing to shuffle.
    """
    generator = np.random.default_rng(seed)
    statistic, observed = np.zeros(permutations), 0.0
    shuffled = False
    for task in range(nesting.tasks):
        blocks = [
            independent(nesting, int(index)) if nesting.crossed else nesting.dataset_members[index]
            for index in np.flatnonzero(nesting.task_of_dataset == task)
        ]
        if len(blocks) < 2 or max(len(block) for block in blocks) < 2:
            continue
        shuffled = True
        members = np.concatenate(blocks)
        matrix = overlap[np.ix_(members, members)]
        ends = np.cumsum([len(block) for block in blocks])
        order = generator.permuted(np.tile(np.arange(len(members)), (permutations, 1)), axis=1)
        for end, block in zip(ends, blocks, strict=True):
            positions = np.arange(end - len(block), end)
            observed += matrix[np.ix_(positions, positions)].sum() / len(block)
            chosen = order[:, positions]
            statistic += matrix[chosen[:, :, None], chosen[:, None, :]].sum((1, 2)) / len(block)
    if not shuffled:
        return float("nan")
    tie = 1e-12 * abs(observed)
    return float((1 + np.count_nonzero(statistic >= observed - tie)) / (1 + permutations))
