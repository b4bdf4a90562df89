"""From the records of all chunks to the rows of the record."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy import ndarray

from szilard.studies.chunked import ChunkRows
from szilard.studies.fig3.engine.plan import NoisePlan
from szilard.studies.fig3.schema import FIG3

BURST = "noise_covariance."
"""How a record of a chunk names the covariance of a burst, before the step at which it began."""
MEASURED = {variable.name: variable.dims for variable in FIG3 if variable.dims and variable.name != "finite"}
"""What chunks give at a record, with its dimensions."""


@final
class NoiseRows(ChunkRows[NoisePlan]):
    """Writes noise and force of every member, paths of parameters, and correlations; see :class:`ChunkRows`."""

    leading = "fig3"
    lost_because = "at some batch size all members diverged: lower the learning rate (--lr)"

    @property
    def lost(self) -> int | None:
        """The step of the first record at which a batch size had no finite member left; None without one."""
        steps = [each["step"] for each in self._writer.attributes.get("lost", [])]
        return min(steps) if steps else None

    def write(self, record: int, parts: list[dict[str, ndarray]]) -> None:
        """Paths and correlations first, noise and force last; see :meth:`ChunkRows.write`."""
        row = {name: self._joined(name, parts) for name in MEASURED if any(name in part for part in parts)}
        known = np.isfinite(row["noise_variance"]).all(-1) & np.isfinite(row["potential"])
        row["finite"] = known.astype(np.int64)
        step = self._plan.steps[record]
        self._note_diverged(known, step)
        self._write_points(record, parts)
        self._write_bursts(record, parts)
        self._writer.append("fig3", step, {**row, "interval": self.interval(record)})

    def _write_points(self, record: int, parts: list[dict[str, ndarray]]) -> None:
        steps = self._plan.schedule.since(record, self._plan.schedule.points)
        if not steps:
            return
        paths = self._joined("theta", parts)
        written = self._writer.rows("paths") - sum(
            len(self._plan.schedule.since(before, self._plan.schedule.points)) for before in range(record)
        )
        for place, step in list(enumerate(steps))[written:]:
            self._writer.append("paths", step, {"theta": paths[:, :, place]})

    def _write_bursts(self, record: int, parts: list[dict[str, ndarray]]) -> None:
        schedule = self._plan.schedule
        for number, start in enumerate(schedule.starts):
            ended = schedule.of_burst(start)[-1]
            if ended in schedule.since(record, (ended,)) and self._writer.rows("correlation") == number:
                joined = self._joined(f"{BURST}{start}", parts)
                self._writer.append("correlation", start, {"noise_covariance": joined})

    def _joined(self, name: str, parts: list[dict[str, ndarray]]) -> ndarray:
        """The values of all members, shaped ``(batch, members, …)``."""
        plan = self._plan
        found = [(part, values[name]) for part, values in zip(plan.parts, parts, strict=True) if name in values]
        watched = "watched" in MEASURED.get(name, ())
        count = min(plan.watched, max(plan.trials)) if watched else max(plan.trials)
        whole = np.full((len(plan.batches), count, *found[0][1].shape[1:]), np.nan)
        for part, values in found:
            whole[part.batch, part.members.start : part.members.start + len(values)] = values
        return whole

    def _note_diverged(self, finite: ndarray, step: int) -> None:
        """Puts into the record which members were lost, and at which record first."""
        plan, writer = self._plan, self._writer
        known = list(writer.attributes.get("diverged", []))
        before = {(each["batch"], each["member"]) for each in known}
        fresh = [
            {"batch": batch, "member": member, "step": step}
            for place, (batch, trials) in enumerate(zip(plan.batches, plan.trials, strict=True))
            for member in np.flatnonzero(~finite[place, :trials]).tolist()
            if (batch, member) not in before
        ]
        if fresh:
            writer.annotate(diverged=known + fresh)
        gone = {each["batch"] for each in writer.attributes.get("lost", [])}
        lost = [
            {"batch": batch, "step": step}
            for place, batch in enumerate(plan.batches)
            if batch not in gone and not finite[place].any()
        ]
        if lost:
            writer.annotate(lost=[*writer.attributes.get("lost", []), *lost])
