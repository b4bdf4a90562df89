"""Low variance (Eq. 9): whether one run stands for the ensemble, in its information and in its heat."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Kind
from szilard.information import jackknife
from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LOW_VARIANCE, NOTICEABLE
from szilard.verdicts.finding import Finding, unchecked
from szilard.verdicts.rows import ratio, scaled, tested

BOUND = (-math.inf, LOW_VARIANCE)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (_information(reading), _heat(reading), _point(reading))


def _information(reading: EnsembleReading) -> Finding:
    name = "low variance"
    claim = "the partially averaged L-info of one run, I(θ_n) = KL(p_θ‖p), stands for that of the ensemble"
    if not reading.known_at_the_end("l_info_spread", "l_info"):
        return unchecked(name, claim, "paper Eqs. 9–10", reading.missing("l_info_spread", "l_info"))
    spread, mean = reading.at("l_info_spread"), reading.at("l_info")
    effect, interval = ratio(spread, mean)
    return tested(
        name,
        claim,
        "paper Eqs. 9–10",
        measure="standard deviation over members of KL(p_θ‖p), over I(X;Θ)",
        effect=effect,
        interval=interval,
        bound=BOUND,
        where=reading.when(),
        detail=(
            f"Members differ by {with_error(spread.value, spread.error)} nat around "
            f"{with_error(mean.value, mean.error)} nat."
        ),
    )


def _heat(reading: EnsembleReading) -> Finding:
    """The spread of −Q over members with a delete-one error over outermost clusters."""
    name, source = "low variance of the heat", "paper §5, below Eq. 29"
    claim = "the heat of one run stands for that of the ensemble: Q(θ_n) does not depend on the trajectory"
    shares = reading.weights(-1) if reading.records > 1 else None
    if shares is None or reading.nesting is None:
        return unchecked(name, claim, source, "The record does not say which members are in the mean.")
    kept = reading.nesting.keep(shares > 0)
    heat = reading.of_members("heat")[-1][shares > 0]
    weights = jackknife.cluster_weights(kept)
    means = weights @ heat
    deviations = np.sqrt((weights * (heat - means[:, None]) ** 2).sum(1)) / np.abs(means)
    estimate = jackknife.estimate(deviations[0], deviations[1:], kept, Kind.ASYMPTOTIC)
    effect, interval = scaled(estimate, 1.0)
    return tested(
        name,
        claim,
        source,
        measure="standard deviation over members of Q, over its mean",
        effect=effect,
        interval=interval,
        bound=BOUND,
        where=reading.when(),
        detail=(
            f"Q is {number(means[0], 4)} nat on average, from {number(heat.min(), 4)} to {number(heat.max(), 4)} nat."
        ),
        at_interval=True,
    )


def _point(reading: EnsembleReading) -> Finding:
    """What Eq. 9 comes to at its word: where p(θ) is a point, p(x|θ) = p(x) and I(X;Θ) = 0."""
    name, source = "one point stands for p(Θ)", "paper Eq. 9"
    claim = "predictions do not depend on which run made them; Eq. 9 is then exact, and I(X;Θ) itself is 0"
    if not reading.known_at_the_end("l_info"):
        return unchecked(name, claim, source, reading.missing("l_info"))
    information = reading.at("l_info")
    effect, interval = scaled(information, reading.most)
    return tested(
        name,
        claim,
        source,
        measure="I(X;Θ) over ln C",
        effect=effect,
        interval=interval,
        bound=(-math.inf, NOTICEABLE),
        where=reading.when(),
        detail=(
            f"I(X;Θ) = {with_error(information.value, information.error)} nat of at most {number(reading.most, 3)}. "
            "Eq. 9 cannot both hold exactly and leave an L-info to measure."
        ),
    )
