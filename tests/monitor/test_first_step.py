"""A training that goes on from a checkpoint: the record has its step numbers, and the sums of a run of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

import szilard
from szilard.errors import SpecError


def train(out: Path, *, first_step: int, diverge: bool = False) -> szilard.Run:
    torch.manual_seed(0)
    model, x, y = torch.nn.Linear(4, 3), torch.randn(16, 4), torch.arange(16) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    monitor = szilard.watch(model, optimizer, x, labels=y, out=out, every=3, first_step=first_step, quiet=True)
    for step in range(8):
        if diverge and step == 4:
            with torch.no_grad():
                model.weight.fill_(float("nan"))
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        monitor.loss(loss)
        optimizer.step()
    return monitor.close()


def test_steps_begin_where_the_training_goes_on_and_nothing_else_changes(tmp_path: Path) -> None:
    plain, resumed = train(tmp_path / "plain", first_step=0), train(tmp_path / "resumed", first_step=1200)
    assert plain.data.step.values.tolist() == [0, 3, 6, 8]
    assert resumed.data.step.values.tolist() == [1200, 1203, 1206, 1208]
    assert resumed.tree["samples"].step.values.tolist()[-1] == 1208
    for name, values in plain.data.data_vars.items():
        if name not in ("wall_time", "step"):
            assert values.identical(resumed.data[name].assign_coords(step=values.step)), name
    assert (resumed.attributes["first_step"], "first_step" in plain.attributes) == (1200, False)
    assert [f.verdict for f in plain.audit().rows] == [f.verdict for f in resumed.audit().rows]
    assert "1,208" in resumed.summary()


def test_where_it_breaks_is_told_in_its_own_steps(tmp_path: Path) -> None:
    with pytest.warns(szilard.SzilardWarning, match="broke at step 1205"):
        run = train(tmp_path / "run", first_step=1200, diverge=True)
    assert run.attributes["broken_at_step"] == 1205


def test_what_is_no_count_of_steps_is_refused(tmp_path: Path) -> None:
    for wrong in (-1, 1.5, True, 2**70):
        with pytest.raises(SpecError, match="first_step is how many training steps were done before"):
            train(tmp_path / "run", first_step=wrong)  # type: ignore[arg-type]
