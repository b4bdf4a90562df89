"""The r² law of the way back: its exponent for one step and for many, and its constant ‖H g‖."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import exponent
from szilard.studies.reversal.reading import ReversalReading, over_seeds
from szilard.verdicts.bounds import EXPONENT, RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of

FITTED = 4
"""The smallest rates, on which the law is fitted: it is one of small steps."""
KINKS = (
    " Where activations have kinks, a unit that turns on or off between two points makes the gradient jump, however"
    " close they are: met at random they give 3/2 instead of 2."
)


SOURCE = "paper Appendix A, to second order in r"
ONE = Claim(
    "one step back, {}",
    "one step back misses by r² ‖H g‖",
    SOURCE,
    measure="exponent in r",
    bound=(2 - EXPONENT, 2 + EXPONENT),
)
MANY = Claim(
    "{} steps back, {}",
    "and many steps by r² as well",
    SOURCE,
    measure="exponent in r",
    bound=(2 - EXPONENT, 2 + EXPONENT),
)
CONSTANT = Claim(
    "constant of the law, {}",
    "that constant is ‖H g‖, the Hessian of the batch's loss on its gradient",
    SOURCE,
    measure="what a step back misses by over r² ‖H g‖, less 1, median over seeds",
    bound=(-RELATION, RELATION),
)


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The law's exponents and its constant, for every network; none of a record without steps."""
    if reading.length < 1:
        return ()
    rows = []
    for network, called in enumerate(reading.networks):
        one, many = _one(reading, network), reading.rows["distance"].values[-1, network, ..., 0]
        rows.append(_exponent(reading, ONE.about(called), one, network))
        rows.append(_exponent(reading, MANY.about(reading.length, called), many, network))
        rows.append(_constant(reading, network, called))
    return tuple(rows)


def _one(reading: ReversalReading, network: int) -> np.ndarray:
    """Root mean square over the path of what one step back misses by, shape (starts, seeds, rates)."""
    defects = reading.rows["defect"].values[1:, network, ..., 0]
    return np.asarray(np.sqrt((defects**2).mean(0)) * reading.rates**2)


def _exponent(reading: ReversalReading, claim: Claim, values: np.ndarray, network: int) -> Finding:
    """The start whose interval decides."""
    rates = reading.rates[-FITTED:]
    level = level_of(len(values))
    laws = [exponent(rates, of_start[:, -FITTED:]) for of_start in values]
    place = claim.decisive([law.interval(level) for law in laws])
    return claim.tested(
        laws[place].value,
        laws[place].interval(level),
        where=(
            f"r = {number(rates[-1])} to {number(rates[0])}; decided by the paths from step {reading.starts[place]:,}"
        ),
        detail=f"Fitted seed by seed on the {len(rates)} smallest rates.{_kinked(reading, network)}",
    )


def _constant(reading: ReversalReading, network: int, called: str) -> Finding:
    """At the smallest rate, over all starts."""
    defects = reading.rows["defect"].values[1:, network, ..., -1, 0]  # (steps, starts, seeds)
    curvature = reading.rows["curvature"].values[1:, network, ..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):  # a loss without curvature has no constant
        ratio = np.sqrt((defects**2).mean(0) / (curvature**2).mean(0)) - 1
    places = [over_seeds(of_start) for of_start in ratio]
    place = CONSTANT.decisive([interval for _, interval in places])
    return CONSTANT.about(called).tested(
        *places[place],
        where=f"r = {number(reading.rates[-1])}; decided by the paths from step {reading.starts[place]:,}",
        detail=f"The Hessian is that between kinks.{_kinked(reading, network)}".strip(),
    )


def _kinked(reading: ReversalReading, network: int) -> str:
    return KINKS if reading.networks[network] in ("ReLU", "LeakyReLU", "Hardtanh") else ""
