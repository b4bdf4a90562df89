"""Data processing (Eq. 4) and M-info (Eq. 5): what its bounds let one say."""

from __future__ import annotations

import math

from szilard.studies.ensemble.evidence import EnsembleEvidence
from szilard.verdicts.finding import Concern, Finding, unchecked
from szilard.verdicts.rows import tested

UNBOUNDED = (
    "M-info has no upper bound here: ln K holds only where the K datasets are the population, the chain bound only "
    "where noise of known variance was added to the parameters."
)


def findings(evidence: EnsembleEvidence) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (
        unchecked(
            "memorised information", "M-info = I(Θ;B) = S(Θ)", "paper Eq. 5",
            "for a deterministic map S(Θ) is the entropy of its distinct outcomes, for others it is infinite or a "
            "differential entropy, which is neither and changes with the parametrisation: an exact system, or bounds.",
        ),
        _inequality(evidence),
        _proxy(evidence),
    )  # fmt: skip


def unbounded(evidence: EnsembleEvidence) -> str:
    """Why M-info has no upper bound."""
    return evidence.reason("m_info_upper") or UNBOUNDED


def _inequality(evidence: EnsembleEvidence) -> Finding:
    """A theorem, so a failure is the bounds'; the lower one is itself L-info, of several inputs jointly."""
    name, claim = "data processing", "M-info ≥ L-info: the lower bound of I(Θ;B) lies below the upper one"
    if not evidence.has("m_info_lower", "m_info_upper"):
        why = evidence.missing("info_data", "m_info_lower") or unbounded(evidence)
        return unchecked(name, claim, "paper Eq. 4", why, Concern.RECORD)
    lower, upper = evidence.at("m_info_lower"), evidence.column("m_info_upper")[-1]
    low, high = lower.interval()
    return tested(
        name,
        claim,
        "paper Eq. 4",
        measure="lower bound less upper bound, nat",
        effect=lower.value - upper,
        interval=(low - upper, high - upper),
        bound=(-math.inf, 0.0),
        where=evidence.when(),
        detail=f"M-info is at least {lower.value:.4g} and at most {upper:.4g} nat.",
        concerns=Concern.RECORD,
    )


def _proxy(evidence: EnsembleEvidence) -> Finding:
    """M-info lies between its bounds, so the interval runs from the one less the proxy to the other."""
    name, claim = "data processing for the proxy", "M-info ≥ I(X;Θ), as Eqs. 4 and 7 together say; no theorem"
    if not evidence.has("l_info") or not (evidence.has("m_info_lower") or evidence.has("m_info_upper")):
        return unchecked(name, claim, "paper Eqs. 4, 7", evidence.missing("l_info", "info_data", "m_info_lower"))
    proxy = evidence.at("l_info")
    lower = evidence.at("m_info_lower")
    least = max(lower.interval()[0], 0.0) if math.isfinite(lower.value) else 0.0
    upper = float(evidence.column("m_info_upper")[-1])
    most = upper if math.isfinite(upper) else math.inf
    low, high = proxy.interval()
    best = most if math.isfinite(most) else lower.value
    return tested(
        name,
        claim,
        "paper Eqs. 4, 7",
        measure="M-info less I(X;Θ), nat; the effect is what is most favourable to the claim",
        effect=best - proxy.value,
        interval=(least - high, most - low),
        bound=(0.0, math.inf),
        where=evidence.when(),
        detail=(
            f"I(X;Θ) = {proxy.value:.4g} nat; M-info is at least {least:.4g}"
            + (f" and at most {most:.4g} nat." if math.isfinite(most) else f" nat. {unbounded(evidence)}")
            + " The luck of the seed is in I(X;Θ) and not in M-info, so the proxy may exceed it."
        ),
    )
