"""Where compute is best spent, and what chains that are few do to it."""

from __future__ import annotations

import math

from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of

SPENT = Claim(
    "compute is best spent on updates",
    "of equal compute n τ, more and smaller updates are more efficient than more sampler steps",
    "theory §5",
    "no two states have the same compute: give updates and sampler_steps whose products meet.",
    measure="efficiency with more updates less that with more sampler steps, the least clear",
    bound=(0.0, math.inf),
)
LONGER = Claim(
    "a longer sampler dissipates less",
    "more sampler steps between the same updates do not raise Σ",
    "paper §5",
    "it takes several numbers of sampler steps: give sampler_steps.",
    bound=(-math.inf, 1.0),
)


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of this family; with chains that make noise, a second time."""
    if not reading.whole:
        return ()
    rows = [_fixed(reading, chains) for chains in reading.kinds]
    noisy = [chains for chains in reading.kinds if chains is not None]
    return (*rows, *(_longer(reading, chains) for chains in noisy))


def _fixed(reading: TradeOffReading, chains: int | None) -> Finding:
    """Efficiency with the most updates less that with the fewest, at each compute; the least clear of them."""
    claim = SPENT.at("" if chains is None else f" ({chains_in_words(chains)})")
    groups = reading.equal_compute(chains)
    if not groups:
        return claim.unchecked()
    gains = [reading.difference(states[0], states[-1]) for states in groups]
    intervals = [gain.interval(level_of(len(gains))) for gain in gains]
    place = claim.decisive(intervals)
    one, other = groups[place][0], groups[place][-1]
    return claim.tested(
        gains[place].value,
        intervals[place],
        where=f"n τ = {one.compute}: {one.name} against {other.name}",
        parts=claim.parts(
            [f"n τ = {states[0].compute}" for states in groups], [gain.value for gain in gains], intervals
        ),
        among="computes",
    )


def _longer(reading: TradeOffReading, chains: int) -> Finding:
    """Σ at the largest τ less that at the smallest, where chains are few; the clearest excess decides."""
    claim = LONGER.at(f" ({chains_in_words(chains)})")
    least, most = reading.sampler_steps[0], reading.sampler_steps[-1]
    if least == most:
        return claim.unchecked()
    families = [reading.family(chains, updates) for updates in reading.updates]
    ratios = [reading.ratio("ep_conditional", family[-1], family[0]) for family in families]
    intervals = [ratio.interval(level_of(len(ratios))) for ratio in ratios]
    place = claim.decisive(intervals)
    return claim.tested(
        ratios[place].value,
        intervals[place],
        measure=f"Σ at τ = {most} over Σ at τ = {least}, the clearest",
        where=f"n = {families[place][0].updates}",
        detail=(
            "Few chains shake the parameters. Chains that lag do not follow all of that, and what does not follow does "
            "not dissipate."
        ),
        parts=claim.parts(
            [f"n = {family[0].updates}" for family in families], [ratio.value for ratio in ratios], intervals
        ),
        among="numbers of updates",
    )
