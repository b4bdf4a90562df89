"""A first layer whose updates wait: exact SGD that reads and writes its weights once in a block of steps.

The inputs of a perceptron's first layer are data, known many steps ahead, and each step of SGD adds a product of rank
|b| to its weights. So within a block of K steps, whose inputs X lie one batch below the other,

    W_k = P_k (W_0 + Σ_{j<k} D_jᵀ X_j),        D_j = −(r_j / P_{j+1}) δ_j,        P_k = Π_{i<k} (1 − r_i λ)
    z_k = X_k W_kᵀ = P_k (Y_k + Σ_{j<k} (X_k X_jᵀ) D_j),        Y = X W_0ᵀ

with learning rates r, weight decay λ, and δ the gradient at the layer's output. Y and the products X Xᵀ are made for
the whole block at once, and the weights are written once, at its end. The bias is a weight whose input is always 1.

For batches of a few examples, where training is a matter of moving weights between memory and processor, this is most
of the traffic. The numbers are those of step-by-step SGD up to the order of sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

_COLUMNS = 40
"""Examples in a block: beyond it the products X Xᵀ cost more than the traffic that they spare."""

_STEPS = 32
_LEAST_WEIGHTS = 4096


def horizon(weight: Float[Tensor, "members out in"], batch_size: int) -> int:
    """Steps in a block; 1 where deferring does not pay."""
    steps = min(_STEPS, _COLUMNS // batch_size)
    pays = steps > 2 and weight[0].numel() >= _LEAST_WEIGHTS and steps * batch_size <= weight.shape[1]
    return steps if pays else 1


@final
class DeferredLayer:
    """The layer, in blocks of steps.

    Args:
        weight, bias: stacked; written to at the end of each block.
        batch_size: examples in a step.
        steps: in a block.
    """

    def __init__(
        self,
        weight: Float[Tensor, "members out in"],
        bias: Float[Tensor, "members out"] | None,
        batch_size: int,
        steps: int,
    ) -> None:
        self.steps = steps
        self._weight = weight
        self._bias = bias
        self._batch = batch_size
        self._done = 0
        self._scale = 1.0
        self._inputs: Tensor | None = None
        self._outputs = self._overlaps = weight
        self._updates = weight.new_zeros(len(weight), steps * batch_size, weight.shape[1])

    @property
    def opened(self) -> bool:
        """Whether the inputs of the present block are known."""
        return self._inputs is not None

    @property
    def done(self) -> int:
        """Number of steps of the present block that are done."""
        return self._done

    def open(self, inputs: Float[Tensor, "members rows in"]) -> None:
        """Takes up the inputs of the whole block, step after step along ``rows``."""
        self._inputs = inputs
        self._overlaps = torch.bmm(inputs, inputs.transpose(1, 2))
        transposed = self._weight.transpose(1, 2)
        if self._bias is None:
            self._outputs = torch.bmm(inputs, transposed)
        else:
            self._outputs = torch.baddbmm(self._bias.unsqueeze(1), inputs, transposed)
            self._overlaps.add_(1)

    def output(self) -> Float[Tensor, "members batch out"]:
        """The layer's output z at the next step, bias included."""
        rows, past = self._rows(), slice(0, self._done * self._batch)
        if self._done:
            value = torch.baddbmm(self._outputs[:, rows], self._overlaps[:, rows, past], self._updates[:, past])
        else:
            value = self._outputs[:, rows].clone()
        return value.mul_(self._scale) if self._scale != 1 else value

    def push(self, delta: Float[Tensor, "members batch out"], rate: float, shrunk: float) -> None:
        """Takes the gradient at the output, and writes the weights if the block ends here.

        Args:
            delta: the gradient.
            rate: the learning rate of this step.
            shrunk: what weight decay leaves of a weight.
        """
        self._scale *= shrunk
        torch.mul(delta, -rate / self._scale, out=self._updates[:, self._rows()])
        self._done += 1
        if self._done == self.steps:
            self._settle()

    def current(self) -> tuple[Tensor, Tensor | None]:
        """Weights and biases as they stand; inputs must be known where steps are done."""
        if not self._done or self._inputs is None:
            return self._weight, self._bias
        past = slice(0, self._done * self._batch)
        updates = self._updates[:, past]
        weight = torch.baddbmm(self._weight, updates.transpose(1, 2), self._inputs[:, past]).mul_(self._scale)
        bias = None if self._bias is None else (self._bias + updates.sum(1)).mul_(self._scale)
        return weight, bias

    def _settle(self) -> None:
        """Writes what waited, where the weights lie."""
        assert self._inputs is not None
        self._weight.baddbmm_(self._updates.transpose(1, 2), self._inputs)
        if self._bias is not None:
            self._bias.add_(self._updates.sum(1))
        if self._scale != 1:
            for each in (self._weight, self._bias):
                if each is not None:
                    each.mul_(self._scale)
        self._updates.zero_()
        self._inputs, self._done, self._scale = None, 0, 1.0

    def state(self) -> dict[str, Tensor]:
        """What waits; inputs are found again by the number of the step."""
        return {
            "deferred.updates": self._updates,
            "deferred.scale": torch.tensor(self._scale, dtype=torch.float64),
            "deferred.done": torch.tensor(self._done),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back to what :meth:`state` gave; the block must be opened anew."""
        self._updates.copy_(state["deferred.updates"])
        self._scale = float(state["deferred.scale"])
        self._done = int(state["deferred.done"])
        self._inputs = None

    def _rows(self) -> slice:
        return slice(self._done * self._batch, (self._done + 1) * self._batch)
