"""Columns of the ledger as curves with intervals, ready to be drawn."""

from __future__ import annotations

import numpy as np

from szilard.page.curve import Curve, thinned
from szilard.studies.kits.watched.reading import WatchedReading


def curve(reading: WatchedReading, name: str) -> Curve:
    """A column along the training, thinned for the screen, with its 95 % interval where it has an error."""
    values, errors = reading.column(name), reading.errors(name)
    known = np.flatnonzero(np.isfinite(values))
    places = known[thinned(len(known))]
    half = None if errors is None else reading.half_width * errors[places]
    return Curve(reading.steps[places], values[places], half)
