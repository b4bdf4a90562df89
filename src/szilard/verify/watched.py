"""The whole instrument, where outcomes can be counted: a network walks along the path and the recorder watches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from szilard.estimate import Estimate, Kind
from szilard.models import Outcomes
from szilard.models.evaluation import undisturbed
from szilard.monitor import Ledger, Occasion
from szilard.monitor.rows import Rows
from szilard.verify.case import Case
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
