"""What the paper assumes of an ensemble: that one run stands for it (Eq. 9), and that I(X;Θ) starts at zero."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Kind
from szilard.information import jackknife
from szilard.numbers import number, percent, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LOW_VARIANCE, NEGLIGIBLE, NOTICEABLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio, scaled

STANDS = (-math.inf, LOW_VARIANCE)
FADED = (-math.inf, NEGLIGIBLE)

ONE_RUN = Claim(
    "low variance",
    "the partially averaged L-info of one run, I(θ_n) = KL(p_θ‖p), stands for that of the ensemble",
    "paper Eqs. 9–10",
    measure="standard deviation over members of KL(p_θ‖p), over I(X;Θ)",
    bound=STANDS,
)
LOW_VARIANCE_OF_HEAT = Claim(
    "low variance of the heat",
    "the heat of one run stands for that of the ensemble: Q(θ_n) does not depend on the trajectory",
    "paper §5, below Eq. 29",
    measure="standard deviation over members of Q, over its mean",
    bound=STANDS,
    at_interval=True,
)
POINT = Claim(
    "one point stands for p(Θ)",
    "predictions do not depend on which run made them; Eq. 9 is then exact, and I(X;Θ) itself is 0",
    "paper Eq. 9",
    measure="I(X;Θ) over ln C",
    bound=(-math.inf, NOTICEABLE),
)
NO_INFORMATION = Claim(
    "no information at the start",
    "I(X;Θ) starts at zero, so that its value at t_n is what was accumulated",
    "paper §2, below Eq. 4; blog, Part I",
    measure="I(X;Θ) at step 0 over that at the end",
    bound=FADED,
)
INITIALISATION_FADES = Claim(
    "initialisation fades",
    "as n grows the parameters become independent of where they started",
    "paper §2, below Eq. 2",
    measure="I(X;initialisation|dataset) at the end over that at step 0",
    bound=FADED,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record; those that need step 0 say so where the record starts later."""
    return (_information(reading), _heat(reading), _point(reading), _zero(reading), _fades(reading))


def _information(reading: EnsembleReading) -> Finding:
    if not reading.known_at_the_end("l_info_spread", "l_info"):
        return ONE_RUN.unchecked(reading.missing("l_info_spread", "l_info"))
    spread, mean = reading.at("l_info_spread"), reading.at("l_info")
    return ONE_RUN.tested(
        *ratio(spread, mean),
        where=reading.when(),
        detail=(
            f"Members differ by {with_error(spread.value, spread.error)} nat around "
            f"{with_error(mean.value, mean.error)} nat."
        ),
    )


def _heat(reading: EnsembleReading) -> Finding:
    """The spread of −Q over members with a delete-one error over outermost clusters."""
    shares = reading.weights(-1) if reading.records > 1 else None
    if shares is None or reading.nesting is None:
        return LOW_VARIANCE_OF_HEAT.unchecked("The record does not say which members are in the mean.")
    kept = reading.nesting.keep(shares > 0)
    heat = reading.of_members("heat")[-1][shares > 0]
    weights = jackknife.cluster_weights(kept)
    means = weights @ heat
    deviations = np.sqrt((weights * (heat - means[:, None]) ** 2).sum(1)) / np.abs(means)
    estimate = jackknife.estimate(deviations[0], deviations[1:], kept, Kind.ASYMPTOTIC)
    return LOW_VARIANCE_OF_HEAT.tested(
        *scaled(estimate, 1.0),
        where=reading.when(),
        detail=(
            f"Q is {number(means[0], 4)} nat on average, from {number(heat.min(), 4)} to {number(heat.max(), 4)} nat."
        ),
    )


def _point(reading: EnsembleReading) -> Finding:
    """What Eq. 9 comes to at its word: where p(θ) is a point, p(x|θ) = p(x) and I(X;Θ) = 0."""
    if not reading.known_at_the_end("l_info"):
        return POINT.unchecked(reading.missing("l_info"))
    information = reading.at("l_info")
    return POINT.tested(
        *scaled(information, reading.most),
        where=reading.when(),
        detail=(
            f"I(X;Θ) = {with_error(information.value, information.error)} nat of at most {number(reading.most, 3)}. "
            "Eq. 9 cannot both hold exactly and leave an L-info to measure."
        ),
    )


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
