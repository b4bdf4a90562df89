"""Samples that serve several steps by their weights: fluctuation theorem, a second route to heat, their worth."""

from __future__ import annotations

import math

import numpy as np

from szilard.audit.agreement import agreement
from szilard.audit.bounds import AGREEMENT, EFFECTIVE, LEVEL, WITHIN_REACH
from szilard.audit.finding import Basis, Concern, Finding, unchecked
from szilard.audit.rows import tested
from szilard.audit.sampled.evidence import TINY, SampledEvidence
from szilard.estimate import Estimate, Kind
from szilard.ledger import speed_limit

ROUTES = "heat by two routes"
ROUTES_CLAIM = "the heat added up step by step is S_n − S_0 − W"
ROUTES_SOURCE = "docs: heat; paper Eqs. 23, 39"

TOGETHER = 1 - (1 - LEVEL) / 2
"""Two rows share the samples."""


def findings(evidence: SampledEvidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    rows = []
    if evidence.has("fluctuation_excess"):
        rows.append(_fluctuation(evidence))
    if evidence.has("heat_stepwise") and _within_reach(evidence):
        rows.append(_routes(evidence))
    if evidence.has("length", "work_reverse"):
        rows.append(_limit(evidence))
    if evidence.has("effective_sample_size"):
        rows.append(_worth(evidence))
        if evidence.has("heat_stepwise") and not _within_reach(evidence):
            why = "a jump was so far that a few samples carry its weights: record more often to compare both routes."
            rows.append(unchecked(ROUTES, ROUTES_CLAIM, ROUTES_SOURCE, why, Concern.RECORD))
    return tuple(rows)


def _fluctuation(evidence: SampledEvidence) -> Finding:
    """⟨exp(−d)⟩ − 1 summed over jumps: the work that it feigns."""
    excess, scale = evidence.at_end("fluctuation_excess"), max(evidence.at_end("work").value, TINY)
    effect = Estimate(excess.value / scale, excess.error / scale, Kind.UNBIASED)
    verdict, interval, remark = agreement(effect, AGREEMENT, TOGETHER)
    return Finding(
        name="fluctuation theorem, sampled",
        claim="⟨exp(−d)⟩ = 1 at every jump with samples of the model: φ is normalised and nothing is stale",
        source="docs: fluctuation theorem; paper Eqs. 20–22",
        basis=Basis.TESTED,
        concerns=Concern.RECORD,
        measure="Σ(⟨exp(−d)⟩ − 1) over W",
        effect=effect.value,
        interval=interval,
        bound=(-AGREEMENT, AGREEMENT),
        verdict=verdict,
        detail=(
            f"Over {evidence.records - 1} jumps {excess.value:.2g} ± {excess.error:.2g} nat.{remark} A φ that is not "
            "normalised, samples of another model, or supports that differ would move it."
        ),
    )


def _within_reach(evidence: SampledEvidence) -> bool:
    """Whether no jump was so far that a few samples carry its weights: of those an error bar knows nothing."""
    share = evidence.column("effective_sample_size")
    return bool(np.nanmin(share) > WITHIN_REACH)


def _routes(evidence: SampledEvidence) -> Finding:
    """Both routes share samples, so that adding their errors makes the interval rather too wide."""
    by_entropy, stepwise = evidence.at_end("heat"), evidence.at_end("heat_stepwise")
    gap, error = stepwise.value - by_entropy.value, math.hypot(stepwise.error, by_entropy.error)
    verdict, interval, remark = agreement(
        Estimate(gap / evidence.flow, error / evidence.flow, Kind.UNBIASED), AGREEMENT, TOGETHER
    )
    return Finding(
        name=ROUTES,
        claim=ROUTES_CLAIM,
        source=ROUTES_SOURCE,
        basis=Basis.TESTED,
        concerns=Concern.RECORD,
        measure="difference over max(W, |ΔS|)",
        effect=gap / evidence.flow,
        interval=interval,
        bound=(-AGREEMENT, AGREEMENT),
        verdict=verdict,
        detail=f"Step by step less by entropies: {gap:.2g} ± {error:.2g} nat.{remark}",
    )


def _limit(evidence: SampledEvidence) -> Finding:
    """What was paid over the least, with the errors of both: L and W come from the same samples."""
    length, jumps = evidence.at_end("length"), evidence.records - 1
    paid = 0.5 * (evidence.at_end("work").value + evidence.at_end("work_reverse").value)
    error = 0.5 * math.hypot(evidence.at_end("work").error, evidence.at_end("work_reverse").error)
    least = speed_limit(length.value, jumps)
    slope = (speed_limit(length.value + length.error, jumps) - least) if length.error else 0.0
    excess = Estimate(paid - least, math.hypot(error, slope), Kind.ASYMPTOTIC)
    low, high = excess.interval(LEVEL)
    scale = max(paid, TINY)
    return tested(
        "speed limit",
        "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps",
        "docs: length and speed limits",
        measure="work beyond the least over the work",
        effect=excess.value / scale,
        interval=(low / scale, high / scale),
        bound=(-AGREEMENT, math.inf),
        where="whole run",
        detail=f"At the end {paid:.4g} nat were paid where {least:.4g} would do.",
        concerns=Concern.RECORD,
    )


def _worth(evidence: SampledEvidence) -> Finding:
    share = evidence.column("effective_sample_size")
    known = np.flatnonzero(np.isfinite(share))
    worst = int(known[share[known].argmin()]) if known.size else 0
    least = float(share[worst]) if known.size else math.nan
    return tested(
        "samples are worth their number",
        "weights never leave a handful of samples to speak for all",
        "docs: sampled ledger",
        measure="least effective samples over samples",
        effect=least,
        interval=(least, least),
        bound=(EFFECTIVE, math.inf),
        where=f"worst at step {int(evidence.steps[worst]):,}",
        detail=(
            "Below, the model moved so far between two records that errors may be too small: record more often, or "
            "draw more samples."
        ),
        concerns=Concern.COVERAGE,
    )
