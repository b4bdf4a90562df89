"""What a parametric probabilistic model (PPM) is: ``p_θ(x) = exp(−φ_θ(x))`` (Eq. 1), as small protocols.

A PPM owns a ``module`` whose parameters **and** buffers are θ, and says by one of four capabilities how its φ can
be had. A monitor picks its estimators by capability, never by class: a new family is one class with the right methods:

========================  =============================================  ======================================
capability                what it can do                                 estimators
========================  =============================================  ======================================
:class:`Enumerable`       φ of every outcome                             exact sums
:class:`Tractable`        fresh samples and their φ                      k3, leave-one-out, reuse by weights
:class:`Energetic`        energies ``E = φ − ln Z`` and a sampler        free-energy differences, heat without Z
:class:`Bounded`          lower and upper bounds on φ, samples           bounds, kinds carried through
========================  =============================================  ======================================

All methods are called inside :func:`szilard.models.evaluation.undisturbed`, with gradients, dropout and autocast off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class PPM(Protocol):
    """The least that every family has: a module that holds θ."""

    @property
    def module(self) -> nn.Module:
        """Holds θ: parameters and buffers."""

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
        """Number of labels per input."""

    @property
    def outcomes(self) -> int:
        """Number of outcomes per label."""

    @property
    def labels(self) -> Int[Tensor, "inputs heads"] | None:
        """True labels of the probe, where known."""

    def chunks(self) -> Iterator[slice]:
        """Slices of the probe such that one chunk × heads × outcomes fits in memory comfortably."""

    def logits(self, chunk: slice) -> Float[Tensor, "chunk heads outcomes"]:
        """Unnormalised log-probabilities in the forward pass's own precision, of these inputs."""


@runtime_checkable
class Tractable(PPM, Protocol):
    """A tractable likelihood: autoregressive models, flows."""

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fresh, independent samples ``x ~ p_θ``, first dimension ``count``."""

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """Normalised ``φ_θ(x) = −ln p_θ(x)`` in nats, in float64."""


@runtime_checkable
class Energetic(PPM, Protocol):
    """An energy with unknown normalisation, ``φ = E + ln Z``, and a kernel that leaves ``p_θ`` invariant."""

    def energy(self, x: Tensor) -> Float[Tensor, " count"]:
        """``E_θ(x)`` in nats, in float64."""

    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Tensor:
        """X's own dynamics under fixed θ: ``sampler_steps`` applications of the kernel (paper §3.3)."""


@runtime_checkable
class Bounded(PPM, Protocol):
    """Latent variables: φ between bounds that close as the number of importance draws grows."""

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fresh, independent samples ``x ~ p_θ``, first dimension ``count``."""

    def phi_bounds(
        self, x: Tensor, draws: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, " count"], Float[Tensor, " count"]]:
        """Stochastic lower and upper bounds on ``φ_θ(x)`` in nats, in expectation."""


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
