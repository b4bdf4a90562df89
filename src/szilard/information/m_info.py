"""``I(Θ;B)`` from outside: a sandwich, the data processing inequality, and the paper's Clausius number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.measurement import Measurement


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
