"""The one thread whose steps a monitor counts."""

from __future__ import annotations

import threading
from typing import final

from szilard.errors import SzilardError


@final
class LoopThread:
    """The thread in which the loop runs: another one's model would be evaluated in the middle of its training."""

    def __init__(self) -> None:
        self._thread = threading.current_thread()

    @property
    def itself(self) -> threading.Thread:
        """The thread."""
        return self._thread

    @property
    def here(self) -> bool:
        """Whether it is this thread, or none any more."""
        return self._thread is threading.current_thread() or not self._thread.is_alive()

    def check(self, steps: int) -> None:
        """That a step is made in it; before the first one, or when it has ended, another may take its place.

        Raises:
            SzilardError: if two threads step one monitor.
        """
        if threading.get_ident() == self._thread.ident:
            return
        if steps and self._thread.is_alive():
            raise SzilardError(
                f"this monitor counts the steps of thread {self._thread.name!r}, and "
                f"{threading.current_thread().name!r} stepped it too: call step() in one thread only, for a record "
                "evaluates the model while no other trains it."
            )
        self._thread = threading.current_thread()
