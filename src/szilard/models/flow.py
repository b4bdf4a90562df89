"""A normalizing flow as a PPM, or any module with a tractable density: exact φ and exact samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution

from szilard.errors import ModelError
from szilard.models.checks import check_same_device, explain
from szilard.models.evaluation import undisturbed, unwrap
from szilard.models.state.keeping import accompany
from szilard.models.state.random_state import seeded_by

LogProb = Callable[[Any, Tensor], Tensor]
"""``(model, x) -> ln p_θ(x)`` in nats, one number for each sample."""
Sample = Callable[[Any, int, torch.Generator], Tensor]
"""``(model, count, generator) -> x``."""

_AT_ONCE = 4096


@final
class Flow:
    """A density ``p_θ(x) = p(z) |det ∂z/∂x|``, ``z = f_θ(x)``, that can be evaluated and sampled.

    Args:
        model: the network in training. Either it returns a ``torch.distributions.Distribution`` when called without
            arguments, as every flow of zuko does, or it has the methods ``log_prob(x)`` and ``sample(count)``.
        log_prob: for other signatures: ``(model, x) -> ln p_θ(x)``, normalised.
        sample: for other signatures: ``(model, count, generator) -> x``. Whatever it draws from torch's global random
            state comes from the generator too.
        chunk: samples evaluated at once.

    Raises:
        ModelError: the model has neither, or what it gives is not one finite log-density for each sample.

    Source: Papamakarios et al., J. Mach. Learn. Res. 22 (2021) 57.

    Example:
        >>> import torch
        >>> from szilard.models import Flow
        >>> class Shifted(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.mean = torch.nn.Parameter(torch.zeros(2))
        ...     def forward(self):
        ...         law = torch.distributions.Normal(self.mean, 1.0)
        ...         return torch.distributions.Independent(law, 1)
        >>> ppm = Flow(Shifted())
        >>> x = ppm.sample(3, torch.Generator().manual_seed(0))
        >>> x.shape, ppm.phi(torch.zeros(1, 2)).item()  # ln 2π
        (torch.Size([3, 2]), 1.8378770351409912)
    """

    def __init__(
        self, model: nn.Module, *, log_prob: LogProb | None = None, sample: Sample | None = None, chunk: int = _AT_ONCE
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ModelError(f"the model must be a torch.nn.Module, not {type(model).__name__}: wrap it in one.")
        if chunk < 1:
            raise ModelError(f"chunk is {chunk}: evaluate at least 1 sample at once.")
        self.module = unwrap(model)
        self.device = check_same_device(self.module, [])
        self._chunk = chunk
        of_methods = hasattr(self.module, "log_prob") and hasattr(self.module, "sample")
        self._log_prob = log_prob or (_by_log_prob if of_methods else _by_distribution)
        self._sample = sample or (_by_sample if of_methods else _from_distribution)
        for function in (log_prob, sample):
            accompany(self.module, function)
        self._try()

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fresh, independent samples ``x ~ p_θ``."""
        with seeded_by(generator, self.device):
            parts = [self._sample(self.module, size, generator) for size in self._sizes(count)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """``φ_θ(x) = −ln p_θ(x)`` in nats, in float64; the network computes in its own precision."""
        parts = [self._log_prob(self.module, rows.clone()).double() for rows in x.split(self._chunk)]
        return -(parts[0] if len(parts) == 1 else torch.cat(parts))

    def _sizes(self, count: int) -> list[int]:
        whole, rest = divmod(count, self._chunk)
        return [self._chunk] * whole + [rest] * (rest > 0 or whole == 0)

    def _try(self) -> None:
        with undisturbed(self.module, self.device):
            try:
                x = self.sample(2, torch.Generator(self.device).manual_seed(0))
                value = self._log_prob(self.module, x.clone())
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"the model could not be sampled and evaluated: {explain(error)}. Say how with sample=lambda model,"
                    " count, generator: … and log_prob=lambda model, x: …"
                ) from error
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.shape != (2,):
            what = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ModelError(
                f"log_prob of 2 samples shaped {tuple(x.shape)} gives {what}, not one number for each: sum over the "
                "dimensions of x (torch.distributions.Independent does)."
            )
        if not bool(torch.isfinite(value).all()):
            raise ModelError("log_prob is not finite at the model's own samples: look for NaN or Inf in the weights.")


def _distribution(model: nn.Module) -> Distribution:
    try:
        law = model()
    except TypeError as error:
        raise ModelError(
            f"the model {type(model).__name__} has no log_prob(x) and sample(count), and cannot be called without "
            f"arguments for a distribution ({explain(error)}): give log_prob=lambda model, x: … and "
            "sample=lambda model, count, generator: …"
        ) from error
    if not isinstance(law, Distribution):
        raise ModelError(
            f"the model {type(model).__name__} returned a {type(law).__name__}, not a torch distribution: give "
            "log_prob=lambda model, x: … and sample=lambda model, count, generator: …"
        )
    return law


def _by_distribution(model: nn.Module, x: Tensor) -> Tensor:
    return _distribution(model).log_prob(x)


def _from_distribution(model: nn.Module, count: int, generator: torch.Generator) -> Tensor:
    return _distribution(model).sample(torch.Size([count]))


def _by_log_prob(model: Any, x: Tensor) -> Tensor:
    return model.log_prob(x)


def _by_sample(model: Any, count: int, generator: torch.Generator) -> Tensor:
    x = model.sample(count)
    if not isinstance(x, Tensor):
        raise ModelError(
            f"sample({count}) of the model gives a {type(x).__name__}, not a tensor: pick the samples out with "
            "sample=lambda model, count, generator: model.sample(count)[0]."
        )
    return x
