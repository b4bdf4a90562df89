"""Fresh examples at a training step, of every member: drawn anew from its training set, and never what trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from szilard.ensemble.trainer.batches import Cohort
from szilard.ensemble.trainer.randomness import RandomStreams


@final
class Fresh:
    """Draws with replacement from streams of their own, addressed by the step: nothing has to be saved for them.

    Args:
        cohort: the members' training sets.
        seeds: of the members.
        purpose: what the examples are for; those for different purposes are independent.
    """

    def __init__(self, cohort: Cohort, seeds: Sequence[int], purpose: str) -> None:
        self._cohort = cohort
        self._streams = RandomStreams(seeds, f"fresh examples: {purpose}")

    def at(
        self, step: int, count: int
    ) -> tuple[Shaped[Tensor, "members count *input"], Shaped[Tensor, "members count *heads"]]:
        """Inputs and labels of ``count`` examples for each member."""
        cohort = self._cohort
        size = np.uint64(cohort.size)
        drawn = [self._streams.bits(member, step, count) % size for member in range(cohort.members)]
        examples = torch.from_numpy(np.stack(drawn).astype(np.int64)).to(cohort.index.device)
        member = torch.arange(cohort.members, device=examples.device)[:, None]
        rows = cohort.index[member, examples]
        inputs = cohort.inputs.index_select(0, rows.reshape(-1)).view(*rows.shape, *cohort.inputs.shape[1:])
        return inputs, cohort.labels[member, examples]
