"""The paper's way to ideal learning, τ ≫ 1, and the other one, smaller updates."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import number, percent
from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words
from szilard.verdicts.bounds import EXPONENT, IDEAL, LEVEL, NEGLIGIBLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of

SOURCE = "paper §5"
FINEST = 3
"""Numbers of updates, the largest, through which the law of small updates is drawn."""

LONGER = Claim(
    "larger τ brings Σ to 0",
    "a sampler that relaxes for longer makes learning ideal",
    SOURCE,
    "it takes several numbers of sampler steps: give sampler_steps.",
    bound=(0.0, NEGLIGIBLE),
)
SMALLER = Claim(
    "smaller updates bring Σ to 0",
    "over the same way Σ falls with the size of an update, as 1/n or faster",
    "theory §5; speed limits",
    "it takes several numbers of updates: give updates.",
    bound=(-math.inf, -1 + EXPONENT),
)
NEAR_IDEAL = Claim(
    "learning near ideal",
    "nearly all of the entropy that X produces can be information that it gains",
    SOURCE,
    measure="efficiency ΔI/(ΔI + Σ), the best of all states",
    bound=(IDEAL, math.inf),
)


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of this family; with chains that make noise, a second time."""
    if not reading.whole:
        return ()
    rows = [row(reading, chains) for chains in reading.kinds for row in (_sampler_steps, _updates)]
    return (*rows, _reached(reading))


def _at(chains: int | None) -> str:
    return "" if chains is None else f" ({chains_in_words(chains)})"


def _sampler_steps(reading: TradeOffReading, chains: int | None) -> Finding:
    """Σ at the largest τ over Σ at the smallest, at each number of updates."""
    claim = LONGER.at(_at(chains))
    least, most = reading.sampler_steps[0], reading.sampler_steps[-1]
    if least == most:
        return claim.unchecked()
    families = [reading.family(chains, updates) for updates in reading.updates]
    ratios = [reading.ratio("ep_conditional", family[-1], family[0]) for family in families]
    parts = claim.parts(
        [f"n = {family[0].updates}" for family in families],
        [ratio.value for ratio in ratios],
        [_positive(ratio, level_of(len(ratios))) for ratio in ratios],
    )
    last, ratio = families[-1][-1], ratios[-1]  # the smallest updates, where every state is well-behaved
    production, work = (reading.mean(each, last).value for each in ("ep_conditional", "work"))
    return claim.tested(
        ratio.value,
        _positive(ratio, LEVEL),
        measure=f"Σ at τ = {most} over Σ at τ = {least}",
        where=f"n = {last.updates}",
        detail=(
            f"At τ = {most} X ends {number(reading.mean('lag', last).value)} nat from equilibrium, and Σ is "
            f"{number(production)} nat, {percent(production / work)} of what perfect sampling dissipates: it is the "
            "updates that are finite."
        ),
        parts=parts,
        among="numbers of updates",
    )


def _updates(reading: TradeOffReading, chains: int | None) -> Finding:
    """The exponent of Σ in the number of updates, at the largest τ."""
    claim = SMALLER.at(_at(chains))
    counts = reading.updates[-FINEST:]
    if len(counts) < 2:
        return claim.unchecked()
    most = reading.sampler_steps[-1]
    productions = np.array([reading.of_datasets("ep_conditional", reading.state(chains, n, most)) for n in counts]).T
    law = _exponent(np.array(counts, dtype=float), productions)
    ends = [productions.mean(0)[0], productions.mean(0)[-1]]
    return claim.tested(
        law,
        measure=f"exponent of Σ in n, τ = {most}",
        where=f"n = {counts[0]} to {counts[-1]}",
        detail=f"Σ goes from {number(float(ends[0]))} to {number(float(ends[1]))} nat. The way, r n, is the same.",
    )


def _reached(reading: TradeOffReading) -> Finding:
    """The best efficiency of all states."""
    best = reading.best(reading.states)
    found = reading.of_ensemble("efficiency", best)
    return NEAR_IDEAL.tested(
        found,
        where=f"{best.name}, {chains_in_words(best.chains)}",
        detail=f"It took {best.compute:,} sampler steps of each chain.",
    )


def _exponent(scale: np.ndarray, values: np.ndarray) -> Estimate:
    """Slope of the logarithm of the mean over data sets, with the error of leaving one out."""
    x = np.log(scale) - np.log(scale).mean()
    left = (values.sum(0) - values) / (len(values) - 1)
    slopes = [float(np.log(each) @ x / (x @ x)) for each in (values.mean(0), *left)]
    error = math.sqrt((len(left) - 1) * float(np.var(slopes[1:])))
    return Estimate(slopes[0], error, Kind.ASYMPTOTIC, len(left) - 1)


def _positive(estimate: Estimate, level: float) -> tuple[float, float]:
    low, high = estimate.interval(level)
    return max(float(low), 0.0), float(high)
