"""Appendix A at its word: whether reversed inputs and gradient ascent lead back, and whether a step could be undone."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.studies.reversal.reading import ReversalReading, over_seeds
from szilard.verdicts.bounds import FLOAT, RETRACED
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

RETRACES = Claim(
    "retraced from step {}",
    "run backwards, the optimiser leads back along the path it came",
    "paper Appendix A",
    measure="distance from θ_0 over the way back, median over seeds",
    bound=(0.0, RETRACED),
)

UNDONE = Claim(
    "a step can be undone by a step",
    "the reversed transition of Θ has a probability above 0, as a log ratio of transitions needs",
    "paper Eqs. 16, 37",
    measure="nearest that a forward step of batch size 1 comes to undoing one, in steps",
    bound=(0.0, FLOAT),
)


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """Whether each start is retraced, and whether a single step could be undone by another."""
    rows = tuple(_retraced(reading, place) for place in range(len(reading.starts))) if reading.length else ()
    return (*rows, *((_reached(reading),) if reading.reach.sizes["step"] else ()))


def _retraced(reading: ReversalReading, place: int) -> Finding:
    """At the training's own rate."""
    relative = reading.relative()[-1, place]  # (seeds, rates, groups)
    start = reading.starts[place]
    return RETRACES.about(f"{start:,}").tested(
        *over_seeds(relative[:, 0, 0]),
        where=f"training steps {start:,} to {start + reading.length:,}, r = {number(reading.rates[0], 3)}",
        detail=f"{_slower(reading, relative)} {_worst(reading, relative)}".strip(),
    )


def _slower(reading: ReversalReading, relative: np.ndarray) -> str:
    """From which rate on down it would be retraced."""
    held = [over_seeds(relative[:, rate, 0])[1][1] <= RETRACED for rate in range(len(reading.rates))]
    first = next((rate for rate in range(len(held)) if all(held[rate:])), None)
    if first is None:
        return "At none of the rates is it retraced within a tenth."
    if first == 0:
        return ""
    return f"It is retraced within a tenth from r = {number(reading.rates[first])} on down."


def _worst(reading: ReversalReading, relative: np.ndarray) -> str:
    """Which layer strays farthest."""
    layers = np.median(relative[:, 0, 1:], axis=0)
    if layers.size < 2 or not np.isfinite(layers).all():
        return ""
    farthest, least = int(layers.argmax()), int(layers.argmin())
    names = reading.groups[1:]
    return (
        f"{names[farthest]} strays farthest ({number(float(layers[farthest]))} of its way), {names[least]} least"
        f" ({number(float(layers[least]))})."
    )


def _reached(reading: ReversalReading) -> Finding:
    """Whether any forward step undoes one: over the model, all starts and seeds."""
    nearest = np.asarray(reading.reach["nearest_return"].values)[:, 0]
    least = float(nearest.min())
    return UNDONE.tested(
        least,
        where=f"one step from each of {nearest.size} points",
        detail=(
            "From θ_1 the next example leads to one of finitely many points, and none of them is θ_0. Literal SGD on "
            "finite data is generically absolutely irreversible: the entropy production of its parameters is infinite, "
            "however well a reversed protocol retraces the path."
        ),
    )
