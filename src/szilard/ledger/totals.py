"""From per-input or per-step numbers to estimates: means over inputs, over replicates, sums over steps.

Sums that go on from batch to batch, added up one by one so that it does not matter where batches end.

Two estimates of one quantity on the same replicates, joined so that their common scatter is least.

The jackknife over the samples of one population, weighted or not: bias to first order, and the standard error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind


def over_inputs(per_input: Float[Tensor, "*members inputs"], *, kind: Kind = Kind.EXACT) -> Estimate:
    """Mean over probe inputs of a (cumulative) per-input quantity, with its standard error over inputs.

    The inputs are shared between steps, so errors of single steps must not be added: accumulate per input first,
    then call this once. One input only (a table of outcomes) has no sampling error: 0.
    """
    count = per_input.shape[-1]
    mean = per_input.mean(-1)
    if count == 1:
        return Estimate(mean, torch.zeros_like(mean), kind)
    return Estimate(mean, per_input.std(-1) / math.sqrt(count), kind, count - 1)


def over_replicates(values: Float[Tensor, "*members replicates"], *, kind: Kind = Kind.UNBIASED) -> Estimate:
    """Mean over independent replicates (blocks) with Student's t on ``replicates − 1`` degrees of freedom.

    Raises:
        ValueError: with fewer than two replicates, which carry no error bar.
    """
    count = values.shape[-1]
    if count < 2:
        raise ValueError(f"an error bar needs at least 2 replicates, not {count}: split the samples into blocks.")
    return Estimate(values.mean(-1), values.std(-1) / math.sqrt(count), kind, count - 1)


def total(steps: Sequence[Estimate]) -> Estimate:
    """Sum of estimates made from *independent* samples: errors add in quadrature, the weakest kind prevails.

    Raises:
        ValueError: for an empty sequence, or one that mixes upper and lower bounds.
    """
    if not steps:
        raise ValueError("there is nothing to add up: give at least one estimate.")
    kinds = {step.kind for step in steps}
    if {Kind.LOWER, Kind.UPPER} <= kinds:
        raise ValueError("a lower and an upper bound do not add up to a bound: add them apart.")
    ranking = (Kind.HYPOTHESIS, Kind.LOWER, Kind.UPPER, Kind.ASYMPTOTIC, Kind.UNBIASED, Kind.EXACT)
    kind = next(candidate for candidate in ranking if candidate in kinds)
    value = sum(step.value for step in steps)
    variance = sum(step.error**2 for step in steps)
    return Estimate(value, variance**0.5, kind)


def heat_total(entropy_start: Estimate, entropy_end: Estimate, work: Estimate) -> Estimate:
    """Total heat by the first law, ``Q = S_n − S_0 − W`` (φ normalised, so U = S), from independent estimates.

    A pathwise sum of per-step heats has the variance of φ at every step; this one pays it at two checkpoints only.
    Source: paper Eqs. 38-39 with U = S; see docs/quantities/heat.md.
    """
    return total([entropy_end, _negative(entropy_start), _negative(work)])


def _negative(estimate: Estimate) -> Estimate:
    """Minus an estimate; a bound turns over."""
    turned = {Kind.LOWER: Kind.UPPER, Kind.UPPER: Kind.LOWER}
    return Estimate(-estimate.value, estimate.error, turned.get(estimate.kind, estimate.kind))


def running_sum(start: Float[Tensor, "*shape"], steps: Float[Tensor, "records ..."]) -> Float[Tensor, "records ..."]:
    """The sums after each record, ``((start + a) + b) + …``: on a CPU the same to the bit however records are batched.

    ``start + steps.cumsum(0)`` would round differently for each size of batch, and batches end by the clock.
    """
    return torch.cat([start.unsqueeze(0), steps]).cumsum(0)[1:]


FEWEST_REPLICATES = 8
"""With fewer, the share would follow their luck, and the error feign certainty."""


def joined(
    first: Float[Tensor, "*members replicates"], second: Float[Tensor, "*members replicates"]
) -> Float[Tensor, "*members replicates"]:
    """``a − β(a − b)`` of each replicate, β the regression of a on ``a − b``, whose expectation is 0.

    The mean over replicates has the least variance that a share of the two can have. Sample means and sample
    covariances of normal replicates are independent, so that choosing β by the same replicates does not bias. With
    fewer than 8 replicates: a. Source: control variates with estimated coefficients (Lavenberg & Welch, Management
    Science 27, 322 (1981)).

    Args:
        first, second: a and b, estimates of the same quantity on the same replicates.
    """
    if first.shape[-1] < FEWEST_REPLICATES:
        return first
    difference = first - second
    centred = difference - difference.mean(-1, keepdim=True)
    square = centred.square().sum(-1, keepdim=True)
    share = (centred * first).sum(-1, keepdim=True) / square.clamp(min=torch.finfo(first.dtype).tiny)
    return first - torch.where(square > 0, share, torch.zeros_like(share)) * difference


def over_joined(values: Float[Tensor, "*members replicates"]) -> Estimate:
    """Mean and error over replicates of what :func:`joined` gives: one degree of freedom went into β."""
    count = values.shape[-1]
    plain = replace(over_replicates(values), kind=Kind.ASYMPTOTIC)
    if count < FEWEST_REPLICATES:
        return plain
    wider = math.sqrt((count - 1) / (count - 2))
    return replace(plain, error=plain.error * wider, degrees_of_freedom=count - 2)


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
