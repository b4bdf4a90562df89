"""The measuring interval: whether work depends on it, and whether drift (learning) or diffusion did the work."""

from __future__ import annotations

import math
from typing import Any

from szilard.audit.bounds import DRIFT, FEWEST_JUMPS, LEVEL
from szilard.audit.drift import DriftShare, Motion, drift_share, no_learning
from szilard.audit.evidence import Evidence, entropy_change
from szilard.audit.finding import Basis, Concern, Finding, Verdict, judge
from szilard.estimate import format_with_error


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family, both from the same pair of intervals."""
    momentum = momentum_of(evidence.attributes.get("optimizer"))
    share = drift_share(evidence.ledger, momentum)
    if share is None:
        return (_dependence(None), _learning(None, evidence, momentum))
    return (_dependence(share), _learning(share, evidence, momentum))


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


def _dependence(share: DriftShare | None) -> Finding:
    """W(mc)/W(c) − 1, which is 0 when the interval does not matter."""
    interval, effect, detail, where = None, None, _too_few(), "whole run"
    verdict = Verdict.UNDECIDED
    if share is not None:
        scale = share.ratio - share.noise_ratio
        low, high = share.share.interval(LEVEL)
        shift = share.noise_ratio - 1
        interval = (low * scale + shift, high * scale + shift)
        effect = share.share.value * scale + shift
        where = f"{share.steps} steps"
        detail = (
            f"Merging {share.ratio} jumps of {share.interval} steps into one changes W by {effect:+.0%} "
            f"({share.jumps} merged jumps): quote W, Q and L with their interval."
        )
        if share.jumps >= FEWEST_JUMPS:
            verdict = judge(interval, (-DRIFT, DRIFT))
        else:
            detail += " " + _too_few()
    return Finding(
        name="independence of the interval",
        claim="work, heat and length belong to the run, however often it is measured",
        source="theory §1.5; paper Eqs. 38–39",
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


def _learning(share: DriftShare | None, evidence: Evidence, momentum: float) -> Finding:
    """Drift's share of the work: ``held`` when it exceeds its bound, ``failed`` when it stays under it."""
    interval, effect, detail, where = None, None, _too_few(), "whole run"
    verdict = Verdict.UNDECIDED
    if share is not None:
        interval, effect = share.share.interval(LEVEL), share.share.value
        where = f"{share.steps} steps, at intervals of {share.interval}"
        if share.jumps >= FEWEST_JUMPS:
            verdict = judge(interval, (DRIFT, math.inf))
            detail = describe(share, evidence, momentum)
    return Finding(
        name="drift",
        claim="the model moves in a direction (drift), it does not merely diffuse",
        source="theory §1.5",
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
    change = entropy_change(evidence.ledger, evidence.degrees_of_freedom)
    amount = format_with_error(share.share.value, share.share.error)
    said = {
        Motion.DRIFT: f"Drift: it makes up {amount} of the work",
        Motion.DIFFUSION: f"Diffusion: drift makes up {amount} of the work",
        Motion.RESTORING: f"Restoring: consecutive jumps undo one another (drift share {amount})",
        Motion.UNDECIDED: f"Undecided: the drift share is {amount}",
    }[share.motion]
    said += f" at jumps of {share.interval} steps; ΔS(X|Θ) = {format_with_error(change.value, change.error)} nat."
    if no_learning(evidence.ledger, share):
        said += f" No learning visible: W grows with the steps (second half over first: {share.linearity:.2f})."
    if momentum:
        said += f" Allowed for: momentum {momentum:g}."
    return said
