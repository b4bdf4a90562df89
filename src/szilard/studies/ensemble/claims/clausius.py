"""The Clausius relation (Eqs. 28–29): what cannot be checked on a network, and the contradictions that can."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate
from szilard.information import jackknife
from szilard.numbers import number, with_error
from szilard.studies.ensemble.claims.processing import unbounded
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio, scaled

SOURCE = "paper Eqs. 28–29"

RELATION_OF_MEANS = Claim(
    "Clausius relation",
    "ΔS(Θ) = −Q, averaged over the ensemble",
    "paper Eq. 29",
    "S(Θ) of SGD on a network is not known, and a differential entropy would change with the parametrisation while −Q "
    "does not: it takes parameters of known density, as in the rows on an exact system.",
)
ALONG_PATHS = Claim(
    "Clausius relation along paths",
    "Δs[p(θ_t)] = −q on every trajectory",
    "paper Eq. 28",
    "the density p(θ_t) at the parameters of a run is not known: it takes parameters of known density, as in the rows "
    "on an exact system.",
)
CAP = Claim(
    "−Q within M-info's upper bound",
    "if −Q is M-info it cannot exceed the most that M-info can be",
    SOURCE,
    measure="−Q over the upper bound of M-info",
    bound=(-math.inf, 1.0),
    at_interval=True,
)
LATE = Claim(
    "late heat becomes information",
    "heat given off in the second half of training is matched by a growth of information",
    SOURCE,
    measure="1 − ΔI(X;Θ)/Δ(−Q)",
    bound=(-RELATION, RELATION),
    at_interval=True,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    return (RELATION_OF_MEANS.unchecked(), ALONG_PATHS.unchecked(), _cap(reading), _late(reading))


def _cap(reading: EnsembleReading) -> Finding:
    """−Q of one label; that of all labels of the probe together is as many times as large, M-info is not."""
    if not reading.known_at_the_end("m_info_upper"):
        return CAP.unchecked(unbounded(reading))
    heat = _given_off(reading)
    upper = float(reading.column("m_info_upper")[-1])
    return CAP.tested(
        *scaled(heat, upper),
        where=reading.when(),
        detail=(
            f"−Q = {with_error(heat.value, heat.error)} nat for one label against at most {number(upper, 4)} nat; "
            "for several labels at once −Q is that many times as large."
        ),
    )


def _given_off(reading: EnsembleReading) -> Estimate:
    if reading.known_at_the_end("clausius_information"):
        return reading.at("clausius_information")
    heat = reading.at("heat_mean")
    return Estimate(-heat.value, heat.error, heat.kind, heat.degrees_of_freedom)


def _late(reading: EnsembleReading) -> Finding:
    """From half the training on: the share of the heat given off there that no growth of information accounts for."""
    row = int(np.searchsorted(reading.steps, reading.steps[-1] / 2, side="right")) - 1 if reading.records else 0
    shares = reading.weights(-1) if reading.records else None
    if not reading.known_at_the_end("l_info"):
        return LATE.unchecked(reading.missing("l_info"))
    if row >= reading.records - 1 or row < 0 or shares is None or reading.nesting is None:
        return LATE.unchecked("The record has too few rows, or does not say who is in its means.")
    kept = reading.nesting.keep(shares > 0)
    heat = reading.of_members("heat")[:, shares > 0]
    given_off = jackknife.ensemble_mean(kept, heat[row] - heat[-1])
    first, last = reading.at("l_info", row), reading.at("l_info")
    freedom = float(np.minimum(first.degrees_of_freedom, last.degrees_of_freedom))
    gain = Estimate(last.value - first.value, math.hypot(first.error, last.error), last.kind, freedom)
    matched, (low, high) = ratio(gain, given_off)
    lower = reading.column("m_info_lower")
    joint = ""
    if np.isfinite(lower[[row, -1]]).all():
        joint = f" The lower bound of M-info changes by {number(lower[-1] - lower[row], 4)} nat."
    return LATE.tested(
        1 - matched,
        (1 - high, 1 - low),
        where=f"steps {reading.steps[row]:,} to {reading.steps[-1]:,}",
        detail=(
            f"−Q grows by {with_error(given_off.value, given_off.error)} nat, I(X;Θ) changes by "
            f"{with_error(gain.value, gain.error)} nat.{joint} Noise at a minimum gives off heat for ever."
        ),
    )
