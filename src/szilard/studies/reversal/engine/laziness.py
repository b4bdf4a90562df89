"""Laziness between two points of a training: of the kernel, the outputs, the losses and the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from szilard.models.landscape import Batch, Landscape
from szilard.models.linearisation import gradient_squares, linearised_losses, linearised_outputs, tangent_kernel
from szilard.reservoir.laziness import gradient_change, kernel_change, kernel_turn, linearisation_error

Groups = Mapping[str, Sequence[slice]]
Looks = dict[str, np.ndarray]
"""Numbers by column; those of groups are vectors, all parameters first."""

KERNEL_COLUMNS = ("kernel_change", "kernel_turn", "gradient_change")
"""One number for each group."""
WHOLE_COLUMNS = ("outputs_error", "losses_error")
"""One number in all."""


class LazinessObserver:
    """Compares a network with itself at θ*.

    Args:
        landscape: of the network.
        star: θ*.
        probe: examples for the linearisations.
        kernel_inputs: inputs of the kernel.
        batches: at which the gradient is compared.
        groups: of parameters, disjoint, together all of them.
    """

    def __init__(
        self,
        landscape: Landscape,
        star: Tensor,
        probe: Batch,
        kernel_inputs: Tensor,
        batches: Sequence[Batch],
        groups: Groups,
    ) -> None:
        self._landscape, self._star = landscape, star
        self._probe, self._inputs, self._batches, self._groups = probe, kernel_inputs, batches, groups
        self._kernels = self._of_groups(star)

    def look(self, theta: Tensor) -> Looks:
        """How far the network at ``theta`` has left its tangents at θ*."""
        kernels = self._of_groups(theta)
        pairs = list(zip(self._kernels, kernels, strict=True))
        changes, references = (
            np.concatenate([squares.sum(1, keepdims=True), squares], axis=1)
            for squares in (
                each.numpy()
                for each in gradient_squares(self._landscape, self._star, theta, self._batches, self._groups)
            )
        )
        return {
            "kernel_change": np.array([kernel_change(*pair) for pair in pairs]),
            "kernel_turn": np.array([kernel_turn(*pair) for pair in pairs]),
            "gradient_change": np.array([gradient_change(*pair) for pair in zip(changes.T, references.T, strict=True)]),
            "outputs_error": np.array(
                linearisation_error(*linearised_outputs(self._landscape, self._star, theta, self._probe[0]))
            ),
            "losses_error": np.array(
                linearisation_error(*linearised_losses(self._landscape, self._star, theta, self._probe))
            ),
        }

    def _of_groups(self, theta: Tensor) -> np.ndarray:
        """The kernels of all parameters and of each group."""
        parts = tangent_kernel(self._landscape, theta, self._inputs, groups=self._groups).numpy()
        return np.concatenate([parts.sum(0, keepdims=True), parts])
