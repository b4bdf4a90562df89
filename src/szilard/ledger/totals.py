"""From per-input or per-step numbers to estimates: means over inputs, over replicates, sums over steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
