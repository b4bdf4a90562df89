"""Brackets and corrections: whether the estimates lie in their brackets, agree, and are not capped by few runs."""

from __future__ import annotations

import math

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import FEWEST_FOR_AN_ERROR, LEVELS, EnsembleReading
from szilard.verdicts.bounds import FEWEST_CLUSTERS, OUTSIDE, ROUTES_APART
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.intervals import difference

SOURCE = "docs: brackets and corrections"

INSIDE = Claim(
    "{} in its bracket",
    "the corrected estimate lies between the lower and the upper bound",
    SOURCE,
    measure="distance beyond the nearer end over the wider of estimate and bracket",
    bound=(-math.inf, OUTSIDE),
    concerns=Concern.RECORD,
)
SATURATED = Claim(
    "{} not saturated",
    "the runs are many enough that their number does not cap the estimate",
    SOURCE,
    measure="saturated at the last record (1) or not (0)",
    concerns=Concern.COVERAGE,
    too_small_for="{}",
)
CORRECTIONS = Claim(
    "corrections agree",
    "the first-order and the jackknife correction give the same information",
    SOURCE,
    bound=(-ROUTES_APART, ROUTES_APART),
    concerns=Concern.COVERAGE,
)
CONTRAST = Claim(
    "corrected estimate and matched-size contrast agree",
    "both say the same of info_dataset; only the contrast is exactly 0 where datasets leave no trace",
    SOURCE,
    measure="difference over the larger",
    bound=(-ROUTES_APART, ROUTES_APART),
    concerns=Concern.COVERAGE,
)
CLUSTERS = Claim(
    "enough clusters for the error bars",
    "a nominal 95 % interval holds the truth 95 times in 100",
    "docs: errors over clusters",
    measure="independent outermost clusters",
    bound=(float(FEWEST_CLUSTERS), math.inf),
    concerns=Concern.COVERAGE,
    too_small_for="95 % intervals",
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; all but the last speak of the last record."""
    bracketed = (*LEVELS, "l_info")
    return (
        *(_inside(reading, name) for name in bracketed),
        *(_saturated(reading, name) for name in bracketed),
        _corrections(reading),
        _contrast(reading),
        _clusters(reading),
    )


def _inside(reading: EnsembleReading, name: str) -> Finding:
    """How far the estimate lies beyond the nearer end, negative inside, over the wider of estimate and bracket."""
    claim = INSIDE.about(name)
    ends = (f"{name}_lower", f"{name}_upper")
    if not reading.known_at_the_end(name, *ends):
        return claim.unchecked(reading.missing(name, *ends))
    value, lower, upper = (reading.at(column) for column in (name, *ends))
    scale = max(abs(value.value), upper.value - lower.value) or 1.0
    sides = [difference(lower, value, scale), difference(value, upper, scale)]
    farther = claim.decisive([interval for _, interval in sides])
    values, low, high = (reading.column(column) for column in (name, *ends))
    outside = int(((values < low) | (values > high)).sum())
    return claim.tested(
        *sides[farther],
        where=reading.when(),
        detail=(
            f"{with_error(value.value, value.error)} nat in [{number(lower.value, 4)}, {number(upper.value, 4)}]; "
            f"outside at {outside} of {reading.records} records. The errors are added as if independent, which is "
            "cautious."
        ),
    )


def _saturated(reading: EnsembleReading, name: str) -> Finding:
    claim = SATURATED.about(name)
    if not reading.known_at_the_end(name, f"{name}_saturated"):
        return claim.unchecked(reading.missing(name, f"{name}_saturated"))
    flags = reading.column(f"{name}_saturated") > 0
    last = float(flags[-1])
    width = reading.at(f"{name}_upper").value - reading.at(f"{name}_lower").value
    return claim.tested(
        last,
        where=reading.when(),
        detail=(
            f"The bracket is {number(width, 3)} nat wide and the estimate {number(reading.at(name).value, 3)} nat; "
            f"flagged at {int(flags.sum())} of {reading.records} records."
            + (" More runs at this level would narrow it: quote the bracket, not the estimate." if last else "")
        ),
    )


def _corrections(reading: EnsembleReading) -> Finding:
    """First order against jackknife, of the very same runs, so that sampling does not enter: the worst level.

    A level whose two corrections both lie within its own error of zero has nothing to correct and is left out.
    """
    gaps = {}
    for name in LEVELS:
        if not reading.known_at_the_end(f"{name}_first_order", f"{name}_jackknife"):
            continue
        one, other = reading.at(f"{name}_first_order"), reading.at(f"{name}_jackknife")
        if max(abs(one.value), abs(other.value)) > max(one.error, other.error):
            gaps[name] = (one.value - other.value) / max(abs(one.value), abs(other.value))
    if not gaps:
        why = reading.missing(*(f"{name}_jackknife" for name in LEVELS))
        return CORRECTIONS.unchecked(why or "Every level is within its error of zero.")
    worst = max(gaps, key=lambda name: abs(gaps[name]))
    told = "; ".join(
        f"{name} {number(reading.at(f'{name}_first_order').value, 4)} and "
        f"{number(reading.at(f'{name}_jackknife').value, 4)} nat"
        for name in gaps
    )
    return CORRECTIONS.tested(
        gaps[worst],
        measure=f"difference over the larger, {worst}",
        where=reading.when(),
        detail=f"First order and jackknife: {told}.",
    )


def _contrast(reading: EnsembleReading) -> Finding:
    names = ("info_dataset", "info_dataset_contrast")
    if not reading.known_at_the_end(*names):
        return CONTRAST.unchecked(reading.missing(*names))
    corrected, contrast = (reading.at(name) for name in names)
    return CONTRAST.tested(
        *difference(corrected, contrast, max(abs(corrected.value), abs(contrast.value)) or 1.0),
        where=reading.when(),
        detail=(
            f"Corrected {with_error(corrected.value, corrected.error)}, contrast "
            f"{with_error(contrast.value, contrast.error)} nat. Where seeds vary much a mixture of few of them "
            "hides part of a dataset's trace and the contrast reads low; a bias left in the correction reads high."
        ),
    )


def _clusters(reading: EnsembleReading) -> Finding:
    outermost = str(reading.mapping("design").get("outermost", "cluster"))
    clusters, designed = reading.clusters_at(), reading.designed
    independent = f"{clusters} independent {outermost}s"
    if clusters < designed:
        independent = f"the {clusters} outermost clusters that are left of {designed} independent {outermost}s"
    detail = f"Errors come from {independent}, one left out at a time"
    detail += (
        f", with Student's t on {clusters - 1} degrees of freedom."
        if clusters >= FEWEST_FOR_AN_ERROR
        else ": too few for an error."
    )
    if clusters < FEWEST_CLUSTERS:
        detail += f" Below {FEWEST_CLUSTERS} such intervals hold the truth less often than 95 times in 100."
    return CLUSTERS.tested(clusters, detail=detail)
