"""Two routes to every number: labels sampled along trajectories against exact sums, and their fluctuation theorem."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import number
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import AGREEMENT, FEWEST_ROWS, LEVEL
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Interval, Verdict
from szilard.verdicts.intervals import agreement

if TYPE_CHECKING:
    import xarray as xr

COMPARISONS = 4
"""Work, heat, entropy and the fluctuation theorem share the samples, so each is judged at level 1 − (1 − LEVEL)/4."""

FLUCTUATION = Claim(
    "fluctuation theorem, sampled",
    "⟨exp(−d)⟩ = 1 at every jump with fresh labels: φ is normalised and nothing is stale",
    "docs: fluctuation theorem; paper Eqs. 20–22",
    measure="Σ(⟨exp(−d)⟩ − 1) over max(W, |ΔS|)",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)
ROUTES = Claim(
    "sampled against exact",
    "labels drawn from the model give the same numbers as exact sums over labels",
    "docs: sampled route",
    "The record holds no samples: give the Ledger measure samples=1 or more.",
    concerns=Concern.RECORD,
)
ROUTE = Claim(
    "{}, sampled against exact",
    "labels drawn from the model give the same {} as exact sums over labels",
    "docs: sampled route; paper Eqs. 22–25",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of this family.

    Cumulative discrepancies carry every earlier one along, so W and Q are judged once, at the last row, where they hold
    all the evidence there is; the entropy's labels are fresh at every row, so its rows are averaged.
    """
    samples = reading.samples
    if samples is None or not samples.sizes["step"]:
        return (ROUTES.unchecked(),)
    rows = int(samples.sizes["step"]) - 1
    flow = max(abs(reading.entropy_change.value), reading.at("work").value, 1e-300)
    entropy_scale = max(float(np.mean(np.abs(reading.column("entropy_conditional")))), 1e-300)
    return (
        _comparison("work", _final(samples, "work"), flow, "max(W, |ΔS|)", rows, reading),
        _comparison("heat", _final(samples, "heat"), flow, "max(W, |ΔS|)", rows, reading),
        _comparison("entropy", _averaged(samples, "entropy"), entropy_scale, "the mean S(X|Θ)", rows, reading),
        _fluctuation(reading, samples, flow),
    )


def _column(samples: xr.Dataset, name: str) -> np.ndarray:
    return np.asarray(samples[name].values, dtype=float)


def _final(samples: xr.Dataset, name: str) -> Estimate:
    value, error = _column(samples, f"{name}_discrepancy"), _column(samples, f"{name}_discrepancy_error")
    return Estimate(float(value[-1]), float(error[-1]), Kind.UNBIASED)


def _averaged(samples: xr.Dataset, name: str) -> Estimate:
    value, error = _column(samples, f"{name}_discrepancy"), _column(samples, f"{name}_discrepancy_error")
    known = np.isfinite(value) & np.isfinite(error)
    count = max(int(known.sum()), 1)
    return Estimate(
        float(value[known].sum()) / count, math.sqrt(float((error[known] ** 2).sum())) / count, Kind.UNBIASED
    )


def _comparison(name: str, gap: Estimate, scale: float, scale_name: str, rows: int, reading: SingleReading) -> Finding:
    """One quantity's discrepancy relative to its scale."""
    relative = Estimate(gap.value / scale, gap.error / scale, gap.kind, reading.degrees_of_freedom)
    z = gap.value / gap.error if gap.error > 0 else math.nan
    verdict, interval, remark = _decide(relative, rows)
    detail = (
        f"Sampled minus exact is {number(gap.value)} ± {number(gap.error)} nat over {rows} rows (z = {z:.1f}).{remark}"
    )
    measure = f"difference over {scale_name}"
    return ROUTE.about(name).tested(relative, interval, measure=measure, detail=detail, verdict=verdict)


def _fluctuation(reading: SingleReading, samples: xr.Dataset, flow: float) -> Finding:
    """⟨exp(−d)⟩ − 1 summed over jumps: the work that it would feign. Labels one step stale shift it by about 2W."""
    value, error = _column(samples, "fluctuation_sampled") - 1, _column(samples, "fluctuation_sampled_error")
    position = np.searchsorted(reading.steps, np.asarray(samples["step"].values))
    jumps = np.diff(position, prepend=0)
    known = np.isfinite(value) & np.isfinite(error) & (jumps > 0)
    total = float((value * jumps)[known].sum())
    spread = math.sqrt(float(((error * jumps)[known] ** 2).sum()))
    relative = Estimate(total / flow, spread / flow, Kind.UNBIASED)  # its error is an exact sum
    made, rows = int(jumps[known].sum()), int(known.sum())
    mean, mean_error = 1 + total / max(made, 1), spread / max(made, 1)
    verdict, interval, remark = _decide(relative, rows)
    detail = f"Mean over {made} jumps in {rows} rows: {mean:.6f} ± {number(mean_error, 1)}.{remark}"
    return FLUCTUATION.tested(relative, interval, detail=detail, verdict=verdict)


def _decide(effect: Estimate, rows: int) -> tuple[Verdict, Interval, str]:
    """Verdict, interval and a remark; undecided with too few rows."""
    level = 1 - (1 - LEVEL) / COMPARISONS
    if rows < FEWEST_ROWS:
        return Verdict.UNDECIDED, effect.interval(level), f" At least {FEWEST_ROWS} rows are needed."
    return agreement(effect, AGREEMENT, level)
