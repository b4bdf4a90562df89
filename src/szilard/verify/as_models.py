"""Exact systems as models that a monitor can watch: a module that is nothing but θ, and one class a capability.

Moving a model along a path is ``move_to``; the systems know nothing of the instrument that looks at them.
"""

from __future__ import annotations

from typing import Generic, TypeVar, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from szilard.samplers import Relaxation
from szilard.systems import EnergySystem, MarkovText, ProbabilisticPCA, System

AnySystem = TypeVar("AnySystem", bound=System)


class Theta(nn.Module):
    """A module that is nothing but θ, one parameter."""

    def __init__(self, theta: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta.clone())


class _Moving(Generic[AnySystem]):
    """A system at one θ.

    Args:
        system: gives samples, φ and energies.
        theta: where it stands at first.
    """

    def __init__(self, system: AnySystem, theta: Tensor) -> None:
        self.system = system
        self.module = Theta(theta)

    @property
    def device(self) -> torch.device:
        """Systems live on the CPU."""
        return self.module.theta.device

    @property
    def theta(self) -> Tensor:
        """θ as it stands."""
        return self.module.theta.detach()

    def move_to(self, theta: Tensor) -> None:
        """Let the system stand at another θ: a step of training."""
        with torch.no_grad():
            self.module.theta.copy_(theta)


@final
class AsTractable(_Moving[System]):
    """Any system, seen by its exact samples and its normalised φ."""

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent samples ``x ~ p_θ`` at the present θ."""
        return self.system.sample(self.theta, count, generator=generator)

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """Normalised φ of each sample at the present θ, in nats."""
        return self.system.phi(x, self.theta)


@final
class AsSequential(_Moving[MarkovText]):
    """Markov text, seen token by token as a language model is."""

    chunk = 100_000

    @property
    def length(self) -> int:
        """T, the most tokens of a sequence."""
        return self.system.length

    @property
    def vocabulary(self) -> int:
        """V, the number of tokens to choose from."""
        return self.system.vocabulary

    def sample(self, count: int, generator: torch.Generator) -> Int[Tensor, "count length"]:
        """``count`` independent sequences ``x ~ p_θ`` at the present θ."""
        return self.system.sample(self.theta, count, generator=generator)

    def alive(self, x: Int[Tensor, "count length"]) -> Bool[Tensor, "count length"]:
        """Which positions count: up to and including the end token."""
        return self.system.alive(x)

    def token_logits(self, x: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
        """Logits of each position's token given those before it."""
        return self.system.token_logits(x, self.theta)


@final
class AsBounded(_Moving[ProbabilisticPCA]):
    """Probabilistic PCA, whose likelihood is hidden from whoever looks.

    Args:
        system: with its widened proposals.
        theta: where it stands at first.
        draws: K, proposals a sample.
    """

    def __init__(self, system: ProbabilisticPCA, theta: Tensor, draws: int = 8) -> None:
        super().__init__(system, theta)
        self.draws = draws

    def sample_joint(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``count`` independent pairs ``(x, z) ~ p_θ`` at the present θ."""
        return self.system.sample_joint(self.theta, count, generator=generator)

    def propose(self, x: Tensor, draws: int, generator: torch.Generator) -> Tensor:
        """Proposals ``z ~ q(z|x)``, ``draws`` of them for each x."""
        return self.system.propose(x, self.theta, draws, generator=generator)

    def log_proposal(self, x: Tensor, z: Tensor) -> Float[Tensor, "count draws"]:
        """``ln q(z|x)`` of each proposal, in float64."""
        return self.system.log_proposal(x, z, self.theta)

    def log_joint(self, x: Tensor, z: Tensor) -> Float[Tensor, "count draws"]:
        """``ln p(x, z)`` of each x with each of its z, in float64."""
        return self.system.log_joint(x, z, self.theta)


@final
class AsEnergetic(_Moving[EnergySystem]):
    """An energy and its own sampler; chains start in exact samples, and ``ln Z`` is known."""

    starts_exactly = True

    def energy(self, x: Tensor) -> Float[Tensor, " count"]:
        """``E_θ(x)`` of each state in nats, Z left out."""
        return self.system.energy(x, self.theta)

    def log_normaliser(self) -> float:
        """``ln Z_θ`` at the present θ, exact."""
        return float(self.system.log_normaliser(self.theta))

    def start(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` exact samples of the model as it stands, in which chains begin."""
        return self.system.sample(self.theta, count, generator=generator)

    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """The system's own kernel, which refuses nothing."""
        moved = self.system.relax(x, self.theta, sampler_steps, generator=generator)
        ones = torch.ones(len(x), dtype=torch.float64)
        return Relaxation(moved, ones, torch.zeros_like(ones))
