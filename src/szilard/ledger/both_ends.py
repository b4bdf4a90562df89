"""What samples of both ends of one jump say: the detailed fluctuation theorem, and the symmetric divergence.

The detailed fluctuation theorem of one jump, ``ln P_F(σ)/P_B(−σ) = σ`` (Eq. 22), from samples of both ends.

The symmetric divergence of two models from samples of both: ``J = KL(p‖p') + KL(p'‖p)`` (Jeffreys).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.free_energy import bennett

_ITERATIONS = 40
_LONGEST_STEP = 2.0


@final
@dataclass(frozen=True, slots=True)
class DetailedLaw:
    """The straight line ``ln P_F(σ)/P_B(−σ) = slope·σ − offset`` that fits the samples best.

    Attributes:
        slope: 1 where the theorem holds; NaN where the two sets do not overlap at all.
        offset: 0 for normalised φ; for energies ΔF (in nats).
    """

    slope: Estimate
    offset: Estimate


def detailed_law(forward: Float[Tensor, "*members before"], backward: Float[Tensor, "*members after"]) -> DetailedLaw:
    """Slope and offset by maximum likelihood, without bins; kind ``asymptotic``.

    A sample of known σ came from the forward set with odds ``(n_F/n_B) e^{slope·σ − offset}``: logistic regression of
    the direction on σ. With the slope held at 1 its offset is :func:`szilard.ledger.bennett`.

    Args:
        forward: ``σ = φ_1 − φ_0`` (or ``E_1 − E_0``) at samples of the model before, nats.
        backward: the same difference, not turned over, at samples of the model after: minus the σ of the way back.

    Raises:
        ValueError: with fewer than two samples at one end.
    """
    start = bennett(forward, backward)
    sigma = torch.cat([forward, backward], dim=-1)
    ahead = torch.cat([torch.ones_like(forward), torch.zeros_like(backward)], dim=-1)
    middle, scale = sigma.mean(-1, keepdim=True), sigma.std(-1, keepdim=True)
    # without any spread there is no slope: 0/0 below is the NaN that says so
    z = (sigma - middle) / scale
    odds = torch.log(torch.as_tensor(forward.shape[-1] / backward.shape[-1], dtype=z.dtype, device=z.device))
    slope = scale.clone()
    level = middle - start.value.unsqueeze(-1)
    for _ in range(_ITERATIONS):
        p = torch.sigmoid(odds + level + slope * z)
        w, residual = p * (1 - p), ahead - p
        curvature = _curvature(w, z)
        push_level, push_slope = residual.sum(-1, keepdim=True), (residual * z).sum(-1, keepdim=True)
        step = _solve(curvature, push_level, push_slope)
        level = level + step[0].clamp(-_LONGEST_STEP, _LONGEST_STEP)
        slope = slope + step[1].clamp(-_LONGEST_STEP, _LONGEST_STEP)
    p = torch.sigmoid(odds + level + slope * z)
    a, b, c = _curvature(p * (1 - p), z)
    determinant = a * c - b * b
    apart = (forward.min(-1).values > backward.max(-1).values) | (forward.max(-1).values < backward.min(-1).values)
    # offset = slope·⟨σ⟩/scale − level
    ratio = middle / scale
    # the numbers of both sets are given, not chance: 1/n_F + 1/n_B of the offset's variance are not there
    given = 1 / forward.shape[-1] + 1 / backward.shape[-1]
    variance = ((a * ratio.square() + 2 * b * ratio + c) / determinant - given).clamp(min=0)
    degrees = sigma.shape[-1] - 2
    nan = torch.full_like(start.value, torch.nan)

    def estimate(value: Tensor, error: Tensor) -> Estimate:
        known = torch.where(apart, nan, value.squeeze(-1)), torch.where(apart, nan, error.squeeze(-1))
        return Estimate(known[0], known[1], Kind.ASYMPTOTIC, degrees)

    return DetailedLaw(
        estimate(slope / scale, (a / determinant).sqrt() / scale), estimate(slope * ratio - level, variance.sqrt())
    )


def detailed_histograms(
    forward: Float[Tensor, " before"], backward: Float[Tensor, " after"], bins: int
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"], Tensor, Tensor]:
    """Counts of both sets in equal bins between the least and the greatest σ of all, and these two edges.

    Args:
        forward, backward: as in :func:`detailed_law`.
        bins: how many.
    """
    both = torch.cat([forward, backward])
    low, high = both.min(), both.max()
    width = (high - low).clamp(min=torch.finfo(both.dtype).tiny)

    def counted(values: Tensor) -> Tensor:
        place = ((values - low) / width * bins).long().clamp(0, bins - 1)
        return torch.zeros(bins, dtype=both.dtype, device=both.device).scatter_add_(0, place, torch.ones_like(values))

    return counted(forward), counted(backward), low, high


def _curvature(w: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Second derivatives of the log likelihood, turned over: by level twice, mixed, by slope twice."""
    return w.sum(-1, keepdim=True), (w * z).sum(-1, keepdim=True), (w * z * z).sum(-1, keepdim=True)


def _solve(curvature: tuple[Tensor, Tensor, Tensor], level: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    a, b, c = curvature
    determinant = (a * c - b * b).clamp(min=torch.finfo(a.dtype).tiny)
    return (c * level - b * slope) / determinant, (a * slope - b * level) / determinant


_CUT = _LEAST_CUT = 4.0


def jeffreys_sampled(d_here: Float[Tensor, "*pairs samples"], d_there: Float[Tensor, "*pairs samples"]) -> Estimate:
    """``J = ∫(p − p')(φ' − φ) dx`` from samples of both sides, in nats, unbiased, each term ≥ 0.

    With ``d = φ' − φ = ln p/p'`` the identity ``p − p' = (p + p') tanh(d/2)`` makes it the mean of ``d tanh(d/2)``
    under p plus that under p'. Near one another the terms are of second order in d, as those of
    :func:`szilard.ledger.work_sampled`; far apart they are ``|d|``, where an exponential would have no variance.

    Args:
        d_here: ``φ' − φ`` at samples of p.
        d_there: ``φ' − φ`` at samples of p'.

    Example:
        >>> d = torch.tensor([0.5, -0.5], dtype=torch.float64)
        >>> float(jeffreys_sampled(d, d).value) == float((d * torch.tanh(d / 2)).sum())
        True
    """
    here, there = d_here * torch.tanh(d_here / 2), d_there * torch.tanh(d_there / 2)
    variance = here.var(-1) / here.shape[-1] + there.var(-1) / there.shape[-1]
    return Estimate(here.mean(-1) + there.mean(-1), variance.sqrt(), Kind.UNBIASED, here.shape[-1] - 1)


def jeffreys_of_energies(
    change_here: Float[Tensor, "*pairs samples"],
    change_there: Float[Tensor, "*pairs samples"],
    free_energy: Float[Tensor, "*pairs"],
) -> Estimate:
    """The same from energies, ``d = ΔE − ΔF`` with an estimated ΔF, in nats, asymptotic.

    ΔF should be Bennett's, from the same samples: to first order its error leaves through the influence of each
    sample on it. Where the models are far apart ΔF cancels between the sides.

    Args:
        change_here: ``E' − E`` at samples of p.
        change_there: ``E' − E`` at samples of p'.
        free_energy: ``ΔF = −ln Z'/Z``.
    """
    shift = free_energy.unsqueeze(-1)
    d_here, d_there = change_here - shift, change_there - shift
    slope = -(_slope(d_here).mean(-1) + _slope(d_there).mean(-1)).unsqueeze(-1)
    # Bennett: mean_p s(−d) = mean_p' s(d), s the logistic function; the derivative of the difference in ΔF
    stiffness = (_bend(d_here).mean(-1) + _bend(d_there).mean(-1)).unsqueeze(-1)
    stiffness = stiffness.clamp(min=torch.finfo(torch.float64).tiny)
    pull = torch.where(stiffness > 1e-6, slope / stiffness, torch.zeros_like(slope))
    here = d_here * torch.tanh(d_here / 2) - pull * torch.sigmoid(-d_here)
    there = d_there * torch.tanh(d_there / 2) + pull * torch.sigmoid(d_there)
    value = (d_here * torch.tanh(d_here / 2)).mean(-1) + (d_there * torch.tanh(d_there / 2)).mean(-1)
    variance = here.var(-1) / here.shape[-1] + there.var(-1) / there.shape[-1]
    return Estimate(value, variance.sqrt(), Kind.ASYMPTOTIC, here.shape[-1] - 1)


def separation_of(d_here: Float[Tensor, "*pairs samples"], d_there: Float[Tensor, "*pairs samples"]) -> Estimate:
    """The same with log ratios cut at four times their median (and never below 4), in nats: for a map of models.

    Where a few samples of one model are all but impossible under the other, as with flows, they alone make J. Cut so
    they count as other samples do, and where log ratios are normal hardly anything is cut: then it is J. Kind
    ``asymptotic`` for that reason; it is at most J but for chance.

    Args:
        d_here: ``φ' − φ`` at samples of p; of energies less ΔF.
        d_there: ``φ' − φ`` at samples of p'; likewise.
    """
    both = torch.cat([d_here, d_there], dim=-1)
    most = (_CUT * both.abs().median(-1, keepdim=True).values).clamp(min=_LEAST_CUT)
    found = jeffreys_sampled(d_here.clamp(-most, most), d_there.clamp(-most, most))
    return Estimate(found.value, found.error, Kind.ASYMPTOTIC, found.degrees_of_freedom)


def mean_of(values: Float[Tensor, "*shape samples"]) -> Estimate:
    """A plain mean over samples with its standard error."""
    count = values.shape[-1]
    return Estimate(values.mean(-1), values.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)


def _slope(d: Tensor) -> Tensor:
    """The derivative of ``d tanh(d/2)``."""
    tanh = torch.tanh(d / 2)
    return tanh + d / 2 * (1 - tanh.square())


def _bend(d: Tensor) -> Tensor:
    """The derivative of the logistic function."""
    return torch.sigmoid(d) * torch.sigmoid(-d)
