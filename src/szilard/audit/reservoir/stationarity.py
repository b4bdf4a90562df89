"""Stationary noise (Fig. 3c), and the regimes between which the training breaks (§6.1)."""

from __future__ import annotations

import numpy as np

from szilard.audit.bounds import STEADY
from szilard.audit.bursts import Bursts
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding, Verdict, judge
from szilard.audit.reservoir.claims import REGIMES, STATIONARY
from szilard.audit.rows import level_of
from szilard.errors import RecordError
from szilard.estimate import format_with_error
from szilard.reservoir import Largest, Regimes, regimes, stationarity
from szilard.reservoir.regimes import FEWEST as FEWEST_OF_A_REGIME
from szilard.reservoir.stationarity import FEWEST, STRETCHES


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    bursts = evidence.reservoir
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
        return regimes(np.stack(positive, 1)) if positive else None
    except RecordError:
        return None


def _stationary(bursts: Bursts, found: Regimes | None) -> Finding:
    """The largest |Δ ln c| between two of four stretches, over all layers."""
    if bursts.records < FEWEST:
        return STATIONARY.unchecked(bursts.too_few(FEWEST))
    try:
        largest, layer = _largest(bursts, slice(None))
    except RecordError:
        return STATIONARY.unchecked("The noise variance of some layer is 0 at times: it has no logarithm.")
    variance = bursts.values("noise_variance")[:, layer]
    drift = stationarity(variance, bursts.steps).drift
    stretches = np.array_split(np.arange(bursts.records), STRETCHES)
    one, other = (stretches[index] for index in largest.where)
    change = float(variance[other].mean() / variance[one].mean())
    return STATIONARY.tested(
        measure=f"largest |Δ ln c| between two of {STRETCHES} stretches, over {bursts.groups} layers",
        effect=largest.value,
        interval=(largest.low, largest.high),
        bound=(0.0, STEADY),
        where=f"{_steps(bursts, one)} against {_steps(bursts, other)}, {bursts.names[layer]}",
        detail=(
            f"In {bursts.names[layer]} it is {change:.3g} times as large in {_steps(bursts, other)} as in "
            f"{_steps(bursts, one)} (a line through all: {format_with_error(drift.value, drift.error)} of ln c)."
            f"{_by_regime(bursts, found)}"
        ),
    )


def _largest(bursts: Bursts, rows: slice) -> tuple[Largest, int]:
    """The largest change of any layer, with an interval for all layers together, and the layer."""
    level = level_of(bursts.groups)
    variance = bursts.values("noise_variance")[rows]
    found = [stationarity(variance[:, layer], level=level).largest for layer in range(bursts.groups)]
    worst = max(range(len(found)), key=lambda layer: (found[layer].low, found[layer].value))
    bounds = (max(one.low for one in found), max(one.high for one in found))
    return Largest(found[worst].value, *bounds, found[worst].where), worst


def _by_regime(bursts: Bursts, found: Regimes | None) -> str:
    """In which stretches between breaks the noise is stationary; empty for a single one."""
    if found is None or len(found.slices) < 2:
        return ""
    said = []
    for rows in found.slices:
        verdict = Verdict.UNDECIDED
        if rows.stop - rows.start >= FEWEST:
            largest, _ = _largest(bursts, rows)
            verdict = judge((largest.low, largest.high), (0.0, STEADY))
        said.append(f"{bursts.span(rows)}: {verdict}")
    return f" Between breaks, each stretch on its own: {'; '.join(said)}."


def _regimes(bursts: Bursts, found: Regimes) -> Finding:
    breaks, spikes = found.breaks, found.spikes
    count = float(len(breaks))
    at = ", ".join(f"{bursts.steps[row]:,}" for row in breaks)
    detail = f"Breaks at step {at}." if breaks else "No break."
    if spikes:
        some = ", ".join(f"{bursts.steps[row]:,}" for row in spikes[:8])
        detail += f" Single spikes, left out, at step {some}{' and others' if len(spikes) > 8 else ''}."
    return REGIMES.tested(
        measure="breaks of ln loss and ln noise from straight lines",
        effect=count,
        interval=(count, count),
        bound=(0.0, 0.0),
        where=bursts.span(),
        detail=(
            f"{detail} A white series shows one in a few of a hundred cases. Quantities of the reservoir are to be "
            "read stretch by stretch."
        ),
    )


def _steps(bursts: Bursts, rows: np.ndarray) -> str:
    steps = bursts.steps[rows]
    return f"steps {steps[0]:,}–{steps[-1]:,}"
