"""Samples that serve several steps by their weights: fluctuation theorem, a second route to heat, their worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.numbers import number
from szilard.studies.sampled.reading import TINY, SampledReading
from szilard.verdicts.bounds import AGREEMENT, EFFECTIVE, LEVEL, WITHIN_REACH
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.intervals import agreement

FLUCTUATION = Claim(
    "fluctuation theorem, sampled",
    "⟨exp(−d)⟩ = 1 at every jump with samples of the model: φ is normalised and nothing is stale",
    "docs: fluctuation theorem; paper Eqs. 20–22",
    measure="Σ(⟨exp(−d)⟩ − 1) over W",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)
ROUTES = Claim(
    "heat by two routes",
    "the heat added up step by step is S_n − S_0 − W",
    "docs: heat; paper Eqs. 23, 39",
    measure="difference over max(W, |ΔS|)",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)
LIMIT = Claim(
    "speed limit",
    "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps",
    "docs: length and speed limits",
    measure="work beyond the least over the work",
    bound=(-AGREEMENT, math.inf),
    concerns=Concern.RECORD,
)
ONE_SIDED = replace(LIMIT, name="one-sided speed limit", claim="W ≥ −2n ln cos(L/2n) after n jumps")
WORTH = Claim(
    "samples are worth their number",
    "weights never leave a handful of samples to speak for all",
    "docs: sampled ledger",
    measure="least effective samples over samples",
    bound=(EFFECTIVE, math.inf),
    concerns=Concern.COVERAGE,
)
FAR = "jump was so far that a few samples carry its weights, which leaves no error bar: record more often"

TOGETHER = 1 - (1 - LEVEL) / 2
"""Two rows share the samples."""


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """Rows on samples that were weighted from one step to the next; none where no weights were recorded."""
    if not reading.has("fluctuation_excess"):
        return (_worth(reading),) if reading.has("effective_sample_size") else ()
    share = reading.column("effective_sample_size")[1:]
    judged, near = int((share > WITHIN_REACH).sum()), bool(np.nanmin(share) > WITHIN_REACH)
    rows = [_fluctuation(reading, judged) if judged else FLUCTUATION.unchecked(f"every {FAR}.")]
    if reading.has("heat_stepwise"):
        rows.append(_routes(reading) if near else ROUTES.unchecked(f"a {FAR}."))
    if reading.has("length", "work_reverse"):
        # exact sums over next tokens reach as far as the model jumps
        known = near or reading.capability == "sequential"
        rows.append(_limit(reading) if known else LIMIT.unchecked(f"a {FAR}."))
    return (*rows, _worth(reading))


def _fluctuation(reading: SampledReading, judged: int) -> Finding:
    """⟨exp(−d)⟩ − 1 summed over the jumps within reach: the work that it feigns."""
    excess, scale = reading.at("fluctuation_excess"), max(reading.at("work").value, TINY)
    effect = Estimate(excess.value / scale, excess.error / scale, Kind.UNBIASED)
    verdict, interval, remark = agreement(effect, AGREEMENT, TOGETHER)
    return FLUCTUATION.tested(
        effect,
        interval,
        verdict=verdict,
        detail=(
            f"Over {judged} of {reading.records - 1} jumps, those within reach of the samples, {number(excess.value)} "
            f"± {number(excess.error)} nat.{remark} A φ that is not normalised, samples of another model, or supports "
            "that differ would move it."
        ),
    )


def _routes(reading: SampledReading) -> Finding:
    """Both routes share samples, so that adding their errors makes the interval rather too wide."""
    by_entropy, stepwise = reading.at("heat"), reading.at("heat_stepwise")
    gap, error = stepwise.value - by_entropy.value, math.hypot(stepwise.error, by_entropy.error)
    verdict, interval, remark = agreement(
        Estimate(gap / reading.flow, error / reading.flow, Kind.UNBIASED), AGREEMENT, TOGETHER
    )
    return ROUTES.tested(
        gap / reading.flow,
        interval,
        verdict=verdict,
        detail=f"Step by step less by entropies: {number(gap)} ± {number(error)} nat.{remark}",
    )


def _limit(reading: SampledReading) -> Finding:
    """What was paid over the least, with the errors of both.

    The length of sequences is that of prefix and next token, with the prefixes of the earlier model: it limits W alone.
    """
    one_sided = reading.capability == "sequential"
    length, jumps = reading.at("length"), reading.records - 1
    work, back = reading.at("work"), reading.at("work_reverse")
    paid = work.value if one_sided else 0.5 * (work.value + back.value)
    error = work.error if one_sided else 0.5 * math.hypot(work.error, back.error)
    limit = speed_limit_one_sided if one_sided else speed_limit
    least = limit(length.value, jumps)
    slope = limit(length.value + length.error, jumps) - least if length.error else 0.0
    excess, scale = Estimate(paid - least, math.hypot(error, slope), Kind.ASYMPTOTIC), max(paid, TINY)
    low, high = excess.interval(LEVEL)
    claim = ONE_SIDED if one_sided else LIMIT
    return claim.tested(
        excess.value / scale,
        (low / scale, high / scale),
        detail=f"At the end {number(paid, 4)} nat were paid where {number(least, 4)} would do.",
    )


def _worth(reading: SampledReading) -> Finding:
    share = reading.column("effective_sample_size")
    known = np.flatnonzero(np.isfinite(share))
    worst = int(known[share[known].argmin()]) if known.size else 0
    least = float(share[worst]) if known.size else math.nan
    return WORTH.tested(
        least,
        where=f"worst at step {int(reading.steps[worst]):,}",
        detail=(
            "Below, the model moved so far between two records that errors may be too small: record more often, or "
            "draw more samples."
        ),
    )
