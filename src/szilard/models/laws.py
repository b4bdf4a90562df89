"""What a network's output means as a distribution: log-probabilities in float64, samples by a generator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError


class Law(Protocol):
    """A distribution whose parameters a network gives; leading dimensions of output and values broadcast."""

    def log_prob(self, output: Any, values: Tensor, event: int) -> Float[Tensor, "*batch"]:
        """``ln p(values | output)`` in float64, in nats, summed over the last ``event`` dimensions."""

    def sample(self, output: Any, generator: torch.Generator) -> Tensor:
        """One draw for each element of the output, by the generator alone."""


@final
@dataclass(frozen=True, slots=True)
class Bernoulli:
    """Independent binary pixels; the output holds their logits.

    Example:
        >>> law = Bernoulli()
        >>> round(law.log_prob(torch.zeros(1, 3), torch.ones(1, 3), 1).item() / math.log(0.5), 6)
        3.0
    """

    def log_prob(self, output: Any, values: Tensor, event: int) -> Float[Tensor, "*batch"]:
        """``Σ [x ln σ(a) + (1 − x) ln σ(−a)]``, for x in {0, 1}."""
        logits = output.double()
        return _sum(values.double() * logits - torch.nn.functional.softplus(logits), event)

    def sample(self, output: Any, generator: torch.Generator) -> Tensor:
        """Pixels that are 0 or 1, in the output's own precision."""
        uniform = torch.rand(output.shape, generator=generator, device=output.device, dtype=torch.float32)
        return (uniform < torch.sigmoid(output)).to(output.dtype)


@final
@dataclass(frozen=True, slots=True)
class Normal:
    """Independent normal variables.

    Attributes:
        scale: their standard deviation, where the output is their means alone. None: the output is a pair of means and
            logarithms of standard deviations, or a tensor whose last dimension holds first the ones, then the others.

    Example:
        >>> law = Normal(scale=1.0)
        >>> round(-law.log_prob(torch.zeros(1, 2), torch.zeros(1, 2), 1).item() / math.log(2 * math.pi), 6)
        1.0
    """

    scale: float | None = None

    def __post_init__(self) -> None:
        if self.scale is not None and not self.scale > 0:
            raise ModelError(f"the scale of a normal law is {self.scale!r}: give a positive number.")

    def log_prob(self, output: Any, values: Tensor, event: int) -> Float[Tensor, "*batch"]:
        """``−Σ [½ ((x − μ)/σ)² + ln σ + ½ ln 2π]`` over an element's dimensions, float64, in nats."""
        mean, log_scale = (each.double() for each in self.parameters(output))
        white = (values.double() - mean) * torch.exp(-log_scale)
        return _sum(-0.5 * white.square() - log_scale - 0.5 * math.log(2 * math.pi), event)

    def sample(self, output: Any, generator: torch.Generator) -> Tensor:
        """``μ + σ ε`` with standard normal ε from the generator."""
        mean, log_scale = self.parameters(output)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return mean + log_scale.exp() * noise

    def parameters(self, output: Any) -> tuple[Tensor, Tensor]:
        """Means and logarithms of standard deviations.

        Raises:
            ModelError: if the output has neither of the forms above.
        """
        if self.scale is not None:
            return output, torch.tensor(math.log(self.scale), dtype=torch.float64, device=output.device)
        if isinstance(output, tuple | list) and len(output) == 2:
            mean, log_scale = output
            return mean, log_scale
        if isinstance(output, Tensor) and output.dim() > 0 and output.shape[-1] % 2 == 0:
            mean, log_scale = output.chunk(2, -1)
            return mean, log_scale
        what = f"shape {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise ModelError(
            f"a normal law takes means and logarithms of standard deviations, not {what}: return (mean, log_scale), or "
            "both in the last dimension."
        )


def _sum(each: Tensor, event: int) -> Tensor:
    return each.sum(tuple(range(-event, 0))) if event else each
