"""The recorders that look at the training steps after a record, and not at the model alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from szilard.monitor.measure import Follower, Recorder


@final
class Followers:
    """The recorders that look at steps after a record, and which of them want to hear of the next one.

    Args:
        recorders: all of the monitor's; those that look at models alone are passed over.
    """

    def __init__(self, recorders: Iterable[Recorder]) -> None:
        self._all = [recorder for recorder in recorders if isinstance(recorder, Follower)]
        self._following: list[Follower] = []

    def __bool__(self) -> bool:
        return bool(self._following)

    def look(self) -> None:
        """A record has begun: finds out who follows the steps after it."""
        self._following = [recorder for recorder in self._all if recorder.following]

    def follow(self, step: int) -> None:
        """Tells of the step that is done whoever looks at steps, until each has seen enough."""
        for recorder in self._following:
            recorder.follow(step)
        self._following = [recorder for recorder in self._following if recorder.following]

    def leave(self) -> None:
        """Recording has ended, and nothing of it stays on the loop."""
        for recorder in self._all:
            recorder.leave()
        self._following = []
