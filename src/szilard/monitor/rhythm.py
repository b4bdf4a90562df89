"""The rhythm of every watch: fixed by the user, or once from a share of the loop's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor.calibration import Calibration, Claim
from szilard.monitor.measure import Follower
from szilard.monitor.watch import Watch


@final
class Rhythm:
    """Gives watches without an interval one: those without a budget share the monitor's and record together.

    Args:
        watches: all of them.
        budget: the monitor's.
        ppm: the model watched.
        clock: the time in seconds, with the device's work finished.
    """

    def __init__(self, watches: Sequence[Watch], budget: float, ppm: PPM, clock: Callable[[], float]) -> None:
        self._ppm = ppm
        self._clock = clock
        together = [watch for watch in watches if watch.every is None and watch.budget is None]
        alone = [[watch] for watch in watches if watch.every is None and watch.budget is not None]
        self._waiting = [
            (Claim(of[0].budget or budget, lambda of=of: self._rehearse(of)), of)  # type: ignore[misc]
            for of in [*([together] if together else []), *alone]
        ]
        self._calibration = Calibration([claim for claim, _ in self._waiting], clock) if self._waiting else None

    @property
    def settled(self) -> bool:
        """Whether every watch has its interval."""
        return self._calibration is None

    def budget_of(self, watch: Watch) -> float | None:
        """The share of time that a watch's records may take; None where its interval was given."""
        return next((claim.budget for claim, of in self._waiting if watch in of), None)

    def step(self) -> bool:
        """A training step is done; True once enough is known to :meth:`settle`."""
        return self._calibration is not None and self._calibration.step()

    def resume(self) -> None:
        """The next step begins now: a measure with an interval of its own may have recorded meanwhile."""
        if self._calibration is not None:
            self._calibration.resume()

    def settle(self) -> list[tuple[list[Watch], dict[str, Any], str]]:
        """Fixes the intervals; for each the watches that take it, what was timed, and a sentence about it."""
        calibration, self._calibration = self._calibration, None
        settled: list[tuple[list[Watch], dict[str, Any], str]] = []
        if calibration is None:
            return settled
        step = calibration.step_seconds
        for claim, watches in self._waiting:
            least = max(getattr(watch.recorder, "least_every", 1) for watch in watches)
            every = max(claim.every(step), least)
            for watch in watches:
                watch.every = every
            what = "" if any(watch.budget is None for watch in watches) else f"the {watches[0].name} "
            sentence = (
                f"recording {what}every {every} steps: a record takes {1e3 * claim.record_seconds:.2f} ms, a step "
                f"{1e3 * step:.2f} ms, and watching may take {100 * claim.budget:g} % of the time, what records delay "
                "included."
            )
            timed = {"record_seconds": claim.record_seconds, "step_seconds": step, "steps": calibration.steps}
            settled.append((watches, timed, sentence))
        return settled

    def _rehearse(self, watches: Sequence[Watch]) -> float:
        """A record's seconds, what surrounds the evaluation included."""
        beside = [watch.recorder for watch in watches if isinstance(watch.recorder, Follower)]
        inside = [watch.recorder for watch in watches if not isinstance(watch.recorder, Follower)]
        seconds = sum(recorder.rehearse(self._clock) for recorder in beside)
        if not inside:
            return seconds
        begin = self._clock()
        with undisturbed(self._ppm.module, self._ppm.device):
            entered = self._clock()
            seconds += sum(recorder.rehearse(self._clock) for recorder in inside)
            leaving = self._clock()
        return seconds + (entered - begin) + (self._clock() - leaving)
