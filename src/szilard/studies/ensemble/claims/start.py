"""The start: whether I(X;Θ) begins at zero, and whether what the initialisation put in fades."""

from __future__ import annotations

import math

from szilard.numbers import percent, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import NEGLIGIBLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio

BOUND = (-math.inf, NEGLIGIBLE)


NO_INFORMATION = Claim(
    "no information at the start",
    "I(X;Θ) starts at zero, so that its value at t_n is what was accumulated",
    "paper §2, below Eq. 4; blog, Part I",
    measure="I(X;Θ) at step 0 over that at the end",
    bound=BOUND,
)
INITIALISATION_FADES = Claim(
    "initialisation fades",
    "as n grows the parameters become independent of where they started",
    "paper §2, below Eq. 2",
    measure="I(X;initialisation|dataset) at the end over that at step 0",
    bound=BOUND,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; those that need step 0 say so where the record starts later."""
    return (_zero(reading), _fades(reading))


def _zero(reading: EnsembleReading) -> Finding:
    why = _too_late(reading) or reading.missing("l_info")
    if why:
        return NO_INFORMATION.unchecked(why)
    first, last, luck = reading.at("l_info", 0), reading.at("l_info"), reading.at("info_seed", 0)
    of_seeds = f" (info_seed {with_error(luck.value, luck.error)})" if math.isfinite(luck.value) else ""
    return NO_INFORMATION.tested(
        *ratio(first, last),
        where=reading.when(0),
        detail=(
            f"I(X;Θ) = {with_error(first.value, first.error)} nat at step 0{of_seeds}, "
            f"{with_error(last.value, last.error)} nat at the end. Random initialisations disagree before they "
            "learn; I(X;B) does start at zero."
        ),
    )


def _fades(reading: EnsembleReading) -> Finding:
    column = "info_seed_initialisation"
    why = _too_late(reading)
    if column not in reading.rows:
        why = "Initialisations and batch orders were not crossed, so info_seed cannot be split: cross them."
    why = why or reading.missing(column)
    if why:
        return INITIALISATION_FADES.unchecked(why)
    first, last, whole = reading.at(column, 0), reading.at(column), reading.at("l_info")
    share = f" That is {percent(last.value / whole.value)} of I(X;Θ) there." if whole.value > 0 else ""
    return INITIALISATION_FADES.tested(
        *ratio(last, first),
        where=reading.when(),
        detail=(
            f"{with_error(first.value, first.error)} nat at step 0, "
            f"{with_error(last.value, last.error)} nat at the end.{share}"
        ),
    )


def _too_late(reading: EnsembleReading) -> str:
    if reading.records > 1 and reading.steps[0] == 0:
        return ""
    return "The record does not reach from step 0 to a later one."
