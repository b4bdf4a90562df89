"""One watched walk along a case's path: what the record's last row says, and the last relaxation of its chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from szilard.estimate import Estimate, Kind
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor import Occasion
from szilard.monitor.measure import Recorder
from szilard.monitor.rows import Rows
from szilard.verify.families_case import FamilyCase

_BATCH = 7


@dataclass(frozen=True)
class RelaxationMeans:
    """Mean energies of lagging chains inside an update.

    Attributes:
        step: of the update.
        sub_steps: sampler steps since θ moved.
        values, errors: of ⟨E⟩.
    """

    step: int
    sub_steps: tuple[int, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True)
class WatchedRun:
    """What a record's last row says.

    Attributes:
        values: the row.
        kinds: of its variables.
        samples: degrees of freedom of the errors, by the record's word for what they are over.
        attributes: of the record.
        draws: numbers of proposals, where there are some.
        profile: the last relaxation recorded, where there are chains.
    """

    values: Mapping[str, Any]
    kinds: Mapping[str, Kind]
    samples: Mapping[str, str]
    attributes: Mapping[str, Any]
    draws: tuple[int, ...] = ()
    profile: RelaxationMeans | None = None

    def estimate(self, name: str, index: int | None = None) -> Estimate:
        """A variable of the last row, or one of its places, with its error and kind."""
        value, error = self.values[name], self.values[f"{name}_error"]
        if index is not None:
            value, error = value[index], error[index]
        return Estimate(float(value), float(error), self.kinds[name], self._degrees(self.samples[name]))

    def _degrees(self, over: str) -> float:
        for word, name in (("replicates", "islands"), ("chains", "chains"), ("samples", "samples")):
            if word in over and name in self.attributes:
                return float(self.attributes[name]) - 1
        return float("inf")


def watch(case: FamilyCase, seed: int = 5) -> WatchedRun:
    """Walk the model along the path and watch every step."""
    ppm: PPM = case.model(case.system, case.path[0])
    recorder = case.start(ppm, seed)
    tables: list[Rows] = []
    for step, theta in enumerate(case.path):
        ppm.move_to(theta)  # type: ignore[attr-defined]
        with undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, min(step, 1), opens_intervals=step == 0))
        if step % _BATCH == _BATCH - 1:
            tables += recorder.rows()
    tables += [*recorder.rows(), *recorder.finish()]
    last = [rows for rows in tables if rows.group == "ledger"][-1]
    group = next(group for group in recorder.groups if group.name == "ledger")
    kinds = {variable.name: variable.kind for variable in group.variables if variable.kind is not None}
    errors = {variable.name: variable.error or "" for variable in group.variables}
    attributes = getattr(recorder, "attributes", {})
    draws = tuple(int(number) for number in group.coordinates.get("draw", ()))
    profile = _profile(recorder, tables)
    return WatchedRun(dict(last.to_host()[-1][1]), kinds, errors, attributes, draws, profile)


def _profile(recorder: Recorder, tables: list[Rows]) -> RelaxationMeans | None:
    recorded = [row for rows in tables if rows.group == "relaxation" for row in rows.to_host()]
    if not recorded:
        return None
    step, row = recorded[-1]
    group = next(group for group in recorder.groups if group.name == "relaxation")
    sub_steps = tuple(int(place) for place in group.coordinates["sub_step"])
    values, errors = (tuple(cast(list[float], row[name])) for name in ("relaxation", "relaxation_error"))
    return RelaxationMeans(step, sub_steps, values, errors)
