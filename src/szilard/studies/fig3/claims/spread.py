"""Low variance (Eq. 9, Fig. 3a and b): whether one training stands for all."""

from __future__ import annotations

import math

import numpy as np

from szilard.distributions import chi_square_quantile
from szilard.numbers import number, percent
from szilard.studies.fig3.claims.rows import named, too_few
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.bounds import CONFINED, LEVEL, LOW_VARIANCE
from szilard.verdicts.finding import Finding, Interval, unchecked
from szilard.verdicts.rows import tested

ACCURACY = "low variance of the accuracy"
PARAMETERS = "confined parameters"
CLAIMS = {
    ACCURACY: ("the accuracy of one training stands for that of all", "paper Eq. 9, Fig. 3b, §6.2"),
    PARAMETERS: ("parameters stay in a small region, the same for all trainings", "paper Fig. 3a, §6.2"),
}


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """Two rows for each batch size."""
    every = range(len(reading.batches))
    return (*(_accuracy(reading, batch) for batch in every), *(_parameters(reading, batch) for batch in every))


def _accuracy(reading: Fig3Reading, batch: int) -> Finding:
    """Standard deviation over members at the last record, over their mean."""
    name, (claim, source) = named(ACCURACY, reading, batch), CLAIMS[ACCURACY]
    if why := too_few(reading, batch):
        return unchecked(name, claim, source, why)
    mean, spread = reading.mean("accuracy", batch).value, reading.spread("accuracy", batch)
    members = int(reading.alive(batch).sum())
    relative = spread / mean
    low, high = deviation_interval(float(relative[-1]), members)
    worst = int(np.argmax(relative))
    return tested(
        name, claim, source, measure="standard deviation over trainings, over their mean", effect=float(relative[-1]),
        interval=(low, high), bound=(-math.inf, LOW_VARIANCE), where=f"step {reading.steps[-1]:,}",
        detail=f"{mean[-1]:.3f} with a spread of {number(spread[-1])} over {members} trainings; the spread was widest "
        f"at step {reading.steps[worst]:,}, {percent(relative[worst])} of the mean.",
    )  # fmt: skip


def _parameters(reading: Fig3Reading, batch: int) -> Finding:
    """Root mean square of the way from the start, over the spread of the starts; over the paths that were kept."""
    name, (claim, source) = named(PARAMETERS, reading, batch), CLAIMS[PARAMETERS]
    if why := too_few(reading, batch):
        return unchecked(name, claim, source, why)
    drift = reading.drift(batch)
    starts = np.asarray(reading.paths["theta"].values, dtype=float)[0, batch][reading.alive(batch)]
    scale = float(starts.std(0, ddof=1).mean())
    if not scale > 0:
        return unchecked(name, claim, source, "all trainings start from the same parameters.")
    members, parameters = drift.shape[1:]
    ratio = float(np.sqrt(np.square(drift[-1]).mean())) / scale
    low, high = deviation_interval(ratio, members * parameters)
    reach = np.abs(drift).max()
    return tested(
        name, claim, source, measure="root mean square of θ_n − θ_0, over the spread of θ_0", effect=ratio,
        interval=(low, high), bound=(-math.inf, CONFINED), where=f"step {int(reading.paths['step'].values[-1]):,}",
        detail=f"{parameters} parameters of the last layer in {members} trainings: they moved by "
        f"{number(ratio * scale)} (root mean square) and at most by {number(reach)}; at the start they were spread by "
        f"{number(scale)}.",
    )  # fmt: skip


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
