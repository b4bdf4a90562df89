"""Force and noise at one moment, of every member and group of parameters.

``U_B`` is the mean loss over a member's training set of N examples, ``C`` the covariance of the gradient of one example
drawn from it. A batch of |b| drawn with replacement has the noise ``Cov η = C/|b|``; without replacement within the
batch, as in shuffled epochs, ``(N − |b|)/(N − 1)`` times as much. Recorded is its mean over parameters,
``tr Cov η / dim`` (Fig. 3c of the paper), and beside it ``‖∇U_B‖²/dim``, both without the bias that each would have
from the other: of n fresh examples with ``S = Σ‖g_x‖²`` and ``G = Σ g_x``,

    tr C = (S − ‖G‖²/n)/(n − 1),        ‖∇U_B‖² = (‖G‖² − S)/(n(n − 1)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from szilard.ensemble.gradient_sums import GradientSums, Group, dot, largest
from szilard.ensemble.trainer.batches import Cohort
from szilard.ensemble.trainer.randomness import RandomStreams

Columns = dict[str, Tensor]


def thinning(size: int, batch: int, shuffle: str) -> float:
    """What drawing a batch without replacement leaves of its noise: ``(N − |b|)/(N − 1)``; 1 with replacement.

    Example:
        >>> thinning(101, 1, "epochs"), thinning(101, 51, "epochs"), thinning(101, 51, "replacement")
        (1.0, 0.5, 1.0)
    """
    return (size - batch) / (size - 1) if shuffle == "epochs" and size > 1 else 1.0


def sampled(groups: Sequence[Group], sums: GradientSums, share: float) -> Columns:
    """Noise and signal from fresh examples; unbiased, and so the signal may come out negative.

    Args:
        groups: of parameters.
        sums: over at least two examples, drawn with replacement.
        share: of C that is the noise of a batch: :func:`thinning` over |b|.
    """
    squares, force = _squares(groups, sums)
    count, sizes = sums.examples, _sizes(groups, squares)
    trace = (squares - force / count) / (count - 1)
    # Over N examples each drawn once C has 1/N in it; n draws from them estimate that very C with 1/(n − 1).
    return {
        "noise_variance": share * trace / sizes,
        "signal_variance": (force - squares) / (count * (count - 1)) / sizes,
        "potential": sums.loss / count,
    }


def exact(groups: Sequence[Group], sums: GradientSums, share: float) -> Columns:
    """Noise and force from a pass over the whole training set, and the largest component of the force.

    Args:
        groups, share: see :func:`sampled`.
        sums: over every example once.
    """
    squares, force = _squares(groups, sums)
    count, sizes = sums.examples, _sizes(groups, squares)
    return {
        "noise_variance_full": share * (squares / count - force / count**2) / sizes,
        "signal_variance_full": force / count**2 / sizes,
        "max_force": largest(groups, sums.gradient) / count,
        "potential_full": sums.loss / count,
    }


def _squares(
    groups: Sequence[Group], sums: GradientSums
) -> tuple[Float[Tensor, "members groups"], Float[Tensor, "members groups"]]:
    """``S`` and ``‖G‖²``."""
    assert sums.squares is not None
    return sums.squares, dot(groups, sums.gradient, sums.gradient)


def _sizes(groups: Sequence[Group], like: Tensor) -> Float[Tensor, " groups"]:
    return torch.tensor([float(group.size) for group in groups], dtype=torch.float64, device=like.device)


@final
class Fresh:
    """Fresh examples at a training step, of every member: drawn anew from its training set, never what trains it.

    They are drawn with replacement from streams of their own, addressed by the step: nothing has to be saved for them.

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
