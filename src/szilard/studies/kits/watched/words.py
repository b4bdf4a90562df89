"""What a watched training says, in words with numbers: the table of its ledger, its first law and what moved it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies.kits.watched.between import between
from szilard.studies.kits.watched.drift import DriftShare, Motion
from szilard.studies.kits.watched.phases import in_words
from szilard.studies.kits.watched.reading import WatchedReading

UNITS = {"nat**0.5": "nat^½"}
"""As they are printed, where that differs from the record."""

NOT_DEFINED = "no record yet that is defined."
"""In place of the ledger."""
NO_LEDGER = "none: add szilard.Ledger() to measures for work, heat and entropy."
"""In its place where the run was watched by other measures only."""
NOTHING_YET = "Fewer than two records hold finite numbers, so there is nothing to account for yet."

TOO_FEW = "too few jumps to tell drift from diffusion."

Quantity = tuple[str, str, str]
"""Symbol, words and column."""


def ledger_table(reading: WatchedReading, quantities: Sequence[Quantity], note: str) -> list[str]:
    """Lines with the value of each quantity at the last record, signs aligned; bounded ones as their two ends.

    Args:
        reading: of a record with a row or more.
        quantities: in this order; those without a number in the record are left out.
        note: what the numbers are, over the table.
    """
    table = []
    for symbol, words, column in quantities:
        if not reading.has(column):
            continue
        attributes = reading.rows[column].attrs
        units, kind = (str(attributes.get(key, "")) for key in ("units", "kind"))
        end = reading.at(column)
        amount = with_error(end.value, end.error)
        if (bounds := between(reading, column)) is not None:
            below, above = bounds.below, with_error(bounds.above.value, bounds.above.error)
            amount, kind = f"{with_error(below.value, below.error)} … {above}", "lower … upper"
            if bounds.vacuous:
                amount, kind = f"0 … {above}", "upper (the bound from below says nothing)"
        table.append((symbol, words, amount if amount.startswith("-") else f" {amount}", UNITS.get(units, units), kind))
    first, third = (max((len(row[place]) for row in table), default=0) for place in (0, 2))
    return [f"  {note}", ""] + [
        f"  {symbol:<{first}}  {words:33} {amount:<{third}}  {units:6} {kind}"
        for symbol, words, amount, units, kind in table
    ]


def set_aside(reading: WatchedReading) -> list[str]:
    """What the terminal has to confess of rows that were left out, as remarks; none where all are defined."""
    rows = [f"{reading.undefined} record(s) are undefined (NaN) and were left out."] if reading.undefined else []
    return [*rows, *loss_gaps(reading)]


def loss_gaps(reading: WatchedReading) -> list[str]:
    """What there is to say of losses that were not finite, as a remark; none where there were none."""
    gaps = reading.attributes.get("loss_gaps")
    if not isinstance(gaps, int) or gaps < 1:
        return []
    return [f"{gaps:,} training {'step' if gaps == 1 else 'steps'} had no finite loss, of a model that was finite."]


def first_law(reading: WatchedReading) -> str:
    """The largest |W + Q − ΔU| over the records, absolute and relative to the largest term."""
    work, heat, energy = (reading.column(name) for name in ("work", "heat", "energy"))
    change = energy - energy[0]
    residual = float(np.abs(work + heat - change).max())
    scale = float(max(np.abs(work).max(), np.abs(heat).max(), np.abs(change).max()))
    relative = f", {number(residual / scale)} of the largest term" if scale > 0 else ""
    return f"W + Q − ΔU is at most {number(residual)} nat at any record{relative}"


def motion(reading: WatchedReading) -> str:
    """What moved the model at the interval to judge by."""
    share = reading.drift_share
    return TOO_FEW if share is None else describe(share, reading.momentum)


def by_phases(reading: WatchedReading) -> str:
    """What moved the model in each part of the training, as a sentence; empty where there are not several."""
    said = in_words(reading.phases)
    return f"By phases, each at its own coarsest interval: {said}." if said else ""


def describe(share: DriftShare, momentum: float) -> str:
    """What moved the model at this interval, in words with numbers: the share, R and, with momentum, r of noise."""
    amount = with_error(share.share.value, share.share.error)
    hidden = "jumps that undo one another can hide a drift beneath them"
    said = {
        Motion.DRIFT: f"Drift: it makes up {amount} of the work",
        Motion.DIFFUSION: f"Diffusion: drift makes up {amount} of the work",
        Motion.NO_DRIFT: f"No net drift ({amount} of the work), but {hidden},",
        Motion.RESTORING: f"Restoring (drift share {amount}): {hidden},",
        Motion.UNDECIDED: f"Drift or diffusion undecided: drift's share of the work is {amount}",
    }[share.motion]
    if share.less_alike:
        said = f"Undecided: jumps are less alike than momentum alone would make white noise (drift share {amount})"
    elif not share.enough:
        said += ", too few jumps made the work to tell,"
    coarse = share.ratio * share.interval
    said += f" at jumps of {_steps(share.interval)} (R = W({coarse})/W({share.interval}) = {share.work_ratio:.2f}"
    if momentum:
        said += f"; white noise under momentum {momentum:g} has r = {share.noise_ratio:.2f}"
    return said + ")."


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
