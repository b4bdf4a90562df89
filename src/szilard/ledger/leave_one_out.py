"""The jackknife over the samples of one population, weighted or not: bias to first order, and the standard error."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind

Samples = Float[Tensor, "*members samples"]


def jackknife(whole: Float[Tensor, "*members"], left_out: Samples) -> Estimate:
    """From a statistic of all samples and the same without each: ``N θ − (N − 1) ⟨θ_(i)⟩``; kind ``asymptotic``.

    What is left of the bias is of order 1/N². The error is the jackknife's, ``√[(N−1)/N Σ (θ_(i) − ⟨θ_(i)⟩)²]``, that
    of samples independent of one another (pairs of sample and weight, where they are weighted).

    Args:
        whole: θ of all samples.
        left_out: θ without the i-th sample.
    """
    count = left_out.shape[-1]
    mean = left_out.mean(-1)
    value = whole + (count - 1) * (whole - mean)
    error = math.sqrt((count - 1) / count) * torch.linalg.vector_norm(left_out - mean.unsqueeze(-1), dim=-1)
    return Estimate(value, error, Kind.ASYMPTOTIC, count - 1)


def weights_of(values: Samples, weights: Samples | None) -> Samples:
    """Weights that add up to 1: those given, or equal ones.

    Raises:
        ValueError: with fewer than two samples, which leave no error bar, or weights of another shape.
    """
    count = values.shape[-1]
    if count < 2:
        raise ValueError(f"leaving one out needs at least 2 samples, not {count}: draw more.")
    if weights is None:
        return torch.full_like(values, 1 / count)
    if weights.shape != values.shape:
        raise ValueError(f"weights shaped {tuple(weights.shape)} do not fit samples shaped {tuple(values.shape)}.")
    return weights / weights.sum(-1, keepdim=True)


def mean_weighted(values: Samples, weights: Samples | None = None) -> Estimate:
    """``Σ w a / Σ w``, jackknifed: the ratio's bias is taken back to first order; kind ``asymptotic``.

    Args:
        values: a at the samples.
        weights: w ≥ 0, of any scale; None: equal, for which this is the plain mean and its error.

    Raises:
        ValueError: with fewer than two samples, or weights of another shape.
    """
    w = weights_of(values, weights)
    mean = (w * values).sum(-1)
    centred = values - mean.unsqueeze(-1)
    left = jackknife(torch.zeros_like(mean), -w * centred / (1 - w))
    return Estimate(mean + left.value, left.error, Kind.ASYMPTOTIC, values.shape[-1] - 1)
