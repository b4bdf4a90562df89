"""``I(Θ;B)`` from outside: a sandwich, the data processing inequality, and the paper's Clausius number.

M-info from above, by what a noisy training can have carried step by step (Pensia, Jog and Loh 2018).

What share of the entropy that learning produces is information that was learned (the paper's §5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.jackknife import deletion_means, estimate
from szilard.information.measurement import Measurement, change


def m_info_lower(measurement: Measurement) -> Estimate:
    """``I(Θ;B) ≥ I(X;B)`` (data processing), the largest of what was measured, in nats.

    X is the labels of m probe inputs taken jointly; more inputs tell more, so the block with the largest lower side
    counts, or the mean over single inputs where blocks were not measured (a weak lower side: at most ln C). Data sets
    of different tasks count as different: B is task and dataset together. The value is the lower side of the bracket
    of single inputs, or the lower side of the block's, both of which hold in expectation.

    Raises:
        SpecError: where the design does not give ``info_data``.
    """
    single = measurement["info_data_lower"]
    candidates = [(float(single.value), float(single.error))]
    if "info_data_block_lower" in measurement.values:
        blocks = measurement["info_data_block_lower"]
        pairs = zip(np.ravel(blocks.value), np.ravel(blocks.error), strict=True)
        candidates += [(float(value), float(error)) for value, error in pairs if math.isfinite(value)]
    value, error = max(candidates)
    return Estimate(value, error, Kind.LOWER, single.degrees_of_freedom)


def m_info_upper(bounds: Sequence[Estimate]) -> Estimate:
    """The least of the upper bounds that apply (:func:`~szilard.information.chain_bound`, ``population_bound``)."""
    if not bounds or any(bound.kind is not Kind.UPPER for bound in bounds):
        raise SpecError("give at least one bound, of kind 'upper': without noise or a population there is none.")
    return min(bounds, key=lambda bound: float(bound.value))


def clausius_information(heat: Estimate) -> Estimate:
    """``−Q``: M-info as the paper's Clausius relation would have it (Eqs. 28-29); always a hypothesis."""
    return Estimate(0.0 - heat.value, heat.error, Kind.HYPOTHESIS, heat.degrees_of_freedom)


def clausius_residual(heat: Estimate, parameter_entropy_change: float | None) -> Estimate:
    """``ΔS(Θ) + Q``, 0 if the relation held.

    Raises:
        SpecError: where S(Θ) is not known, as nearly everywhere outside the exact systems.
    """
    if parameter_entropy_change is None or not math.isfinite(parameter_entropy_change):
        raise SpecError("the Clausius relation cannot be checked here: the parameters' entropy S(Θ) is not known.")
    return Estimate(parameter_entropy_change + heat.value, heat.error, Kind.EXACT, heat.degrees_of_freedom)


@dataclass(frozen=True, slots=True)
class DataProcessing:
    """``I(X;B) ≤ I(Θ;B)`` (Eq. 4), where both sides are known or bounded.

    Attributes:
        label_side: I(X;B), or a lower bound.
        parameter_side: I(Θ;B), or an upper bound.
        slack: ``parameter_side − label_side``, nats; 0 or more if the inequality holds.
        held: whether it does, within two errors of the slack.
    """

    label_side: Estimate
    parameter_side: Estimate
    slack: Estimate
    held: bool


def data_processing(label_side: Estimate, parameter_side: Estimate) -> DataProcessing:
    """Check Eq. 4 on two estimates from independent sources.

    Raises:
        SpecError: for bounds that say nothing of the inequality: an upper bound of the smaller side, a lower of the
            larger.
    """
    if label_side.kind is Kind.UPPER or parameter_side.kind is Kind.LOWER:
        raise SpecError("I(X;B) from above or I(Θ;B) from below cannot test the inequality: give the other bounds.")
    error = math.hypot(float(label_side.error), float(parameter_side.error))
    slack = Estimate(float(parameter_side.value) - float(label_side.value), error, Kind.ASYMPTOTIC)
    return DataProcessing(label_side, parameter_side, slack, slack.value >= -2 * error - 1e-12)


def ideal_learning(l_info: Estimate, m_info: Estimate) -> Estimate:
    """``L-info/M-info`` (paper §5): the share of what the parameters took from the data that X shows; 1 is ideal.

    Relative errors add in quadrature. A bound below or above turns the ratio into one; with a hypothesis (−Q for
    M-info) in it, it is one.

    Raises:
        SpecError: for an M-info that is not positive.
    """
    top, bottom = float(l_info.value), float(m_info.value)
    if not bottom > 0:
        raise SpecError(f"a share of an M-info of {bottom:.3g} means nothing: give one above 0.")
    error = math.hypot(float(l_info.error), top / bottom * float(m_info.error)) / bottom
    return Estimate(top / bottom, error, _kind_of_ratio(l_info.kind, m_info.kind))


def _kind_of_ratio(top: Kind, bottom: Kind) -> Kind:
    if Kind.HYPOTHESIS in (top, bottom):
        return Kind.HYPOTHESIS
    turned = {Kind.LOWER: Kind.UPPER, Kind.UPPER: Kind.LOWER}.get(bottom, bottom)
    bounds = {kind for kind in (top, turned) if kind in (Kind.LOWER, Kind.UPPER)}
    if len(bounds) == 1:
        return bounds.pop()
    if bounds:
        return Kind.HYPOTHESIS
    return Kind.EXACT if {top, bottom} == {Kind.EXACT} else Kind.ASYMPTOTIC


def chain_bound(
    gradient_variance: Float[ndarray, " steps"], *, learning_rate: Float[ndarray, " steps"] | float, noise: float,
    parameters: int,
) -> Estimate:  # fmt: skip
    """``I(Θ_n;B) ≤ Σ_t (d/2) ln[1 + r_t² tr Cov(g_t)/(d ν)]`` in nats, for noise that is added explicitly.

    Holds for ``θ ← θ − r g(θ; B, batch) + N(0, ν I)`` with Θ_0 independent of B: each step is a Gaussian channel whose
    input has the power ``r² tr Cov(g_t)/d`` per component (covariance over data sets and batches at given θ_{t−1},
    averaged over θ_{t−1}; its trace over all of the ensemble is larger, and so still a bound).

    Args:
        gradient_variance: ``tr Cov(g_t)`` of each training step.
        learning_rate: r of each step, or of all.
        noise: ν, variance added to each parameter at each step.
        parameters: d.

    Raises:
        SpecError: without added noise, where the bound is infinite, and for what is no variance.

    Example:
        >>> round(chain_bound([4.0, 1.0], learning_rate=0.1, noise=0.01, parameters=2).value, 4)
        1.5041
    """
    variance = np.asarray(gradient_variance, dtype=np.float64)
    if not (math.isfinite(noise) and noise > 0):
        raise SpecError(f"noise is {noise}: without noise of its own a training may tell all of its data; no bound.")
    if parameters < 1 or (variance < 0).any() or np.isnan(variance).any():
        raise SpecError("give the number of parameters, 1 or more, and a variance of 0 or more for every step.")
    signal = np.square(learning_rate) * variance / (parameters * noise)
    return Estimate(float(0.5 * parameters * np.log1p(signal).sum()), 0.0, Kind.UPPER)


def population_bound(datasets: int) -> Estimate:
    """``I(Θ;B) ≤ H(B) = ln K`` where the K datasets *are* the population, each equally likely; not for a sample."""
    if datasets < 1:
        raise SpecError(f"datasets is {datasets}: give the size of the population, 1 or more.")
    return Estimate(math.log(datasets), 0.0, Kind.UPPER)


def efficiency(before: Measurement, after: Measurement, production: Float[ndarray, " members"]) -> Estimate:
    """``Δ l_info/(Δ l_info + Σ_{X|Θ})``: 1 where nothing is dissipated, NaN where nothing was learned (Δ l_info < 0).

    The denominator is the entropy production of the marginal, ``Σ_X`` (Eq. 26). The error is that of deleting one
    outermost cluster from both.

    Args:
        before: the look to which the production counts from.
        after: the later one, of the same members.
        production: ``Σ_{X|Θ}`` of each member in between, nats per input.

    Raises:
        SpecError: if the two do not count the same members, or there is not one production for each.
    """
    learned = change(before, after, "l_info")
    production = np.asarray(production, dtype=np.float64)
    if production.shape != (after.nesting.members,):
        raise SpecError(
            f"production has shape {production.shape} and there are {after.nesting.members} members: give one for each."
        )
    spent = deletion_means(after.nesting, production)
    deleted = after.replicates["l_info"] - before.replicates["l_info"]
    if not learned.value >= 0 or learned.value + spent[0] <= 0:
        return Estimate(math.nan, math.nan, Kind.ASYMPTOTIC, float(after.nesting.clusters - 1))
    return estimate(
        learned.value / (learned.value + spent[0]), deleted / (deleted + spent[1:]), after.nesting, Kind.ASYMPTOTIC
    )
