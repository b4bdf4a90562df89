"""A restricted Boltzmann machine as a PPM: X is its visible layer, moved by block Gibbs sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.boltzmann_machine import RBM, binary_states, draw, free_energy, independent_log_normaliser
from szilard.models.checks import check_same_device
from szilard.models.evaluation import unwrap
from szilard.models.outcomes import Outcomes
from szilard.samplers.annealing import Annealed, Stage, anneal
from szilard.samplers.gibbs import BlockGibbs
from szilard.samplers.kernel import Relaxation, check_energy

BURN_IN = 100
"""Sweeps before chains are handed out, where the machine cannot be enumerated."""


@final
class RestrictedBoltzmann:
    """An :class:`RBM` in training, with the free energy ``F(v)`` as its energy and ``v → h → v`` as its kernel.

    Where its smaller layer is small enough to be summed over, ``ln Z`` is known at every record and chains begin with
    exact samples. A larger machine begins with its visible units drawn by their biases alone and 100 sweeps, which is
    exact to float error while the weights are small, and ``ln Z`` can be annealed.

    Args:
        model: the machine.
        starts_exactly: say so where the machine cannot be enumerated but has small weights at the first record.
        annealing: stages of the bridge by which ``ln Z`` is annealed where it cannot be enumerated; 0 leaves it out.

    Raises:
        ModelError: the model is no :class:`RBM`.

    Example:
        >>> import torch
        >>> from szilard.models import RBM, RestrictedBoltzmann
        >>> ppm = RestrictedBoltzmann(RBM(visible=6, hidden=3))
        >>> v = ppm.start(4, torch.Generator().manual_seed(0))
        >>> ppm.starts_exactly, ppm.energy(v).shape, ppm.table().outcomes
        (True, torch.Size([4]), 64)
    """

    log_normaliser: Callable[[], float]
    """``ln Z``; only where it is enumerated or annealed: ask with ``hasattr``."""

    def __init__(self, model: RBM, *, starts_exactly: bool = False, annealing: int = 0) -> None:
        machine = unwrap(model)
        if not isinstance(machine, RBM):
            raise ModelError(
                f"the model must be a szilard.RBM, not {type(model).__name__}: make one of those, or wrap the free "
                "energy of yours in szilard.EnergyBased, with szilard.samplers.BlockGibbs or SiteGibbs as its kernel."
            )
        self.module = machine
        self.device = check_same_device(machine, [])
        self.kernel = BlockGibbs((machine.sweep,))
        self.starts_exactly = machine.enumerable or starts_exactly
        self._annealing_error = 0.0
        if machine.enumerable:
            self.log_normaliser = machine.log_normaliser
        elif annealing:
            self.log_normaliser = lambda: self._annealed(annealing)

    def log_normaliser_error(self) -> float:
        """Standard error of what :attr:`log_normaliser` last gave: 0 where it is a sum."""
        return self._annealing_error

    def energy(self, x: Float[Tensor, "count visible"]) -> Float[Tensor, " count"]:
        """The free energy ``F_θ(v)`` of each state in float64, in nats."""
        value = self.module(x)
        check_energy(value, len(x))
        return value.double()

    @torch.no_grad()
    def start(self, count: int, generator: torch.Generator) -> Float[Tensor, "count visible"]:
        """Exact samples where the machine is enumerable, else independent units after 100 sweeps."""
        if self.module.enumerable:
            return self.module.draw_exactly(count, generator)
        v = draw(self.module.visible_bias.expand(count, -1), generator)
        return self.relax(v, BURN_IN, generator).x

    @torch.no_grad()
    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """``sampler_steps`` sweeps ``v → h → v``; x is kept."""
        return self.kernel.relax(self.energy, x, sampler_steps, generator)

    def table(self) -> Outcomes:
        """The same machine as a table of all visible states, whose ledger is exact; for small ones.

        Raises:
            ModelError: for more than 20 visible units.
        """
        visible = self.module.weight.shape[1]
        if visible > 20:
            raise ModelError(f"{visible} visible units have too many states to sum over: watch the machine itself.")
        table = binary_states(visible, self.device).to(self.module.weight.dtype)
        return Outcomes(self.module, table, forward=lambda machine, v: -machine(v))

    def anneal(
        self,
        stages: int = 1000,
        *,
        chains: int = 256,
        base: Float[Tensor, " visible"] | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[float, Annealed]:
        """``ln Z`` by annealed importance sampling from a machine without weights (Salakhutdinov & Murray 2008).

        The bridge scales weights and hidden biases by β and mixes the visible biases; each stage is a machine of its
        own with its own block Gibbs kernel.

        Args:
            stages: of the bridge; the error falls with their number.
            chains: independent of one another.
            base: visible biases of the first machine, the data's log-odds for instance; None takes the model's own.
            generator: None takes one of a fixed seed.

        Returns:
            ``ln Z``, and the chains with the error.
        """
        generator = generator or torch.Generator(self.device).manual_seed(0)
        with torch.no_grad():
            first = self.module.visible_bias if base is None else base.to(self.module.visible_bias)
            bridge = [self._between(number / (stages - 1), first) for number in range(max(2, stages))]
            v = draw(first.expand(chains, -1), generator)
            annealed = anneal(bridge, v, generator)
        return independent_log_normaliser(first, len(self.module.hidden_bias)) + annealed.log_ratio, annealed

    def _annealed(self, stages: int) -> float:
        log_z, annealed = self.anneal(stages)
        self._annealing_error = annealed.error
        return log_z

    def _between(self, share: float, first: Tensor) -> Stage:
        weight, hidden_bias = share * self.module.weight, share * self.module.hidden_bias
        visible_bias = (1 - share) * first + share * self.module.visible_bias

        def sweep(v: Tensor, generator: torch.Generator) -> Tensor:
            h = draw(torch.nn.functional.linear(v, weight, hidden_bias), generator)
            return draw(torch.nn.functional.linear(h, weight.T, visible_bias), generator)

        return (lambda v: free_energy(v, weight, visible_bias, hidden_bias).double()), BlockGibbs((sweep,))
