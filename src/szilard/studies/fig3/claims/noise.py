"""The noise along the training (Figs. 3c, 3d): whether its variance stays what it is, and whether it is white."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from szilard.numbers import number
from szilard.reservoir.contrasts import Largest, largest_effect
from szilard.studies.fig3.claims.rows import at, steps, too_few
from szilard.studies.fig3.reading import STRETCHES, Fig3Reading, log_ratio
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.verdicts.bounds import STEADY
from szilard.verdicts.finding import Finding


class Change(NamedTuple):
    """The largest change of ln c between stretches of the training.

    Attributes:
        largest: with its simultaneous interval.
        signed: the change itself, later less earlier.
        between: the places of the two stretches.
    """

    largest: Largest
    signed: float
    between: tuple[int, int]


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """Two rows for each batch size."""
    every = range(len(reading.batches))
    return (*(_stationary(reading, batch) for batch in every), *(_white(reading, batch) for batch in every))


def change_of(reading: Fig3Reading, batch: int, first: int = 0, group: int = 0) -> Change | None:
    """Between stretches from the evenly spaced record ``first`` on; None with too few records or members."""
    if len(reading.even) - first < STRETCHES or too_few(reading, batch):
        return None
    means = reading.in_stretches("noise_variance", batch, first)[..., group]
    if not (means > 0).all():
        return None
    pairs = list(itertools.combinations(range(STRETCHES), 2))
    found = [log_ratio(means[:, later], means[:, earlier]) for earlier, later in pairs]
    values, errors = (np.array(each) for each in zip(*found, strict=True))
    largest = largest_effect(values, errors, len(means) - 1)
    (place,) = largest.where
    return Change(largest, float(values[place]), pairs[place])


def steady_from(reading: Fig3Reading, batch: int) -> int | None:
    """The first step from which on the noise is stationary within the bound; None where there is none.

    Looked for among halves, quarters, … of the records, so that the level of its interval keeps its meaning.
    """
    count, first = len(reading.even), 0
    while count - first >= STRETCHES:
        change = change_of(reading, batch, first)
        if change is not None and change.largest.within(STEADY):
            return int(reading.steps[reading.even[first]])
        first += max(1, (count - first) // 2)
    return None


def _stationary(reading: Fig3Reading, batch: int) -> Finding:
    claim = at(STATIONARY, reading, batch)
    if why := too_few(reading, batch):
        return claim.unchecked(why)
    change = change_of(reading, batch)
    if change is None:
        return claim.unchecked(f"Fewer than {STRETCHES} records lie evenly along the training: record more often.")
    earlier, later = (reading.stretches()[place] for place in change.between)
    start, noise = reading.steps[0], reading.mean("noise_variance", batch).value[:, 0]
    since = "" if noise[0] <= 0 else f" Since step {start:,} it is {number(noise[-1] / noise[0], 3)} times as large."
    held = steady_from(reading, batch)
    when = "It is at no time within the bound." if held is None else f"From step {held:,} on it is within the bound."
    return claim.tested(
        change.largest.value,
        change.largest.interval,
        measure=f"largest |Δ ln c| between two of {STRETCHES} stretches",
        where=f"{steps(reading, later)} against {steps(reading, earlier)}",
        detail=f"The variance is {number(math.exp(change.signed), 3)} times as large there.{since} {when}",
    )


def _white(reading: Fig3Reading, batch: int) -> Finding:
    claim = at(WHITE, reading, batch)
    lags = reading.lags
    if len(lags) < 2:
        return claim.unchecked("No lag but 0 was recorded: give lags of 1 and more.")
    try:
        over_all = reading.autocorrelation(batch)
    except ValueError:
        return claim.unchecked("Fewer than two members were correlated.")
    largest = largest_effect(over_all.value[1:], over_all.error[1:], over_all.degrees_of_freedom)
    lag = int(lags[1:][largest.where[0]])
    rho = over_all.value[1:][largest.where[0]]
    starts = reading.starts
    seen, noise = (float(np.sqrt(np.mean(np.square(each[1:])))) for each in (over_all.value, over_all.error))
    return claim.tested(
        largest.value,
        largest.interval,
        measure=f"largest |autocorrelation| over {len(lags) - 1} lags",
        where=f"lag {lag}, mean over starts at step {', '.join(f'{start:,}' for start in starts)}",
        detail=(
            f"ρ({lag}) = {rho:.3f}. Root mean square over lags: {seen:.3f}, of which errors alone make {noise:.3f}. "
            f"{_drawn(reading, batch)}"
        ),
    )


def _drawn(reading: Fig3Reading, batch: int) -> str:
    """What the drawing of batches does by itself, and how far the lags reach."""
    last = int(reading.lags[-1])
    if (exact := reading.shuffled(batch)) is not None:
        epoch = reading.epoch(batch)
        return (
            f"Shuffled epochs of {epoch:,} batches leave {number(exact[1], 3)} at lag {int(reading.lags[1])} by "
            f"themselves, at frozen parameters, and nothing from lag {epoch:,} on; lags reach to {last:,}."
        )
    if reading.attributes.get("shuffle") != "replacement":
        return f"Lags reach to {last:,}."
    return f"Batches drawn with replacement are independent, whatever the loss is like; lags reach to {last:,}."
