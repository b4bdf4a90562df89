"""The whole instrument, where outcomes can be counted: a network walks along the path and the recorder watches.

One watched walk along a case's path: what the record's last row says, and the last relaxation of its chains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from szilard.estimate import Estimate, Kind
from szilard.models import Outcomes
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor import Ledger, Occasion
from szilard.monitor.measure import Recorder
from szilard.monitor.rows import Rows
from szilard.verify.case import Case
from szilard.verify.families_case import FamilyCase
from szilard.verify.row import Comparison

_EXACT = ("energy", "entropy_conditional", "work", "heat", "work_reverse", "length", "work_direct", "length_direct")
_SAMPLED = {"work_sampled": "work", "heat_sampled": "heat", "entropy_sampled": "entropy_conditional"}
_SAMPLES = 4096
_COARSER = 2
_BATCH = 3
_RELATIVE = 1e-9
_EPSILON = torch.finfo(torch.float64).eps


class _Table(nn.Module):
    """A network that is nothing but its logits."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits.clone())

    def forward(self) -> Tensor:
        return self.logits


def watched(case: Case) -> Iterator[Comparison]:
    """What a monitor would record, by exact sums and along sampled trajectories, against the system's answers."""
    if case.log_volume() != 0:  # densities: a table of outcomes is only an approximation of them
        return
    ledger, samples = _record(case)
    truth = case.truth
    for name in _EXACT:
        yield _exact(case, f"{name.removesuffix('_conditional').replace('_', ' ')}, watched", name, truth, ledger[name])
    coarser = case.system.along(case.path[: case.steps - case.steps % _COARSER + 1 : _COARSER])
    for name in ("work", "heat", "length"):
        value = ledger[f"{name}_by_interval"][1]
        yield _exact(case, f"{name} every {_COARSER}, watched", name, coarser, value)
    for name, of in _SAMPLED.items():
        estimate = Estimate(samples[name], samples[f"{name}_error"], Kind.UNBIASED, _SAMPLES - 1)
        yield Comparison(case.name, f"{of.partition('_')[0]}, watched labels", truth[of], estimate)


def _record(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last rows of the groups ``ledger`` and ``samples``."""
    logits = -case.phi_table()[:, 0]
    model = _Table(logits[0])
    ppm = Outcomes(model)
    recorder = Ledger(path_intervals=(1, _COARSER), samples=_SAMPLES).start(ppm, seed=5)
    last: dict[str, dict[str, Any]] = {}
    tables: list[Rows] = []
    for step, values in enumerate(logits):
        with torch.no_grad():
            model.logits.copy_(values)
        with undisturbed(model, ppm.device):
            recorder.observe(Occasion(step, min(step, 1), opens_intervals=step == 0))
        if step % _BATCH == _BATCH - 1:  # so that batches hand over to one another
            tables += recorder.rows()
    for rows in [*tables, *recorder.rows(), *recorder.finish()]:
        last[rows.group] = dict(rows.to_host()[-1][1])
    return last["ledger"], last["samples"]


def _exact(case: Case, estimator: str, name: str, truth: Mapping[str, float], value: float) -> Comparison:
    """Rounding of φ at every step; work is of second order in the step, and its rounding smaller by the length."""
    rounding = 64 * _EPSILON * (1 + truth["entropy_conditional"]) * case.steps
    allowed = _RELATIVE * abs(truth[name]) + rounding * (truth["length"] if "work" in name else 1)
    return Comparison(case.name, estimator, truth[name], Estimate(value, 0.0, Kind.EXACT), allowed)


_FAMILY_BATCH = 7


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
        if step % _FAMILY_BATCH == _FAMILY_BATCH - 1:
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
