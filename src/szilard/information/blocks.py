"""Several probe inputs taken jointly: informations of their labels together, by enumeration."""

from __future__ import annotations

from jaxtyping import Float
from numpy import ndarray

from szilard.information.mixture_sums import Entropies, MixtureSums
from szilard.information.nesting import Nesting

OUTCOMES = 1_000
"""Most joint outcomes of a block that are enumerated."""
BUDGET = 10_000
"""Blocks are taken from the stream until they have this many joint outcomes between them."""


class JointBlocks:
    """Blocks of m consecutive inputs: labels are independent given the member, so their joint law is a product.

    The mixture over members is no product, which is why ``I(Y_1…Y_m; ·)`` is neither the sum nor the mean of the
    inputs' own. The first inputs of the stream are used, at every step the same.
    """

    def __init__(self, nesting: Nesting, size: int, outcomes: int) -> None:
        self.size = size
        self.possible = outcomes**size <= OUTCOMES
        self._left = max(BUDGET // outcomes**size, 1) if self.possible else 0
        self._sums = MixtureSums(nesting)
        self._taken = 0

    def add(self, p: Float[ndarray, "members inputs outcomes"], entropy: Float[ndarray, "members inputs"]) -> None:
        """Take blocks from these inputs, if more are needed."""
        count = min(self._left, p.shape[1] // self.size)
        if not count:
            return
        used = p[:, : count * self.size].reshape(len(p), count, self.size, -1)
        joint = used[:, :, 0]
        for k in range(1, self.size):
            joint = (joint[..., None] * used[:, :, k, None]).reshape(len(p), count, -1)
        self._sums.add(joint.reshape(len(p), -1), entropy[:, : count * self.size].sum(1))
        self._left -= count
        self._taken += count

    def entropies(self) -> Entropies | None:
        """Mean joint entropy of each block, nats; None if there was no block."""
        return self._sums.entropies(self._taken) if self._taken else None
