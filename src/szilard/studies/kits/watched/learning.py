"""The outcome of a training: whether the model learned, told from its entropy and its labels, not from its work.

The work speaks of the jumps at one measuring interval; it cannot say that nothing was learned.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import number, with_error
from szilard.studies.kits.watched.drift import DriftShare, Motion
from szilard.verdicts.bounds import BY_CHANCE, CERTAIN_ERRORS, DRIFT, FEWEST_BLOCKS, LEVEL, STILL

if TYPE_CHECKING:
    import xarray as xr


class Outcome(enum.StrEnum):
    """What became of the model between the first record and the last."""

    LEARNED = "The model learned"
    """Cross-entropy or accuracy on the probe's labels (without labels: the training's loss) became surely better."""
    WORSE = "The model changed for the worse"
    """They became surely worse, and none better."""
    CHANGED = "The model changed"
    """Only the entropy moved surely out of its bound; nothing says whether for the better."""
    NOTHING = "No learning visible"
    """Neither the entropy nor the labels nor, without labels, the loss changed beyond chance."""


def outcome_of(ledger: xr.Dataset) -> Outcome:
    """Whether the model learned, from the change of each quantity with its error.

    A change of accuracy or cross-entropy counts above 3 of its errors, and only where it is also larger than what
    untrained models differ by: errors over inputs know nothing of the chance that is common to all of them.
    """
    signs = _judged(ledger)
    if 1 in signs:
        return Outcome.LEARNED
    if -1 in signs:
        return Outcome.WORSE
    low, high = _entropy_change(ledger).interval(LEVEL)
    bound = STILL * float(ledger["entropy_conditional"].values[0]) if ledger.sizes["step"] else math.nan
    return Outcome.CHANGED if low > bound or high < -bound else Outcome.NOTHING


def no_learning(ledger: xr.Dataset, share: DriftShare | None) -> bool:
    """Whether nothing speaks of learning: no drift to be seen, the conditional entropy where it was, nothing learned.

    The interval of the drift share must reach down to 0 and stay under its bound, and that of ΔS must stay within a
    stated share of the first entropy. Diffusion over a long run changes the entropy, so the converse need not hold.
    """
    if share is None or not share.enough or outcome_of(ledger) is not Outcome.NOTHING:
        return False
    low, high = share.share.interval(LEVEL)
    most = max(abs(end) for end in _entropy_change(ledger).interval(LEVEL))
    return bool(low <= 0 and high < DRIFT and most <= STILL * float(ledger["entropy_conditional"].values[0]))


def in_words(ledger: xr.Dataset, share: DriftShare | None) -> str:
    """The outcome in a sentence with numbers, and what it says of the work; the last word on a run.

    Example: ``"The model learned: ΔS -2.220 ± 0.010 nat, accuracy 11 % → 97.0 ± 0.9 %; at jumps of 80 steps noise, not
    learning, made most of the work."``
    """
    outcome = outcome_of(ledger)
    if outcome is Outcome.NOTHING:
        grows = ""
        if share is not None and no_learning(ledger, share):
            grows = f"W grows with the steps (second half over first: {share.linearity:.2f}), "
        return f"{outcome}: {grows}{numbers(ledger)}."
    unknown = ""
    if outcome is Outcome.CHANGED:
        labelled = "accuracy" in ledger or "cross_entropy" in ledger
        unknown = "; nothing shows that it got better" if labelled else "; without labels none can say for the better"
    work = f"; {said}" if (said := _of_the_work(share)) else ""
    return f"{outcome}: {numbers(ledger)}{unknown}{work}."


def _of_the_work(share: DriftShare | None) -> str:
    """Whether drift or noise made most of the work at its interval; empty where that is open."""
    if share is None or not share.enough:
        return ""
    low, high = share.share.interval(LEVEL)
    at = f"at jumps of {share.interval} step{'s' if share.interval > 1 else ''}"
    if low > 0.5:
        return f"{at} drift made most of the work"
    if high < 0.5 and not share.less_alike:
        maker = "jumps that undo one another" if share.motion is Motion.RESTORING else "noise"
        return f"{at} {maker}, not learning, made most of the work"
    return ""


def numbers(ledger: xr.Dataset) -> str:
    """ΔS, and accuracy, cross-entropy or loss from first to last, those that were recorded."""
    change = _entropy_change(ledger)
    said = [f"ΔS {with_error(change.value, change.error)} nat"]
    if accuracy := _ends(ledger, "accuracy"):
        first, final = accuracy
        said.append(f"accuracy {number(100 * first.value, 3)} % → {with_error(100 * final.value, 100 * final.error)} %")
    if entropy := _ends(ledger, "cross_entropy"):
        first, final = entropy
        said.append(f"cross-entropy {number(first.value, 4)} → {with_error(final.value, final.error)} nat")
    if len(said) == 1 and (loss := _loss(ledger)):
        said.append(f"loss {number(loss[0].value, 3)} → {number(loss[1].value, 3)}")
    return ", ".join(said)


def _judged(ledger: xr.Dataset) -> list[int]:
    """+1 for a sure change for the better, −1 for the worse, 0 for none, of each quantity that was recorded."""
    judged = []
    if accuracy := _ends(ledger, "accuracy"):
        judged.append(_direction(*accuracy, BY_CHANCE))
    if entropy := _ends(ledger, "cross_entropy"):
        judged.append(-_direction(*entropy, STILL * abs(entropy[0].value)))
    if not judged and (loss := _loss(ledger)):
        judged.append(-_direction(*loss, STILL * abs(loss[0].value)))
    return judged


def _direction(first: Estimate, final: Estimate, least: float) -> int:
    """The sign of a change larger than ``least`` and than 3 errors of two independent values; 0 otherwise."""
    change = final.value - first.value
    sure = abs(change) > CERTAIN_ERRORS * math.hypot(first.error, final.error) and abs(change) > least
    return int(math.copysign(1, change)) if sure else 0


def _entropy_change(ledger: xr.Dataset) -> Estimate:
    """ΔS from the first row to the last; NaN where there is none."""
    if "entropy_change" not in ledger or not ledger.sizes["step"]:
        return Estimate(math.nan, math.nan, Kind.EXACT)
    error = float(ledger["entropy_change_error"].values[-1]) if "entropy_change_error" in ledger else 0.0
    return Estimate(float(ledger["entropy_change"].values[-1]), error, Kind.EXACT)


def _ends(ledger: xr.Dataset, name: str) -> tuple[Estimate, Estimate] | None:
    """First and last finite value of a column; None with fewer than two."""
    if name not in ledger or f"{name}_error" not in ledger:
        return None
    values = np.asarray(ledger[name].values, dtype=float)
    errors = np.asarray(ledger[f"{name}_error"].values, dtype=float)
    known = np.flatnonzero(np.isfinite(values) & np.isfinite(errors))
    if len(known) < 2:
        return None
    first, final = (Estimate(float(values[row]), float(errors[row]), Kind.UNBIASED) for row in known[[0, -1]])
    return first, final


def _loss(ledger: xr.Dataset) -> tuple[Estimate, Estimate] | None:
    """Mean loss of the first and of the last few records, each with an error from their scatter."""
    values = np.asarray(ledger["loss"].values, dtype=float) if "loss" in ledger else np.empty(0)
    values = values[np.isfinite(values)]
    if len(values) < 2 * FEWEST_BLOCKS:
        return None
    first, final = (
        Estimate(float(part.mean()), float(part.std(ddof=1)) / math.sqrt(len(part)), Kind.UNBIASED)
        for part in (values[:FEWEST_BLOCKS], values[-FEWEST_BLOCKS:])
    )
    return first, final
