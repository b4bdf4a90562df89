"""An energy-based model as a PPM: ``p_θ(x) = e^{−E_θ(x)}/Z_θ`` with unknown Z, and the kernel that X moves by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.checks import check_same_device, explain
from szilard.models.evaluation import undisturbed, unwrap
from szilard.models.state.keeping import accompany
from szilard.samplers.kernel import Kernel, Relaxation, check_energy

Start = Callable[[int, torch.Generator], Tensor]
"""``(count, generator) -> x``: where chains begin."""


@final
class EnergyBased:
    """Any ``nn.Module`` that gives an energy to each state, and a kernel that relaxes states under it.

    Args:
        model: the network in training: states, first dimension ``count``, to energies in nats, ``(count,)`` or
            ``(count, 1)``.
        kernel: X's own dynamics: :class:`szilard.samplers.MALA`, :class:`~szilard.samplers.ULA`,
            :class:`~szilard.samplers.BlockGibbs`, :class:`~szilard.samplers.SiteGibbs` or one of your own. A loop may
            set :attr:`kernel` anew between records (a step size adapted on the chains that train, for instance).
        start: where chains that measure begin: a function ``(count, generator) -> x``, or a tensor of states of which
            rows are drawn, without repeats where there are enough. Never the chains that train θ.
        starts_exactly: whether ``start`` gives independent exact samples of the model as it stands at the first record,
            as it does for a network whose last layer begins at zero on top of a known law.
        log_normaliser: ``log_normaliser(model) -> float``, where ``ln Z_θ`` is known; it is asked at the first record.
        forward: ``forward(model, x) -> energies`` for other signatures.

    Raises:
        ModelError: the model has no parameters, cannot be called on what ``start`` gives, or gives something other than
            one finite number per state.

    Example:
        >>> import torch
        >>> from szilard.models import EnergyBased
        >>> from szilard.samplers import MALA
        >>> class Trap(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.centre = torch.nn.Parameter(torch.zeros(2))
        ...     def forward(self, x):
        ...         return (x - self.centre).square().sum(1) / 2
        >>> start = lambda count, generator: torch.randn(count, 2, generator=generator)
        >>> ppm = EnergyBased(Trap(), MALA(step_size=0.5), start, starts_exactly=True)
        >>> x = ppm.start(3, torch.Generator().manual_seed(0))
        >>> ppm.energy(x).shape, ppm.relax(x, 5, torch.Generator().manual_seed(1)).x.shape
        (torch.Size([3]), torch.Size([3, 2]))
    """

    log_normaliser: Callable[[], float]
    """Only where it is known: ask with ``hasattr``."""

    def __init__(
        self,
        model: nn.Module,
        kernel: Kernel,
        start: Start | Tensor,
        *,
        starts_exactly: bool = False,
        log_normaliser: Callable[[Any], float] | None = None,
        forward: Callable[[Any, Tensor], Tensor] | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ModelError(f"the model must be a torch.nn.Module, not {type(model).__name__}: wrap it in one.")
        if not isinstance(kernel, Kernel):
            raise ModelError(
                f"the kernel must have relax(energy, x, sampler_steps, generator), which {type(kernel).__name__} has "
                "not: give szilard.samplers.MALA(step_size=…), for instance."
            )
        self.module = unwrap(model)
        self.kernel = kernel
        self.starts_exactly = starts_exactly
        self._start = start
        self._forward = forward or (lambda module, x: module(x))
        self.device = check_same_device(self.module, [start] if isinstance(start, Tensor) else [])
        if isinstance(start, Tensor) and (start.dim() == 0 or len(start) == 0):
            raise ModelError("start holds no states: give at least one, better as many as there are chains.")
        if log_normaliser is not None:
            self.log_normaliser = torch.no_grad()(lambda: float(log_normaliser(self.module)))
        accompany(self.module, forward)
        self._few = min(2, len(start)) if isinstance(start, Tensor) else 2
        self._try()

    def energy(self, x: Tensor) -> Float[Tensor, " count"]:
        """``E_θ(x)`` of each state in float64, in nats, ln Z left out."""
        value = self._forward(self.module, x.clone())  # it may work in place
        if isinstance(value, Tensor) and value.shape == (len(x), 1):
            value = value.squeeze(1)
        check_energy(value, len(x))
        return value.double()

    def start(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` states in which chains begin, in memory of their own."""
        if isinstance(self._start, Tensor):
            return self._start[self._rows(count, len(self._start), generator).to(self._start.device)]
        x = self._start(count, generator)
        if not isinstance(x, Tensor) or x.dim() == 0 or len(x) != count:
            what = f"shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise ModelError(
                f"start was asked for {count} states and gave {what}: return a tensor, first dimension {count}."
            )
        return x.to(self.device)

    def _rows(self, count: int, held: int, generator: torch.Generator) -> Tensor:
        if count <= held:
            return torch.randperm(held, generator=generator, device=generator.device)[:count]
        if self.starts_exactly:
            raise ModelError(
                f"start holds {held} states and {count} are asked for, which would repeat: "
                "give more of them, or a function that draws them, or leave starts_exactly out."
            )
        return torch.randint(held, (count,), generator=generator, device=generator.device)

    @torch.no_grad()
    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """``sampler_steps`` applications of the kernel under fixed θ; x is kept."""
        return self.kernel.relax(self.energy, x, sampler_steps, generator)

    def _try(self) -> None:
        with undisturbed(self.module, self.device):
            try:
                x = self.start(self._few, torch.Generator(self.device).manual_seed(0))
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"start could not be asked for states: {explain(error)}. Give a function (count, generator) -> x "
                    "that returns count states, or a tensor of states to draw from."
                ) from error
            try:
                value = self.energy(x)
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"the model could not be evaluated on states shaped {tuple(x.shape)}: {explain(error)}. Let start "
                    "give states as the model takes them, or say how to call it with forward=lambda model, x: …"
                ) from error
            if not bool(torch.isfinite(value).all()):
                raise ModelError(
                    "the energy is not finite where chains begin: look for NaN or Inf in the weights, or let them "
                    "begin elsewhere (start)."
                )
