"""The work that a step is predicted to do, to leading order: what the force does (drift) and what the noise does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import SpecError
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.models.tangent import logit_tangent
from szilard.monitor.reservoir.optimizer_state import OptimizerSettings

_TIMES = 4
"""Steps of a burst at which the work is predicted: each costs two tangents of the probe."""


@final
class WorkForecast:
    """``½ R² ∇U·F∇U`` and ``½ R² tr(F C)/|b|`` per step and probe input, F the Fisher matrix of the probe.

    Of two independent gradients the product ``J g_a · Var(y) · J g_b`` has the first as its mean, and half their
    difference the second; J is the Jacobian of the logits, R what a unit of gradient moves the parameters in all.

    Args:
        ppm: the model watched.

    Raises:
        SpecError: if it has no logits.
    """

    def __init__(self, ppm: object) -> None:
        if not isinstance(ppm, Enumerable):
            raise SpecError(
                f"the work of the noise is predicted from logits, which {type(ppm).__name__} has not: leave "
                "diffusion_work out."
            )
        self._ppm = ppm

    @staticmethod
    def due(step: int, steps: int) -> bool:
        """Whether this step of a burst is one of those."""
        return step % max(1, steps // _TIMES) == 0

    def products(
        self,
        names: Sequence[str],
        mean: Sequence[Tensor],
        halves: Sequence[Tensor],
        settings: OptimizerSettings,
    ) -> Float[Tensor, 2]:
        """For both kinds of work ``½ ⟨Cov_p(J a, J b)⟩`` over probe inputs, summed over heads, R included.

        Args:
            names: of the parameters.
            mean: the sum of two fresh gradients, with twice the penalty's gradient.
            halves: their difference.
            settings: of the optimiser.
        """
        responses = [0.0 if dynamics is None else dynamics.response for dynamics in settings.dynamics()]
        both = [
            {name: g * (response / 2) for name, g, response in zip(names, of, responses, strict=True)}
            for of in (mean, halves)
        ]
        zeros = {
            name: torch.zeros_like(tensor)
            for name, tensor in (*self._ppm.module.named_parameters(), *self._ppm.module.named_buffers())
            if tensor.is_floating_point()
        }
        drift, diffusion = torch.zeros(2, dtype=torch.float64, device=self._ppm.device)
        with undisturbed(self._ppm.module, self._ppm.device):
            for chunk in self._ppm.chunks():
                p = torch.softmax(self._ppm.logits(chunk).double(), -1)
                sums, differences = (
                    logit_tangent(self._ppm, chunk, {**zeros, **direction}).double() for direction in both
                )
                variance_of_sum, variance_of_difference = _variance(p, sums), _variance(p, differences)
                # J g_a · J g_b = |J (g_a + g_b)/2|² − |J (g_a − g_b)/2|²
                drift = drift + (variance_of_sum - variance_of_difference).sum()
                diffusion = diffusion + variance_of_difference.sum()
        return 0.5 * torch.stack([drift, diffusion]) / self._ppm.inputs


def _variance(p: Tensor, tangent: Tensor) -> Tensor:
    """The variance of the tangent's components under p, for each input and head."""
    centred = tangent - (p * tangent).sum(-1, keepdim=True)
    return (p * centred.square()).sum(-1)
