"""Low variance (Eq. 9): whether one run stands for the ensemble, in its information and in its heat."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Kind
from szilard.information import jackknife
from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LOW_VARIANCE, NOTICEABLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio, scaled

BOUND = (-math.inf, LOW_VARIANCE)


ONE_RUN = Claim(
    "low variance",
    "the partially averaged L-info of one run, I(θ_n) = KL(p_θ‖p), stands for that of the ensemble",
    "paper Eqs. 9–10",
    measure="standard deviation over members of KL(p_θ‖p), over I(X;Θ)",
    bound=BOUND,
)
LOW_VARIANCE_OF_HEAT = Claim(
    "low variance of the heat",
    "the heat of one run stands for that of the ensemble: Q(θ_n) does not depend on the trajectory",
    "paper §5, below Eq. 29",
    measure="standard deviation over members of Q, over its mean",
    bound=BOUND,
    at_interval=True,
)
POINT = Claim(
    "one point stands for p(Θ)",
    "predictions do not depend on which run made them; Eq. 9 is then exact, and I(X;Θ) itself is 0",
    "paper Eq. 9",
    measure="I(X;Θ) over ln C",
    bound=(-math.inf, NOTICEABLE),
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (_information(reading), _heat(reading), _point(reading))


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
