"""Stationary noise (Fig. 3c), and the regimes between which the training breaks (§6.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from szilard.errors import RecordError
from szilard.numbers import number, with_error
from szilard.reservoir.contrasts import Largest, largest_contrast
from szilard.reservoir.regimes import FEWEST as FEWEST_OF_A_REGIME
from szilard.reservoir.regimes import Regimes, regimes
from szilard.reservoir.stationarity import FEWEST, STRETCHES, stationarity
from szilard.reservoir.time_average import residual_time, time_average
from szilard.studies.kits.parameters.claims.temperatures import too_alike
from szilard.studies.kits.parameters.statements import REGIMES, STATIONARY
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_COMPARED, FEWEST_INDEPENDENT
from szilard.verdicts.finding import Finding, Verdict, judge
from szilard.verdicts.intervals import level_of

FITTED = 4
"""Parameters of the smooth course about which the memory of ln c is taken: a cubic."""


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    bursts = reading.bursts
    assert bursts is not None
    found = found_regimes(bursts)
    return (_stationary(bursts, found), *((_regimes(bursts, found),) if found else ()))


def found_regimes(bursts: Bursts) -> Regimes | None:
    """Breaks of the logarithms of loss and noise; None with too few bursts, or where one is not positive."""
    if bursts.records < 2 * FEWEST_OF_A_REGIME:
        return None
    noise = bursts.values("noise_variance") @ bursts.weights
    series = [noise]
    if bursts.has("reservoir_energy"):
        series.append(bursts.values("reservoir_energy"))
    positive = [np.log(each) for each in series if (each > 0).all() and np.isfinite(each).all()]
    try:
        return regimes(np.stack(positive, 1), bursts.steps, smooth=True) if positive else None
    except RecordError:
        return None


@dataclass(frozen=True, slots=True)
class Change:
    """The largest change of a layer's ln c between two stretches.

    Attributes:
        largest: with an interval for all layers and all pairs of stretches together.
        layer: where it is.
        stretches: the rows of each.
    """

    largest: Largest
    layer: int
    stretches: tuple[np.ndarray, ...]


def _stationary(bursts: Bursts, found: Regimes | None) -> Finding:
    """The largest |Δ ln c| between two stretches, over all layers: quarters, and what lies between breaks."""
    if bursts.records < FEWEST:
        return STATIONARY.unchecked(bursts.too_few(FEWEST))
    rows = np.arange(bursts.records)
    parts = [np.array_split(rows, STRETCHES)]
    if found is not None and len(found.slices) > 1:
        parts.append(_between_breaks(found))
    try:
        changes = [_largest(bursts, stretches, looks=len(parts)) for stretches in parts]
    except RecordError:
        return STATIONARY.unchecked("The noise variance of every layer is 0 at times: it has no logarithm.")
    worst = max(changes, key=lambda change: (change.largest.low, change.largest.value))
    largest, name = worst.largest, bursts.names[worst.layer]
    one, other = (worst.stretches[index] for index in largest.where)
    variance = bursts.values("noise_variance")[:, worst.layer]
    drift = stationarity(variance, bursts.steps).drift
    change = float(variance[other].mean() / variance[one].mean())
    effective = _independent(bursts)
    enough = bursts.records >= FEWEST_COMPARED or effective >= FEWEST_INDEPENDENT
    interval = (max(each.largest.low for each in changes), max(each.largest.high for each in changes))
    return STATIONARY.tested(
        largest.value,
        interval if enough else (0.0, math.inf),
        measure=f"largest |Δ ln c| between two stretches, over {bursts.groups} layers",
        where=f"{_steps(bursts, one)} against {_steps(bursts, other)}, {name}",
        detail=(
            f"In {name} it is {number(change, 3)} times as large in {_steps(bursts, other)} as in "
            f"{_steps(bursts, one)} (a line through all: {with_error(drift.value, drift.error)} of ln "
            f"c).{_by_regime(bursts, found)}{'' if enough else too_alike(effective)}"
        ),
    )


def _independent(bursts: Bursts) -> float:
    """Independent values that the records about a smooth course are worth, of the layer with the longest memory."""
    columns = bursts.values("noise_variance")
    columns = np.log(columns[:, (columns > 0).all(0)])
    place = np.linspace(-1, 1, len(columns))
    course = np.polynomial.polynomial.polyfit(place, columns, FITTED - 1)
    residuals = columns - np.polynomial.polynomial.polyval(place, course).T
    return min((len(columns) - FITTED) / residual_time(column, FITTED) for column in residuals.T)


def _largest(bursts: Bursts, stretches: list[np.ndarray], looks: int = 1) -> Change:
    """The largest change of any layer between stretches, quarters of the records or what lies between breaks.

    Layers that are without noise at times (dead, or frozen for a while) are left out.

    About quarters the noise of ln c is that about a smooth course, between breaks that within each stretch.

    Raises:
        RecordError: where no layer's variance is positive throughout, or for too few records.
    """
    level = level_of(bursts.groups * looks)
    rows = np.concatenate(stretches)
    variance = bursts.values("noise_variance")[rows]
    layers = np.flatnonzero((bursts.values("noise_variance") > 0).all(0))
    if not len(layers):
        raise RecordError("no layer has noise throughout: its variance has no logarithm.")
    columns = variance[:, layers].T
    if len(stretches) == STRETCHES and np.ptp([len(part) for part in stretches]) <= 1:
        found = [stationarity(column, level=level).largest for column in columns]
    else:
        found = [_between(np.log(column), [len(part) for part in stretches], level) for column in columns]
    worst = max(range(len(found)), key=lambda index: (found[index].low, found[index].value))
    ends = (max(one.low for one in found), max(one.high for one in found))
    return Change(Largest(found[worst].value, *ends, found[worst].where), int(layers[worst]), tuple(stretches))


def _between(logs: np.ndarray, lengths: list[int], level: float) -> Largest:
    """The largest difference of mean logarithms between stretches that follow upon one another."""
    averages = [time_average(part).value for part in np.split(logs, np.cumsum(lengths)[:-1])]
    return largest_contrast(
        np.array([one.value for one in averages]),
        np.array([one.error for one in averages]),
        np.array([one.degrees_of_freedom for one in averages]),
        level,
    )


def _between_breaks(found: Regimes) -> list[np.ndarray]:
    """The rows of each stretch, single spikes left out."""
    return [np.setdiff1d(np.arange(stretch.start, stretch.stop), found.spikes) for stretch in found.slices]


def _by_regime(bursts: Bursts, found: Regimes | None) -> str:
    """In which stretches between breaks the noise is stationary; empty for a single one."""
    if found is None or len(found.slices) < 2:
        return ""
    said = []
    for rows in _between_breaks(found):
        verdict = Verdict.UNDECIDED
        if len(rows) >= FEWEST:
            largest = _largest(bursts, np.array_split(rows, STRETCHES)).largest
            verdict = judge(largest.interval, STATIONARY.bound)
        said.append(f"{_steps(bursts, rows)}: {verdict}")
    return f" Between breaks, each stretch on its own: {'; '.join(said)}."


def _regimes(bursts: Bursts, found: Regimes) -> Finding:
    breaks, spikes = found.breaks, found.spikes
    at = ", ".join(f"{bursts.steps[row]:,}" for row in breaks)
    detail = f"Breaks at step {at}." if breaks else "No break."
    if spikes:
        some = ", ".join(f"{bursts.steps[row]:,}" for row in spikes[:8])
        detail += f" Single spikes, left out, at step {some}{' and others' if len(spikes) > 8 else ''}."
    return REGIMES.tested(
        len(breaks),
        where=bursts.span(),
        detail=(
            f"{detail} A smooth course, a power law or a decay, is one regime; a white series shows a break in a few "
            "of a hundred cases. Quantities of the reservoir are to be read stretch by stretch."
        ),
    )


def _steps(bursts: Bursts, rows: np.ndarray) -> str:
    steps = bursts.steps[rows]
    return f"steps {steps[0]:,}–{steps[-1]:,}"
