"""Brackets and corrections: whether the estimates lie in their brackets, agree, and are not capped by few runs."""

from __future__ import annotations

import math

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import FEWEST_FOR_AN_ERROR, LEVELS, EnsembleReading
from szilard.verdicts.bounds import FEWEST_CLUSTERS, OUTSIDE, ROUTES_APART
from szilard.verdicts.finding import Concern, Finding, unchecked
from szilard.verdicts.rows import decisive, difference, tested

SOURCE = "docs: brackets and corrections"


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
    title = f"{name} in its bracket"
    claim = "the corrected estimate lies between the lower and the upper bound"
    ends = (f"{name}_lower", f"{name}_upper")
    if not reading.known_at_the_end(name, *ends):
        return unchecked(title, claim, SOURCE, reading.missing(name, *ends), Concern.RECORD)
    value, lower, upper = (reading.at(column) for column in (name, *ends))
    scale = max(abs(value.value), upper.value - lower.value) or 1.0
    sides = [difference(lower, value, scale), difference(value, upper, scale)]
    bound = (-math.inf, OUTSIDE)
    effect, interval = sides[decisive([side[1] for side in sides], bound)]
    values, low, high = (reading.column(column) for column in (name, *ends))
    outside = int(((values < low) | (values > high)).sum())
    return tested(
        title,
        claim,
        SOURCE,
        measure="distance beyond the nearer end over the wider of estimate and bracket",
        effect=effect,
        interval=interval,
        bound=bound,
        where=reading.when(),
        detail=(
            f"{with_error(value.value, value.error)} nat in [{number(lower.value, 4)}, {number(upper.value, 4)}]; "
            f"outside at {outside} of {reading.records} records. The errors are added as if independent, which is "
            "cautious."
        ),
        concerns=Concern.RECORD,
    )


def _saturated(reading: EnsembleReading, name: str) -> Finding:
    title, claim = f"{name} not saturated", "the runs are many enough that their number does not cap the estimate"
    if not reading.known_at_the_end(name, f"{name}_saturated"):
        return unchecked(title, claim, SOURCE, reading.missing(name, f"{name}_saturated"), Concern.COVERAGE)
    flags = reading.column(f"{name}_saturated") > 0
    last = float(flags[-1])
    width = reading.at(f"{name}_upper").value - reading.at(f"{name}_lower").value
    return tested(
        title,
        claim,
        SOURCE,
        measure="saturated at the last record (1) or not (0)",
        effect=last,
        interval=(last, last),
        bound=(0.0, 0.0),
        where=reading.when(),
        detail=(
            f"The bracket is {number(width, 3)} nat wide and the estimate {number(reading.at(name).value, 3)} nat; "
            f"flagged at {int(flags.sum())} of {reading.records} records."
            + (" More runs at this level would narrow it: quote the bracket, not the estimate." if last else "")
        ),
        concerns=Concern.COVERAGE,
        too_small_for=name,
    )


def _corrections(reading: EnsembleReading) -> Finding:
    """First order against jackknife, of the very same runs, so that sampling does not enter: the worst level.

    A level whose two corrections both lie within its own error of zero has nothing to correct and is left out.
    """
    title, claim = "corrections agree", "the first-order and the jackknife correction give the same information"
    gaps = {}
    for name in LEVELS:
        if not reading.known_at_the_end(f"{name}_first_order", f"{name}_jackknife"):
            continue
        one, other = reading.at(f"{name}_first_order"), reading.at(f"{name}_jackknife")
        if max(abs(one.value), abs(other.value)) > max(one.error, other.error):
            gaps[name] = (one.value - other.value) / max(abs(one.value), abs(other.value))
    if not gaps:
        why = reading.missing(*(f"{name}_jackknife" for name in LEVELS))
        return unchecked(title, claim, SOURCE, why or "Every level is within its error of zero.", Concern.COVERAGE)
    worst = max(gaps, key=lambda name: abs(gaps[name]))
    told = "; ".join(
        f"{name} {number(reading.at(f'{name}_first_order').value, 4)} and "
        f"{number(reading.at(f'{name}_jackknife').value, 4)} nat"
        for name in gaps
    )
    return tested(
        title,
        claim,
        SOURCE,
        measure=f"difference over the larger, {worst}",
        effect=gaps[worst],
        interval=(gaps[worst], gaps[worst]),
        bound=(-ROUTES_APART, ROUTES_APART),
        where=reading.when(),
        detail=f"First order and jackknife: {told}.",
        concerns=Concern.COVERAGE,
    )


def _contrast(reading: EnsembleReading) -> Finding:
    title = "corrected estimate and matched-size contrast agree"
    claim = "both say the same of info_dataset; only the contrast is exactly 0 where datasets leave no trace"
    names = ("info_dataset", "info_dataset_contrast")
    if not reading.known_at_the_end(*names):
        return unchecked(title, claim, SOURCE, reading.missing(*names), Concern.COVERAGE)
    corrected, contrast = (reading.at(name) for name in names)
    effect, interval = difference(corrected, contrast, max(abs(corrected.value), abs(contrast.value)) or 1.0)
    return tested(
        title,
        claim,
        SOURCE,
        measure="difference over the larger",
        effect=effect,
        interval=interval,
        bound=(-ROUTES_APART, ROUTES_APART),
        where=reading.when(),
        detail=(
            f"Corrected {with_error(corrected.value, corrected.error)}, contrast "
            f"{with_error(contrast.value, contrast.error)} nat. Where seeds vary much a mixture of few of them "
            "hides part of a dataset's trace and the contrast reads low; a bias left in the correction reads high."
        ),
        concerns=Concern.COVERAGE,
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
    return tested(
        "enough clusters for the error bars",
        "a nominal 95 % interval holds the truth 95 times in 100",
        "docs: errors over clusters",
        measure="independent outermost clusters",
        effect=float(clusters),
        interval=(float(clusters), float(clusters)),
        bound=(float(FEWEST_CLUSTERS), math.inf),
        where="whole run",
        detail=detail,
        concerns=Concern.COVERAGE,
        too_small_for="95 % intervals",
    )
