"""What all families have in common once their capability is known: draw, and evaluate.

Samples and φ by what a model can do: a likelihood, next tokens, bounds by latent variables, or an energy.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.ppm import PPM, Bounded, Energetic, Sequential, Tractable, horizon_of
from szilard.monitor.sampled.token_set import token_phi


@final
@dataclass(frozen=True, slots=True)
class ModelSamples:
    """Samples of a model.

    Attributes:
        x: first dimension ``count``.
        z: the latent variables that they came with, where there are any.
    """

    x: Tensor
    z: Tensor | None = None


class Source(Protocol):
    """Samples of the model as it stands, and φ of the model as it stands at given samples.

    Called inside :func:`szilard.models.evaluation.undisturbed`.
    """

    @property
    def normalised(self) -> bool:
        """Whether :meth:`phi` is −ln p; otherwise it is an energy, ln Z left out."""

    @property
    def exact(self) -> bool:
        """Whether samples are exact, independent draws and φ is no bound."""

    def draw(self, count: int) -> ModelSamples:
        """``count`` samples, first dimension ``count``; a chain's source goes on from where it was."""

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """φ (or the energy) of each sample in nats, float64."""

    def law(self, drawn: ModelSamples) -> Float[Tensor, " count"]:
        """φ of x and z together, exact; the same as :meth:`phi` where there is no z."""

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Dimensions of x, or tokens of the horizon: what a quantity per dimension or token is divided by."""

    def restart(self) -> None:
        """The next samples come from the same random numbers as the first ones; chains go on instead."""


def dimensions(x: Tensor) -> Float[Tensor, ""]:
    """Numbers in one sample, as a tensor on the samples' device."""
    return torch.ones((), dtype=torch.float64, device=x.device) * x[0].numel()


_AT_ONCE = 2**14
"""Pairs of x and z evaluated together."""
_FIRST = 4
"""An energy's first samples are relaxed so many times as long: they begin where the model has not been."""

Family = TypeVar("Family", bound=PPM)


class _FreshSource(ABC, Generic[Family]):
    """A source of fresh samples, which can begin again from the same random numbers.

    Args:
        ppm: the model.
        seed: of the samples.
    """

    def __init__(self, ppm: Family, seed: int) -> None:
        self._ppm = ppm
        self._seed = seed
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)

    @abstractmethod
    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """φ of each sample; see :meth:`Source.phi`."""

    def law(self, drawn: ModelSamples) -> Float[Tensor, " count"]:
        """φ once more, for there is nothing but x."""
        return self.phi(drawn.x)

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Number of dimensions of x."""
        return dimensions(x)

    def restart(self) -> None:
        """Lets the next samples come from the same random numbers as the first ones."""
        self._generator.manual_seed(self._seed)


@final
class TractableSource(_FreshSource[Tractable]):
    """Fresh samples of a :class:`~szilard.models.ppm.Tractable` model, and its own φ."""

    normalised = exact = True

    def draw(self, count: int) -> ModelSamples:
        """``count`` fresh, independent samples of the model as it stands."""
        return ModelSamples(self._ppm.sample(count, self._generator).detach())

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """Normalised φ of each sample, float64, in nats."""
        return self._ppm.phi(x).detach().double()


@final
class SequenceSource(_FreshSource[Sequential]):
    """Fresh sequences of a :class:`~szilard.models.ppm.Sequential` model, evaluated by its own chunk."""

    normalised = exact = True

    def draw(self, count: int) -> ModelSamples:
        """``count`` fresh, independent sequences of the model as it stands."""
        return ModelSamples(self._ppm.sample(count, self._generator))

    def phi(self, x: Int[Tensor, "count length"]) -> Float[Tensor, " count"]:
        """``−Σ_i ln p(x_i|x_{<i})`` over the tokens that are alive, in nats."""
        return torch.cat([self._phi(chunk) for chunk in x.split(self._ppm.chunk)])

    def size(self, x: Int[Tensor, "count length"]) -> Float[Tensor, ""]:
        """Tokens of the horizon: a fixed number, as in the ledger; a prompt of the sequence's own is none of them."""
        return dimensions(x) - (self._ppm.length - horizon_of(self._ppm))

    def _phi(self, x: Int[Tensor, "count length"]) -> Float[Tensor, " count"]:
        return token_phi(self._ppm.token_logits(x), x, self._ppm.alive(x)).sum(-1)


@final
class BoundedSource(_FreshSource[Bounded]):
    """Fresh samples of a :class:`~szilard.models.ppm.Bounded` model, φ by importance weighting.

    φ is ``−ln mean_k p(x,z_k)/q(z_k|x)``: an upper bound in expectation that closes as the number of draws grows.
    """

    normalised, exact = True, False

    def __init__(self, ppm: Bounded, seed: int) -> None:
        super().__init__(ppm, seed)
        self._proposals = torch.Generator(device=ppm.device).manual_seed(seed + 1)

    def draw(self, count: int) -> ModelSamples:
        """``count`` fresh, independent pairs of x and z of the model as it stands."""
        x, z = self._ppm.sample_joint(count, self._generator)
        return ModelSamples(x.detach(), z.detach())

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """The bound at each sample, from the same random numbers each time: between close models their luck cancels."""
        self._proposals.manual_seed(self._seed + 1)
        return torch.cat([self._phi(chunk) for chunk in x.split(max(1, _AT_ONCE // self._ppm.draws))])

    def law(self, drawn: ModelSamples) -> Float[Tensor, " count"]:
        """``−ln p(x,z)`` of each pair in nats: no bound, and normalised."""
        assert drawn.z is not None
        joint = self._ppm.log_joint(drawn.x, drawn.z.unsqueeze(1)).detach().double()
        return -joint.squeeze(-1)

    def _phi(self, x: Tensor) -> Float[Tensor, " count"]:
        z = self._ppm.propose(x, self._ppm.draws, self._proposals)
        ratio = (self._ppm.log_joint(x, z) - self._ppm.log_proposal(x, z)).detach().double()
        return math.log(ratio.shape[-1]) - torch.logsumexp(ratio, -1)


@final
class EnergeticSource:
    """Chains of an :class:`~szilard.models.ppm.Energetic` model, and its energy.

    Chains begin at the model's ``start`` (of the first model, of which it may give exact samples) and relax
    ``sampler_steps`` under each model that asks for samples. What the relaxation leaves out of equilibrium is in them.
    """

    normalised = exact = False

    def __init__(self, ppm: Energetic, seed: int, sampler_steps: int) -> None:
        self._ppm = ppm
        self._steps = sampler_steps
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        self._chains: Tensor | None = None

    def draw(self, count: int) -> ModelSamples:
        """The chains, relaxed under the model as it stands; as many as were first asked for."""
        steps = self._steps
        if self._chains is None:
            self._chains = self._ppm.start(count, self._generator).detach().clone()
            if getattr(self._ppm, "starts_exactly", False):
                return ModelSamples(self._chains)
            steps *= _FIRST
        self._chains = self._ppm.relax(self._chains, steps, self._generator).x.detach().clone()
        return ModelSamples(self._chains)

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """The energy of each sample in nats, ln Z left out."""
        return self._ppm.energy(x).detach().double()

    def law(self, drawn: ModelSamples) -> Float[Tensor, " count"]:
        """The energy once more, for there is nothing but x."""
        return self.phi(drawn.x)

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Number of dimensions of x, on the samples' device."""
        return dimensions(x)

    def restart(self) -> None:
        """Begins nothing again, for chains go on from where they are."""


def source_of(ppm: PPM, seed: int, sampler_steps: int) -> Source:
    """The source of samples and φ that a model's capability allows.

    Args:
        ppm: the model.
        seed: of the source's own random numbers.
        sampler_steps: that the chains of an energy relax before each draw; of no account elsewhere.

    Raises:
        ModelError: if the model has no samples to give.
    """
    if isinstance(ppm, Sequential):
        return SequenceSource(ppm, seed)
    if isinstance(ppm, Tractable):
        return TractableSource(ppm, seed)
    if isinstance(ppm, Bounded):
        return BoundedSource(ppm, seed)
    if isinstance(ppm, Energetic):
        return EnergeticSource(ppm, seed, sampler_steps)
    raise ModelError(
        f"{type(ppm).__name__} has no samples of X to show or compare: give a family that draws them "
        "(szilard.models.ppm: sequential, tractable, bounded or energetic), or leave this measure out."
    )
