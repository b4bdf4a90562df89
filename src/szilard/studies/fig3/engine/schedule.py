"""At which training steps what is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

EARLY = 3
"""Records a decade before the evenly spaced ones."""
FAR = 20
"""An epoch of up to the training's steps divided by this has its own lags looked at."""


@final
@dataclass(frozen=True)
class Schedule:
    """The steps of a training at which there is something to do, for all batch sizes alike.

    Attributes:
        records: rising, the first and the last step among them.
        points: of the paths of single parameters, rising, likewise.
        starts: at which correlations begin.
        lags: between gradients, rising from 0.
        window: steps from each start on that are correlated with what comes after them, and averaged.

    Example:
        >>> schedule = Schedule(records=(0, 10), points=(0, 5, 10), starts=(2,), lags=(0, 1, 3), window=2)
        >>> schedule.of_burst(2)
        (2, 3, 4, 5, 6)
        >>> schedule.events
        (0, 2, 3, 4, 5, 6, 10)
    """

    records: tuple[int, ...]
    points: tuple[int, ...]
    starts: tuple[int, ...]
    lags: tuple[int, ...]
    window: int

    def of_burst(self, start: int) -> tuple[int, ...]:
        """The steps at which a correlation that begins there needs the gradient."""
        anchors = range(start, start + self.window)
        return tuple(sorted({anchor + lag for anchor in anchors for lag in self.lags}))

    @property
    def reach(self) -> int:
        """Steps from a start to the end of its burst, that step included."""
        return self.window + self.lags[-1]

    @cached_property
    def events(self) -> tuple[int, ...]:
        """All steps at which training pauses."""
        bursts = (step for start in self.starts for step in self.of_burst(start))
        return tuple(sorted({*self.records, *self.points, *bursts}))

    def since(self, record: int, steps: Sequence[int]) -> tuple[int, ...]:
        """Those of ``steps`` that lie between the record before and this one, its own step included."""
        before = self.records[record - 1] if record else -1
        return tuple(step for step in steps if before < step <= self.records[record])


def make_schedule(
    steps: int, *, records: int, points: int, starts: Sequence[int], lags: int, window: int, epochs: Sequence[int]
) -> Schedule:
    """The usual schedule: records evenly spaced, and some more of them early.

    Args:
        steps: of training.
        records, points: how many, evenly spaced, the first step not counted.
        starts: of correlations; those that would reach beyond the last step are left out, and one is added whose burst
            ends with the training.
        lags: from 0 to this.
        window: see :class:`Schedule`.
        epochs: steps of an epoch at each batch size, about which further lags are looked at where they are short.

    Example:
        >>> make_schedule(100, records=2, points=4, starts=[5], lags=2, window=3, epochs=[4, 1000])
        Schedule(records=(0, 1, 2, 5, 10, 22, 46, 50, 100), points=(0, 25, 50, 75, 100), starts=(5, 92), \
lags=(0, 1, 2, 3, 4, 5), window=3)
    """
    far = {epoch + offset for epoch in epochs if epoch <= steps // FAR for offset in (-1, 0, 1) if epoch > 1}
    wanted = tuple(sorted({*range(min(lags, steps - 1) + 1), *far}))
    window = min(window, max(1, steps - wanted[-1]))
    last = steps - window - wanted[-1]
    begun = tuple(sorted({*(start for start in starts if start <= last), max(last, 0)}))
    early = np.geomspace(1, steps, int(EARLY * np.log10(steps)) + 1).round().astype(int)
    even = np.linspace(0, steps, min(records, steps) + 1).round().astype(int)
    sooner = [int(step) for step in early if step < even[1]]
    return Schedule(
        tuple(sorted({*(int(step) for step in even), *sooner})),
        tuple(int(step) for step in np.unique(np.linspace(0, steps, min(points, steps) + 1).round().astype(int))),
        begun,
        wanted,
        window,
    )
