"""Every input that cannot be watched gets a clear error that names cause and remedy, before a record is begun."""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import szilard
from szilard import Classifier, Ledger, Monitor, Outcomes, SzilardError
from szilard.errors import ModelError, RecordError, SpecError

INPUTS = torch.linspace(-1, 1, 24).reshape(6, 4)


class Gives(nn.Module):
    """A network whose output is made by a function of its true logits."""

    def __init__(self, make: Callable[[Tensor], Any]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(4, 3)
        self.make = make

    def forward(self, x: Tensor) -> Any:
        return self.make(self.linear(x))


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def spoilt(value: float) -> nn.Linear:
    model = linear()
    model.weight.data[0, 0] = value
    return model


class Opaque:
    """A PPM that can only be sampled."""

    module, device = nn.Linear(4, 3), torch.device("cpu")


def monitor(out: Path, model: nn.Module | None = None, **settings: Any) -> Monitor:
    return Monitor(Classifier(model or linear(), INPUTS), None, out, **{"every": 1, "quiet": True} | settings)


# Before the run

BEFORE: list[tuple[str, Callable[[Path], Any], type[SzilardError], str, str]] = [
    ("no module", lambda out: Classifier(lambda x: x, INPUTS), ModelError, "must be a torch.nn.Module, not function", "wrap"),
    ("no parameters", lambda out: Classifier(nn.ReLU(), INPUTS), ModelError, "no parameters", "give the network"),
    ("uninitialised", lambda out: Classifier(nn.LazyLinear(3), INPUTS), ModelError, "not initialised yet", "run one batch"),
    ("empty probe", lambda out: Classifier(linear(), INPUTS[:0]), ModelError, "the probe is empty", "at least one input"),
    ("scalar probe", lambda out: Classifier(linear(), torch.tensor(1.0)), ModelError, "the probe is empty", "give"),
    ("no tensors", lambda out: Classifier(linear(), {"x": [1.0]}), ModelError, "must be a tensor, or a tuple or dict", "convert"),
    ("uneven probe", lambda out: Classifier(linear(), (INPUTS, INPUTS[:2])), ModelError, r"differ .* \(\[2, 6\]\)", "one per input"),
    ("other device", lambda out: Classifier(linear(), INPUTS.to("meta")), ModelError, "the probe is on meta and the model on cpu", r"inputs\.to\('cpu'\)"),
    ("wrong shape", lambda out: Classifier(linear(), INPUTS[:, :3]), ModelError, r"could not be evaluated .* \[\(6, 3\)\]", "forward=lambda"),
    ("integers", lambda out: Classifier(Gives(lambda z: z.argmax(-1, keepdim=True).expand(-1, 3)), INPUTS), ModelError, "torch.int64 tensor, not floating-point logits", "forward="),
    ("tuple", lambda out: Classifier(Gives(lambda z: (z, None)), INPUTS), ModelError, "output is tuple, not floating-point logits", "pick them out with forward="),
    ("dict", lambda out: Classifier(Gives(lambda z: {"scores": z}), INPUTS), ModelError, "output is dict", "forward="),
    ("probabilities", lambda out: Classifier(Gives(lambda z: z.softmax(-1)), INPUTS), ModelError, "looks like probabilities", r"\.log\(\)"),
    ("one column", lambda out: Classifier(Gives(lambda z: z[:, :1]), INPUTS), ModelError, "one number per input", r"pad\(model\(inputs\), \(1, 0\)\)"),
    ("no outcomes", lambda out: Classifier(Gives(lambda z: z[:, 0]), INPUTS), ModelError, r"shape \(2,\) for 2 inputs", "reshape it with forward="),
    ("inputs not first", lambda out: Classifier(Gives(lambda z: z.T), INPUTS), ModelError, r"shape \(3, 2\) for 2 inputs", "forward="),
    ("NaN", lambda out: Classifier(spoilt(math.nan), INPUTS), ModelError, "logits are not finite", "look for NaN or Inf in weights and inputs"),
    ("Inf", lambda out: Classifier(spoilt(math.inf), INPUTS.abs()), ModelError, "logits are not finite", "weights and inputs"),
    ("Inf late in the probe", lambda out: Monitor(Classifier(spoilt(math.inf), torch.cat([-INPUTS.abs(), INPUTS.abs()])), out=out), ModelError, "logits are not finite on the probe", "weights and inputs"),
    ("NaN late in the probe", lambda out: monitor_of(torch.cat([INPUTS, INPUTS * math.nan]), out), ModelError, "logits are not finite on the probe", "look for NaN"),
    ("random in evaluation", lambda out: Monitor(Classifier(Gives(lambda z: F.dropout(z, 0.2)), INPUTS), out=out), ModelError, "two evaluations of the same model differ", r"training=self\.training"),
    ("labels of floats", lambda out: Classifier(linear(), INPUTS, labels=torch.zeros(6)), ModelError, "must be integers", "one class index per probe input"),
    ("labels too few", lambda out: Classifier(linear(), INPUTS, labels=torch.zeros(5, dtype=torch.int64)), ModelError, r"not torch.int64 \(5,\)", "one class index"),
    ("labels out of range", lambda out: Classifier(linear(), INPUTS, labels=torch.full((6,), 3)), ModelError, "must lie in 0 … 2", "has 3 classes"),
    ("labels negative", lambda out: Classifier(linear(), INPUTS, labels=torch.full((6,), -100)), ModelError, "must lie in 0 … 2", "3 classes"),
    ("labels in a list", lambda out: Classifier(linear(), INPUTS, labels=[0] * 6), ModelError, "must be a tensor, not list", "torch.as_tensor"),
    ("labels by head", lambda out: Classifier(Gives(lambda z: z.unsqueeze(1).expand(-1, 2, -1)), INPUTS, labels=torch.zeros(2, 6, dtype=torch.int64)), ModelError, r"shape \(6, 2\), not torch.int64 \(2, 6\)", "one class index"),
    ("chunk", lambda out: Classifier(linear(), INPUTS, chunk=0), ModelError, "chunk must be at least 1", "leave it out"),
    ("empty table", lambda out: Outcomes(linear(), INPUTS[:0]), ModelError, "table of outcomes is empty", "at least two"),
    ("table elsewhere", lambda out: Outcomes(linear(), INPUTS.to("meta")), ModelError, "on meta", "move"),
    ("table of the wrong shape", lambda out: Outcomes(linear(), INPUTS[:, :3]), ModelError, "could not be evaluated", "forward=lambda"),
    ("too many numbers", lambda out: Outcomes(linear(), INPUTS), ModelError, "18 numbers for 6 outcomes", "one for each"),
    ("not enumerable", lambda out: Monitor(Opaque(), out=out, every=1), ModelError, "Opaque offers neither labels nor a table", r"wrap the model in szilard\.Classifier"),
    ("every 0", lambda out: monitor(out, every=0), SpecError, "every must be a positive whole number", "not 0"),
    ("every negative", lambda out: monitor(out, every=-3), SpecError, "every must be a positive whole number", "not -3"),
    ("every a fraction", lambda out: monitor(out, every=2.5), SpecError, "every must be a positive whole number", "not 2.5"),
    ("every a text", lambda out: monitor(out, every="10"), SpecError, "every must be a positive whole number", "not '10'"),
    ("budget", lambda out: monitor(out, every=None, budget=5), SpecError, "between 0 and 1, not 5", r"0\.05 is 5 %"),
    ("path interval 0", lambda out: monitor(out, path_intervals=(1, 0)), SpecError, "path_intervals must be a positive whole", "not 0"),
    ("path intervals no list", lambda out: monitor(out, path_intervals=4), SpecError, "path_intervals must be a list", r"give \(1, 4\)"),
    ("samples", lambda out: monitor(out, measures=[Ledger(every=1, samples=0)]), SpecError, "samples must be a positive", "not 0"),
    ("a single label", lambda out: Monitor(Outcomes(Table()), out=out, measures=[Ledger(every=1, samples=1)]), SpecError, "no error bar", "samples of at least 2"),
    ("no measures", lambda out: monitor(out, measures=[]), SpecError, "nothing to watch", "leave it out"),
    ("path intervals beside measures", lambda out: monitor(out, path_intervals=(1, 3), measures=[Ledger(every=1)]), SpecError, "those of the default ledger", r"szilard\.Ledger\(path_intervals"),
    ("automatic without an optimiser", lambda out: Monitor(Classifier(linear(), INPUTS), None, out, automatic=True), SpecError, "none is given", r"call monitor\.step"),
    ("a measure twice", lambda out: monitor(out, measures=[Ledger(every=1), Ledger(every=2)]), SpecError, "same group", "once"),
]  # fmt: skip


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(4))

    def forward(self) -> Tensor:
        return self.weights


def monitor_of(inputs: Tensor, out: Path) -> Monitor:
    return Monitor(Classifier(linear(), inputs), out=out, every=1)


@pytest.mark.parametrize(
    ("make", "error", "cause", "remedy"), [case[1:] for case in BEFORE], ids=[case[0] for case in BEFORE]
)
def test_before_the_run(tmp_path, make, error, cause, remedy):
    with pytest.raises(error) as caught:
        make(tmp_path / "run")
    message = str(caught.value)
    assert re.search(cause, message), message
    assert re.search(remedy, message), message
    assert not (tmp_path / "run").exists(), "a record was begun although nothing can be recorded"


def test_a_path_that_exists(tmp_path):
    out = tmp_path / "run"
    first = monitor(out)
    first.step()
    first.close()
    with pytest.raises(RecordError, match=r"already holds a record: choose another place, or have it replaced"):
        monitor(out)
    assert szilard.open(out).complete
    again = monitor(out, overwrite=True)
    again.step()
    again.step()
    assert again.close().data["step"].values.tolist() == [0, 1, 2]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordError, match="holds something that is no record"):
        monitor(tmp_path / "mine", overwrite=True)
    with pytest.raises(RecordError, match="is not a directory: choose another place"):
        monitor(tmp_path / "mine" / "thesis.txt")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("loss", [None, "1", [1.0], 1j, torch.tensor(1j)], ids=repr)
def test_a_loss_that_is_no_number(tmp_path: Path, loss: object) -> None:
    """Is refused in one sentence, and costs nothing that was recorded or is told later."""
    monitored = monitor(tmp_path / "run", every=1)
    monitored.step(1.0)
    with pytest.raises(SpecError, match="the loss must be a number or a tensor, not"):
        monitored.loss(loss)  # type: ignore[arg-type]
    monitored.step(np.float32(3.0))  # type: ignore[arg-type]
    assert monitored.close().data["loss"].values[1:].tolist() == [1.0, 3.0]
