"""The detailed fluctuation theorem of one jump, ``ln P_F(σ)/P_B(−σ) = σ`` (Eq. 22), from samples of both ends."""

from __future__ import annotations

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
