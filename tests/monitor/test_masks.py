"""Outcomes of probability 0: logits of −∞, as of masked classes and of a vocabulary that is padded."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard import Autoregressive, Classifier, Ledger, Monitor, SzilardWarning
from szilard.errors import ModelError

X, Y = torch.linspace(-1, 1, 48).reshape(12, 4), torch.arange(12) % 3


class Masked(nn.Module):
    """Five outcomes, some of them masked with a value."""

    def __init__(self, value: float, masks: tuple[int, ...] = (1, 3)) -> None:
        super().__init__()
        self.linear, self.value, self.masks = nn.Linear(4, 5), value, list(masks)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.linear(x).clone()
        logits[:, self.masks] = self.value
        return logits


def labels() -> Tensor:
    return torch.tensor([0, 2, 4])[Y]


def watched(out: Path, model: Masked, *, fisher: bool = True, later: tuple[int, ...] | None = None) -> Any:
    torch.manual_seed(0)
    nn.init.normal_(model.linear.weight)
    nn.init.zeros_(model.linear.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    monitor = Monitor(
        Classifier(model, X, labels()), optimizer, out, measures=[Ledger(every=1, fisher=fisher)], quiet=True
    )
    for step in range(8):
        if step == 4 and later is not None:
            model.masks = list(later)
        loss = F.cross_entropy(model(X), labels())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        monitor.step()
    return monitor.close()


def test_what_both_models_exclude_contributes_nothing(tmp_path):
    """The record is that of a number so low that its exponential is 0."""
    one, other = (watched(tmp_path / str(value), Masked(value)) for value in (-math.inf, -1e4))
    assert one.complete
    assert one.audit().sound
    for name in one.data.data_vars:
        if name != "wall_time":
            np.testing.assert_array_equal(one.data[name].values, other.data[name].values, err_msg=str(name))


def test_work_and_entropy_are_those_of_the_outcomes_that_are_left(tmp_path):
    """Naively, over the three outcomes that the masks leave."""
    model = Masked(-math.inf)
    found = watched(tmp_path / "run", model, fisher=False)
    left = [0, 2, 4]
    with torch.no_grad():
        log_p = torch.log_softmax(model.linear(X).double()[:, left], -1)
    assert float(found.data.entropy_conditional[-1]) == pytest.approx(float(-(log_p.exp() * log_p).sum(1).mean()), 1e-6)
    assert float(found.data.cross_entropy[-1]) == pytest.approx(float(-log_p[torch.arange(12), Y].mean()), 1e-6)


@pytest.mark.parametrize(
    ("later", "name"),
    [((1, 2, 3), "work_direct"), ((1,), "work_reverse"), ((2, 4), "work_direct")],
    ids=["masked", "unmasked", "both"],
)
def test_what_one_model_alone_excludes_makes_the_divergence_infinite(tmp_path, later, name):
    with pytest.warns(SzilardWarning, match=rf"at step 5: {name} is infinite: an outcome that one model allows"):
        run = watched(tmp_path / "run", Masked(-math.inf), later=later)
    assert run.status == "broken"
    assert run.data.step.values.tolist() == list(range(5))
    assert bool(np.isfinite(run.data.work).all())


def test_a_label_that_is_masked_is_said_to_be_impossible(tmp_path):
    with pytest.warns(SzilardWarning, match="cross_entropy is infinite"):
        Monitor(Classifier(Masked(-math.inf, (0,)), X, labels()), None, tmp_path / "run", every=1, quiet=True)


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_other_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(ModelError, match="logits are not finite on the probe"):
        Classifier(Masked(value), X)


def test_a_row_without_any_outcome_is_refused():
    with pytest.raises(ModelError, match="logits are not finite on the probe"):
        Classifier(Masked(-math.inf, (0, 1, 2, 3, 4)), X)


class Padded(nn.Module):
    """A language model whose last two tokens are none."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.table, self.value = nn.Embedding(6, 6), value

    def forward(self, tokens: Tensor) -> Tensor:
        logits = self.table(tokens).clone()
        logits[..., 4:] = self.value
        return logits


def spoken(out: Path, value: float) -> Any:
    torch.manual_seed(0)
    model = Padded(value)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    ppm = Autoregressive(model, length=3, prompt=torch.tensor([0]))
    with Monitor(ppm, optimizer, out, every=2, quiet=True) as monitor:
        tokens = torch.tensor([[0, 1, 2], [0, 2, 3]])
        for _ in range(6):
            loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step()
    return monitor.close()


def test_a_padded_vocabulary(tmp_path):
    one, other = (spoken(tmp_path / str(value), value) for value in (-math.inf, -1e4))
    assert one.complete
    for name in ("work", "heat", "length", "entropy_conditional", "precision_floor"):
        np.testing.assert_array_equal(one.data[name].values, other.data[name].values, err_msg=name)
