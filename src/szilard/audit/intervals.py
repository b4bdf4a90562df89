"""The measuring interval: whether work depends on it, and whether drift (learning) or diffusion did the work."""

from __future__ import annotations

import math
from typing import Any

from szilard.audit.bounds import DRIFT, FEWEST_JUMPS, LEVEL
from szilard.audit.drift import DriftShare, Motion, drift_share, drift_shares, no_learning
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Basis, Concern, Finding, Interval, Verdict, judge
from szilard.audit.phases import in_words, phases
from szilard.estimate import format_with_error


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    momentum = momentum_of(evidence.attributes.get("optimizer"))
    return (_dependence(evidence, momentum), _learning(evidence, momentum))


def momentum_of(optimizer: Any) -> float:
    """β of the optimiser as recorded: SGD's ``momentum`` or the first of Adam's ``betas``; 0 where there is none."""
    settings = dict(optimizer) if isinstance(optimizer, dict) else {}
    nested = settings.get("defaults")
    settings |= nested if isinstance(nested, dict) else {}
    betas = settings.get("betas")
    beta = betas[0] if isinstance(betas, list | tuple) and betas else settings.get("momentum", 0.0)
    return min(float(beta), 0.9999) if isinstance(beta, int | float) and beta > 0 else 0.0


def _too_few() -> str:
    return (
        f"Two intervals, one a multiple of the other, with {FEWEST_JUMPS} jumps at the coarser are needed: "
        "train longer, or give finer path_intervals."
    )


def _dependence(evidence: Evidence, momentum: float) -> Finding:
    """W(mc)/W(c) − 1 for every pair of intervals, 0 where it does not matter; the row shows the clearest departure."""
    shares = [share for share in drift_shares(evidence.ledger, momentum) if share.jumps >= FEWEST_JUMPS]
    intervals = [_change_of_work(share, 1 - (1 - LEVEL) / len(shares)) for share in shares]
    verdicts = {judge(interval, (-DRIFT, DRIFT)) for interval in intervals}
    verdict, interval, effect, where, detail = Verdict.UNDECIDED, None, None, "whole run", _too_few()
    if shares:
        clearest = max(range(len(shares)), key=lambda index: max(intervals[index][0], -intervals[index][1]))
        share, interval = shares[clearest], intervals[clearest]
        effect = share.share.value * (share.ratio - share.noise_ratio) + share.noise_ratio - 1
        where = f"{share.steps} steps"
        detail = (
            f"Merging {share.ratio} jumps of {share.interval} steps into one changes W by {effect:+.0%} "
            f"({share.jumps} merged jumps; the clearest of {len(shares)} pairs, allowed for): "
            "quote W, Q and L with their interval."
        )
        if Verdict.FAILED in verdicts:
            verdict = Verdict.FAILED
        elif verdicts == {Verdict.HELD}:
            verdict = Verdict.HELD
    return Finding(
        name="independence of the interval",
        claim="work, heat and length belong to the run, however often it is measured",
        source="docs: measuring interval; paper Eqs. 38–39",
        basis=Basis.TESTED,
        concerns=Concern.THEORY,
        measure="W at the coarser interval over W at the finer, minus 1",
        effect=effect,
        interval=interval,
        bound=(-DRIFT, DRIFT),
        verdict=verdict,
        where=where,
        detail=detail,
    )


def _change_of_work(share: DriftShare, level: float) -> Interval:
    """The interval of W(mc)/W(c) − 1 from that of the share."""
    low, high = share.share.interval(level)
    scale, shift = share.ratio - share.noise_ratio, share.noise_ratio - 1
    return (low * scale + shift, high * scale + shift)


def _learning(evidence: Evidence, momentum: float) -> Finding:
    """Drift's share of the work: ``held`` when it exceeds its bound, ``failed`` when it stays under it."""
    share = drift_share(evidence.ledger, momentum)
    interval, effect, detail, where = None, None, _too_few(), "whole run"
    verdict = Verdict.UNDECIDED
    if share is not None and share.jumps >= FEWEST_JUMPS:
        interval, effect = share.share.interval(LEVEL), share.share.value
        where = f"{share.steps} steps, at intervals of {share.interval}"
        verdict = judge(interval, (DRIFT, math.inf))
        detail = f"{describe(share, evidence, momentum)} {_in_phases(evidence, momentum)}".strip()
    return Finding(
        name="drift",
        claim="the model moves in a direction (drift), it does not merely diffuse",
        source="docs: measuring interval",
        basis=Basis.TESTED,
        concerns=Concern.THEORY,
        measure="share of drift in the work",
        effect=effect,
        interval=interval,
        bound=(DRIFT, math.inf),
        verdict=verdict,
        where=where,
        detail=detail,
    )


def describe(share: DriftShare, evidence: Evidence, momentum: float) -> str:
    """What moved the model, in words with numbers."""
    change = evidence.at_end("entropy_change")
    amount = format_with_error(share.share.value, share.share.error)
    said = {
        Motion.DRIFT: f"Drift: it makes up {amount} of the work",
        Motion.DIFFUSION: f"Diffusion: drift makes up {amount} of the work",
        Motion.NO_DRIFT: f"No drift, whether or not jumps undo one another: it makes up {amount} of the work",
        Motion.RESTORING: f"Restoring: consecutive jumps undo one another (drift share {amount})",
        Motion.UNDECIDED: f"Drift or diffusion undecided: drift's share of the work is {amount}",
    }[share.motion]
    said += f" at jumps of {share.interval} steps; ΔS(X|Θ) = {format_with_error(change.value, change.error)} nat."
    if no_learning(evidence.ledger, share):
        said += f" No learning visible: W grows with the steps (second half over first: {share.linearity:.2f})."
    if momentum:
        said += f" Allowed for: momentum {momentum:g}."
    return said


def _in_phases(evidence: Evidence, momentum: float) -> str:
    """What the parts of the run say on their own, where there are several."""
    said = in_words(phases(evidence.ledger, momentum))
    return f"By phases: {said}." if said else ""
