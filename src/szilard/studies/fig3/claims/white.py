"""White noise (Fig. 3d): whether the noise of one step tells of that of another."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.reservoir.contrasts import largest_effect
from szilard.studies.fig3.claims.rows import at
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.parameters.statements import WHITE
from szilard.verdicts.finding import Finding


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """A row for each batch size."""
    return tuple(_at(reading, batch) for batch in range(len(reading.batches)))


def _at(reading: Fig3Reading, batch: int) -> Finding:
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
