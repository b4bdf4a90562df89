"""Low variance (Eq. 9, Fig. 3a and b): whether one training stands for all."""

from __future__ import annotations

import math

import numpy as np

from szilard.distributions import chi_square_quantile
from szilard.numbers import number, percent
from szilard.studies.fig3.claims.rows import at, too_few
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.bounds import CONFINED, LEVEL, LOW_VARIANCE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding, Interval

ACCURACY = Claim(
    "low variance of the accuracy",
    "the accuracy of one training stands for that of all",
    "paper Eq. 9, Fig. 3b, §6.2",
    measure="standard deviation over trainings, over their mean",
    bound=(-math.inf, LOW_VARIANCE),
)
PARAMETERS = Claim(
    "confined parameters",
    "parameters stay in a small region, the same for all trainings",
    "paper Fig. 3a, §6.2",
    measure="root mean square of θ_n − θ_0, over the spread of θ_0",
    bound=(-math.inf, CONFINED),
)


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """Two rows for each batch size."""
    every = range(len(reading.batches))
    return (*(_accuracy(reading, batch) for batch in every), *(_parameters(reading, batch) for batch in every))


def _accuracy(reading: Fig3Reading, batch: int) -> Finding:
    """Standard deviation over members at the last record, over their mean."""
    claim = at(ACCURACY, reading, batch)
    if why := too_few(reading, batch):
        return claim.unchecked(why)
    mean, spread = reading.mean("accuracy", batch).value, reading.spread("accuracy", batch)
    members = int(reading.alive(batch).sum())
    relative = spread / mean
    worst = int(np.argmax(relative))
    return claim.tested(
        relative[-1],
        deviation_interval(float(relative[-1]), members),
        where=f"step {reading.steps[-1]:,}",
        detail=(
            f"{mean[-1]:.3f} with a spread of {number(spread[-1])} over {members} trainings; the spread was widest at "
            f"step {reading.steps[worst]:,}, {percent(relative[worst])} of the mean."
        ),
    )


def _parameters(reading: Fig3Reading, batch: int) -> Finding:
    """Root mean square of the way from the start, over the spread of the starts; over the paths that were kept."""
    claim = at(PARAMETERS, reading, batch)
    if why := too_few(reading, batch):
        return claim.unchecked(why)
    drift = reading.drift(batch)
    starts = np.asarray(reading.paths["theta"].values, dtype=float)[0, batch][reading.alive(batch)]
    scale = float(starts.std(0, ddof=1).mean())
    if not scale > 0:
        return claim.unchecked("all trainings start from the same parameters.")
    members, parameters = drift.shape[1:]
    ratio = float(np.sqrt(np.square(drift[-1]).mean())) / scale
    reach = np.abs(drift).max()
    return claim.tested(
        ratio,
        deviation_interval(ratio, members * parameters),
        where=f"step {int(reading.paths['step'].values[-1]):,}",
        detail=(
            f"{parameters} parameters of the last layer in {members} trainings: they moved by {number(ratio * scale)} "
            f"(root mean square) and at most by {number(reach)}; at the start they were spread by {number(scale)}."
        ),
    )


def deviation_interval(deviation: float, count: int) -> Interval:
    """The 95 % interval of a standard deviation from ``count`` independent normal numbers, by χ².

    Example:
        >>> low, high = deviation_interval(1.0, 50)
        >>> round(low, 2), round(high, 2)
        (0.84, 1.25)
    """
    ends = [chi_square_quantile(0.5 + side * LEVEL / 2, count - 1) for side in (1, -1)]
    low, high = deviation * np.sqrt((count - 1) / np.array(ends))
    return float(low), float(high)
