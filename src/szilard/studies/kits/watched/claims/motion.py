"""The measuring interval: whether work depends on it, and whether drift (learning) or diffusion did the work."""

from __future__ import annotations

import math

from szilard.numbers import percent
from szilard.studies.kits.watched.drift import DriftShare, Motion
from szilard.studies.kits.watched.learning import in_words as outcome_in_words
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.studies.kits.watched.words import by_phases, describe
from szilard.verdicts.bounds import DRIFT, FEWEST_JUMPS, LEVEL
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding, Interval, Verdict, judge

INDEPENDENCE = Claim(
    "independence of the interval",
    "work, heat and length belong to the run, however often it is measured",
    "docs: measuring interval; paper Eqs. 38–39",
    measure="W at the coarser interval over W at the finer, minus 1",
    bound=(-DRIFT, DRIFT),
)
DRIFTS = Claim(
    "drift",
    "consecutive jumps point the same way at this interval",
    "docs: measuring interval",
    measure=f"drift's share of the work; below {DRIFT:g} a doubled interval changes W by < {percent(DRIFT)}",
    bound=(DRIFT, math.inf),
    at_interval=True,
)


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    return (_dependence(reading), _learning(reading))


def _too_few() -> str:
    return (
        f"Two intervals, one a multiple of the other, with {FEWEST_JUMPS} jumps at the coarser are needed: "
        "train longer, or give finer path_intervals."
    )


def _dependence(reading: WatchedReading) -> Finding:
    """W(mc)/W(c) − 1 for every pair of intervals, 0 where it does not matter; the row shows the clearest departure."""
    shares = [share for share in reading.drift_shares if share.enough]
    intervals = [_change_of_work(share, 1 - (1 - LEVEL) / len(shares)) for share in shares]
    verdicts = {judge(interval, INDEPENDENCE.bound) for interval in intervals}
    verdict, interval, effect, where, detail = Verdict.UNDECIDED, None, None, "whole run", _too_few()
    if shares:
        clearest = max(range(len(shares)), key=lambda index: max(intervals[index][0], -intervals[index][1]))
        share, interval = shares[clearest], intervals[clearest]
        effect = share.work_ratio - 1
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
    return INDEPENDENCE.tested(effect, interval, where=where, detail=detail, verdict=verdict)


def _change_of_work(share: DriftShare, level: float) -> Interval:
    """The interval of W(mc)/W(c) − 1 from that of the share."""
    low, high = share.share.interval(level)
    scale, shift = share.ratio - share.noise_ratio, share.noise_ratio - 1
    return (low * scale + shift, high * scale + shift)


def _learning(reading: WatchedReading) -> Finding:
    """Drift's share of the work: ``held`` above its bound, ``failed`` only where the motion is really diffusion.

    A share below 0 refutes nothing: relaxation cancels the cross terms of a drift as well.
    """
    share = reading.drift_share
    interval, effect, where, verdict = None, None, "whole run", Verdict.UNDECIDED
    said = [_too_few()]
    if share is not None and share.jumps >= FEWEST_JUMPS:
        interval, effect = share.share.interval(LEVEL), share.share.value
        where = f"{share.steps} steps, at intervals of {share.interval}"
        if share.motion in (Motion.DRIFT, Motion.DIFFUSION):
            verdict = judge(interval, DRIFTS.bound)
        said = [describe(share, reading.momentum), by_phases(reading)]
    if reading.whole:
        said.append(outcome_in_words(reading.rows, share))
    return DRIFTS.tested(effect, interval, where=where, detail=" ".join(filter(None, said)), verdict=verdict)
