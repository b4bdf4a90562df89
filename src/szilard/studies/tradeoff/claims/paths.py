"""Where compute is best spent, and what chains that are few do to it."""

from __future__ import annotations

import math

from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words
from szilard.verdicts.finding import Finding, parts_of, told, unchecked
from szilard.verdicts.rows import decisive, level_of, tested


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of this family; with chains that make noise, a second time."""
    if not reading.whole:
        return ()
    rows = [_fixed(reading, chains) for chains in reading.kinds]
    noisy = [chains for chains in reading.kinds if chains is not None]
    return (*rows, *(_longer(reading, chains) for chains in noisy))


def _fixed(reading: TradeOffReading, chains: int | None) -> Finding:
    """Efficiency with the most updates less that with the fewest, at each compute; the least clear of them."""
    at = "" if chains is None else f" ({chains_in_words(chains)})"
    name = f"compute is best spent on updates{at}"
    claim, source = (
        "of equal compute n τ, more and smaller updates are more efficient than more sampler steps",
        "theory §5",
    )
    groups = reading.equal_compute(chains)
    if not groups:
        return unchecked(name, claim, source, "no two states have the same compute: give updates and sampler_steps "
                         "whose products meet.")  # fmt: skip
    gains = [reading.difference(states[0], states[-1]) for states in groups]
    intervals = [gain.interval(level_of(len(gains))) for gain in gains]
    bound = (0.0, math.inf)
    parts = parts_of([f"n τ = {states[0].compute}" for states in groups], [gain.value for gain in gains], intervals,
                     bound)  # fmt: skip
    place = decisive(intervals, bound)
    one, other = groups[place][0], groups[place][-1]
    return tested(
        name,
        claim,
        source,
        measure="efficiency with more updates less that with more sampler steps, the least clear",
        effect=gains[place].value,
        interval=intervals[place],
        bound=bound,
        where=f"n τ = {one.compute}: {one.name} against {other.name}",
        detail=told(parts, "computes"),
        parts=parts if len(parts) > 1 else (),
    )


def _longer(reading: TradeOffReading, chains: int) -> Finding:
    """Σ at the largest τ less that at the smallest, where chains are few; the clearest excess decides."""
    name = f"a longer sampler dissipates less ({chains_in_words(chains)})"
    claim, source = "more sampler steps between the same updates do not raise Σ", "paper §5"
    least, most = reading.sampler_steps[0], reading.sampler_steps[-1]
    if least == most:
        return unchecked(name, claim, source, "it takes several numbers of sampler steps: give sampler_steps.")
    families = [reading.family(chains, updates) for updates in reading.updates]
    ratios = [reading.ratio("ep_conditional", family[-1], family[0]) for family in families]
    intervals = [ratio.interval(level_of(len(ratios))) for ratio in ratios]
    bound = (-math.inf, 1.0)
    parts = parts_of([f"n = {family[0].updates}" for family in families], [ratio.value for ratio in ratios], intervals,
                     bound)  # fmt: skip
    place = decisive(intervals, bound)
    return tested(
        name,
        claim,
        source,
        measure=f"Σ at τ = {most} over Σ at τ = {least}, the clearest",
        effect=ratios[place].value,
        interval=intervals[place],
        bound=bound,
        where=f"n = {families[place][0].updates}",
        detail=(
            "Few chains shake the parameters. Chains that lag do not follow all of that, and what does not follow does "
            f"not dissipate. {told(parts, 'numbers of updates')}"
        ).strip(),
        parts=parts if len(parts) > 1 else (),
    )
