"""Predicted work: what drift and diffusion should cost a step, beside the ledger's W at its finest interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from szilard.errors import SpecError
from szilard.numbers import number, with_error
from szilard.reservoir.diffusion import displacement_variance
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.time_average import time_ratio
from szilard.studies.kits.parameters.statements import PREDICTED
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_BURSTS
from szilard.verdicts.finding import Finding


@dataclass(frozen=True, slots=True)
class Works:
    """Work per training step between neighbouring bursts, nats.

    Attributes:
        steps: at which each stretch ends.
        measured: by the ledger, at its finest interval.
        drift: predicted for that interval, the mean of both ends.
        diffusion: likewise; under momentum what shows at that interval.
        interval: k, training steps.
    """

    steps: np.ndarray
    measured: np.ndarray
    drift: np.ndarray
    diffusion: np.ndarray
    interval: int


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The one row of this family; none where no works were predicted."""
    bursts = reading.bursts
    assert bursts is not None
    if not bursts.has("work_drift", "work_diffusion"):
        return ()
    found = works(reading)
    if found is None or len(found.steps) < FEWEST_BURSTS:
        return (PREDICTED.unchecked("The ledger made too few jumps between bursts: train longer."),)
    predicted = found.drift + found.diffusion
    ratio = time_ratio(predicted, found.measured).value
    return (
        PREDICTED.tested(
            ratio,
            where=f"steps to {found.steps[-1]:,}, at jumps of {found.interval}",
            detail=(
                f"{with_error(ratio.value, ratio.error)}: diffusion {number(found.diffusion.mean(), 3)} and drift "
                f"{number(found.drift.mean(), 3)} nat per input and step against {number(found.measured.mean(), 3)} "
                "measured. To leading order in the step and short of relaxation; between bursts the ends stand for the "
                "stretch."
            ),
        ),
    )


def works(reading: WatchedReading) -> Works | None:
    """Predicted and measured work per step between bursts; None where one of them is missing."""
    bursts, ledger = reading.bursts, reading.rows
    if bursts is None or not bursts.has("work_drift", "work_diffusion") or "work_by_interval" not in ledger:
        return None
    rows = np.searchsorted(reading.steps, bursts.steps, side="right") - 1
    steps, jumps, work = (
        np.asarray(ledger[name].values, dtype=float)[:, 0] for name in ("steps_by_interval", "jumps_by_interval",
                                                                       "work_by_interval")
    )  # fmt: skip
    covered, made, done = (np.diff(column[rows]) for column in (steps, jumps, work))
    known = (covered > 0) & (made > 0) & np.isfinite(done)
    if not known.any():
        return None
    interval = round(float(covered[known].sum() / made[known].sum()))
    drift, diffusion = (bursts.values(name) for name in ("work_drift", "work_diffusion"))
    drift, diffusion = (0.5 * (each[1:] + each[:-1])[known] for each in (drift, diffusion))
    measured = (done / np.maximum(covered, 1))[known]
    diffusion = diffusion * coherence(reading.attributes.get("optimizer"), interval)
    return Works(bursts.steps[1:][known], measured, interval * drift, diffusion, interval)


def coherence(optimizer: object, interval: int) -> float:
    """What the noise does within an interval, over what it does in the long run: 1 without momentum.

    Momentum spreads a noise's displacement over 1/(1 − β) steps, so that shorter jumps see only part of it.
    """
    settings = dict(optimizer) if isinstance(optimizer, Mapping) else {}
    try:
        dynamics = Dynamics.of(str(settings.get("class")), settings)
    except (SpecError, KeyError, TypeError, ValueError):
        return 1.0
    if not dynamics.response:
        return 1.0
    return displacement_variance(dynamics, interval) / (interval * dynamics.response**2)
