"""What a parametric probabilistic model (PPM) is: ``p_θ(x) = exp(−φ_θ(x))`` (Eq. 1), as small protocols.

A PPM owns a ``module`` whose parameters **and** buffers are θ, and says by one of five capabilities how its φ can
be had. A monitor picks its estimators by capability, never by class: a new family is one class with the right methods:

========================  =============================================  ======================================
capability                what it can do                                 estimators
========================  =============================================  ======================================
:class:`Enumerable`       φ of every outcome                             exact sums
:class:`Sequential`       next-token distributions along samples         exact sums over tokens along prefixes
:class:`Tractable`        fresh samples and their φ                      k3, leave-one-out, reuse by weights
:class:`Bounded`          joint samples with latent variables            bounds on both sides, kinds carried through
:class:`Energetic`        energies ``E = φ − ln Z`` and a sampler        free-energy differences, heat without Z
========================  =============================================  ======================================

All methods are called inside :func:`szilard.models.evaluation.undisturbed`, with gradients, dropout and autocast off;
a sampler that needs the gradient of the energy in x switches gradients on for that alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from szilard.samplers.kernel import Relaxation


class PPM(Protocol):
    """The least that every family has: a module that holds θ."""

    @property
    def module(self) -> nn.Module:
        """The module that holds θ: parameters and buffers."""

    @property
    def device(self) -> torch.device:
        """Where φ is computed and the ledger accumulates."""


@runtime_checkable
class Enumerable(PPM, Protocol):
    """Labels or a table of outcomes: φ of every outcome, by chunks of probe inputs.

    Heads are labels that are independent given the input; quantities are summed over heads and averaged over inputs.
    """

    @property
    def inputs(self) -> int:
        """Number of probe inputs (1 for an unconditional table)."""

    @property
    def heads(self) -> int:
        """Number of labels that an input has."""

    @property
    def outcomes(self) -> int:
        """Number of outcomes that a label has."""

    @property
    def labels(self) -> Int[Tensor, "inputs heads"] | None:
        """True labels of the probe from 0 up, where they are known."""

    def chunks(self) -> Iterator[slice]:
        """Slices of the probe such that one chunk × heads × outcomes fits in memory comfortably."""

    def logits(self, chunk: slice) -> Float[Tensor, "chunk heads outcomes"]:
        """Unnormalised log-probabilities in the forward pass's own precision, of these inputs."""


@runtime_checkable
class Sequential(PPM, Protocol):
    """An autoregressive model of token sequences: X is the sequence, at most ``length`` tokens of it.

    Sequences are shaped ``(count, length)``. After an end token a sequence is padded; what ``alive`` marks counts. A
    class whose sequences begin with prompts of their own, which do not count, says by an attribute ``horizon`` how many
    tokens count at most.
    """

    @property
    def length(self) -> int:
        """Most tokens of a sequence, the horizon T where it has no prompt of its own."""

    @property
    def vocabulary(self) -> int:
        """Number of tokens from which each position takes one."""

    @property
    def chunk(self) -> int:
        """Sequences whose next-token distributions fit in memory comfortably at once."""

    def sample(self, count: int, generator: torch.Generator) -> Int[Tensor, "count length"]:
        """``count`` fresh, independent sequences ``x ~ p_θ``, at temperature 1."""

    def alive(self, x: Int[Tensor, "count length"]) -> Bool[Tensor, "count length"]:
        """Which positions belong to the sequence: all up to and including its end token."""

    def token_logits(self, x: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
        """Unnormalised ``ln p_θ(· | x_{<i})`` at each position i, in the forward pass's own precision."""


@runtime_checkable
class Tractable(PPM, Protocol):
    """A tractable likelihood: normalizing flows, mixtures."""

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fresh, independent samples ``x ~ p_θ``, first dimension ``count``."""

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """Normalised ``φ_θ(x) = −ln p_θ(x)`` in nats, in float64."""


@runtime_checkable
class Bounded(PPM, Protocol):
    """Latent variables z: ``p_θ(x) = ∫ dz p_θ(x,z)``, bounded on both sides by proposals ``q_θ(z|x)``.

    The bounds close as the number of draws grows.
    """

    @property
    def draws(self) -> int:
        """Proposals per sample, the K of importance weighting."""

    def sample_joint(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Fresh, independent pairs ``(x, z) ~ p_θ(x,z)``, first dimension ``count``."""

    def propose(self, x: Tensor, draws: int, generator: torch.Generator) -> Tensor:
        """``z ~ q_θ(z|x)``, shaped ``(count, draws, …)``."""

    def log_proposal(self, x: Tensor, z: Tensor) -> Float[Tensor, "count draws"]:
        """``ln q_θ(z|x)`` in float64, z shaped ``(count, draws, …)``."""

    def log_joint(self, x: Tensor, z: Tensor) -> Float[Tensor, "count draws"]:
        """``ln p_θ(x,z)`` in float64, z shaped ``(count, draws, …)``."""


@runtime_checkable
class Energetic(PPM, Protocol):
    """An energy with unknown normalisation, ``φ = E + ln Z``, and X's own dynamics.

    A class that knows ``ln Z`` may also have ``log_normaliser() -> float``, and ``log_normaliser_error() -> float``,
    the standard error of what that last gave, where it is an estimate. One whose ``start`` gives exact samples of the
    model as it stands may have an attribute ``starts_exactly = True``.
    """

    def energy(self, x: Tensor) -> Float[Tensor, " count"]:
        """``E_θ(x)`` of each state in nats, in float64, ln Z left out."""

    def start(self, count: int, generator: torch.Generator) -> Tensor:
        """Where chains begin; never chains that train θ."""

    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """X's own dynamics under fixed θ (paper §3.3): ``sampler_steps`` applications of the kernel; x is kept."""


def horizon_of(ppm: Sequential) -> int:
    """Most tokens of a sequence that count: ``ppm.horizon`` where sequences begin with prompts of their own."""
    return int(getattr(ppm, "horizon", ppm.length))


def known_normaliser(ppm: PPM) -> tuple[float, float] | None:
    """``ln Z`` of an energy with its standard error, 0 where it is exact; None where the energy does not know it."""
    ask, error = getattr(ppm, "log_normaliser", None), getattr(ppm, "log_normaliser_error", None)
    if ask is None:
        return None
    value = float(ask())
    return value, 0.0 if error is None else float(error())


def log_normaliser(logits: Float[Tensor, "*shape outcomes"]) -> Float[Tensor, "*shape"]:
    """``ln Σ_y e^{z_y}`` in float64, in nats, whatever the logits' precision."""
    return torch.logsumexp(logits.to(torch.float64), -1)


def phi_of(
    logits: Float[Tensor, "*shape outcomes"], normaliser: Float[Tensor, "*shape"] | None = None
) -> Float[Tensor, "*shape outcomes"]:
    """Normalised φ in float64, ``φ_y = ln Σ_y' e^{z_y'} − z_y``, in nats, whatever the logits' precision.

    Args:
        logits: z, unnormalised log-probabilities.
        normaliser: :func:`log_normaliser` of the same logits, where it is already known.
    """
    z = logits.to(torch.float64)
    return (log_normaliser(z) if normaliser is None else normaliser).unsqueeze(-1) - z
