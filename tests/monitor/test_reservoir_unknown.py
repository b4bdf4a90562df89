"""What cannot be known is unknown and said, never 0; a number that cannot be had ends itself only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import szilard
from szilard import Classifier, Monitor, Reservoir
from szilard.errors import SzilardWarning
from szilard.studies.kits.parameters.statements import LOOP
from szilard.verdicts.finding import Verdict

EVERY, BURST, SIZE = 6, 4, 8
X = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
Y = torch.randint(3, (40,), generator=torch.Generator().manual_seed(2))


def record(out: Path, model: nn.Module, optimizer: torch.optim.Optimizer, loss_fn: Any, step: Any, **said: Any) -> Any:
    """``step(number, rows)`` leaves the gradient of a loop's batch; the measure's loss is ``loss_fn``."""
    settings = {"train_data": (X, Y), "records": 4, "forward": None, **said}
    records, data = settings.pop("records"), settings.pop("train_data")
    probe = settings.pop("probe", X)
    measure = Reservoir(loss_fn, data, every=EVERY, lags=(1, 2), batch_size=SIZE, directions=0, **settings)
    ppm = Classifier(model, probe, forward=settings["forward"] and (lambda m, u: m(u)[0]))
    monitor = Monitor(ppm, optimizer, out, measures=[szilard.Ledger(every=EVERY), measure], quiet=True)
    order = torch.Generator().manual_seed(3)
    for number in range(EVERY * (records - 1) + BURST):
        optimizer.zero_grad()
        step(number, torch.randint(len(data[0]), (SIZE,), generator=order))
        optimizer.step()
        monitor.step()
    return monitor.close()


# Elements without a gradient so far


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW])
def test_words_that_did_not_occur_have_no_temperature_under_adam(tmp_path: Path, kind: Any) -> None:
    """The mean is over the rows of an embedding that had a gradient: r ⟨P c⟩/2 by hand, and how many these are."""
    words = torch.cat([torch.arange(12).repeat(3), torch.arange(12, 16)])  # the last four are never drawn by the loop
    labels = torch.randint(3, (40,), generator=torch.Generator().manual_seed(4))
    torch.manual_seed(0)
    model = nn.Embedding(16, 3).double()
    optimizer = kind(model.parameters(), lr=1e-9, betas=(0.5, 0.9))
    known = []

    def step(number: int, rows: Tensor) -> None:
        rows = rows % 36
        F.cross_entropy(model(words[rows]), labels[rows]).backward()
        squares = optimizer.state[model.weight].get("exp_avg_sq", torch.zeros_like(model.weight))
        known.append(int((squares > 0).sum()))

    run = record(
        tmp_path / "run", model, optimizer, F.cross_entropy, step, train_data=(words, labels), records=20, probe=words
    )
    data = run.tree["reservoir"]
    assert known[-1] == 36
    share = [np.mean(known[at : at + BURST]) / 48 for at in range(EVERY, len(known), EVERY)]
    np.testing.assert_allclose(data["temperature_share"].values[1:, 0], share, rtol=1e-6)
    # At fixed parameters v̂ is g² averaged: P ≈ 1/√⟨g²⟩, and T about r √c/2 of each, far from the 10⁸ of no gradient.
    gradients = []
    generator = torch.Generator().manual_seed(7)
    for _ in range(400):
        rows = torch.randint(40, (SIZE,), generator=generator)
        model.zero_grad()
        F.cross_entropy(model(words[rows]), labels[rows]).backward()
        gradients.append(model.weight.grad[:12].clone())  # type: ignore[union-attr]
    typical = 0.5 * 1e-9 * float(torch.stack(gradients).square().mean(0).sqrt().mean())
    values = data["temperature_noise"].values[5:, 0]
    assert 0.5 * typical < np.median(values) < 5 * typical


# Layers that move by gradients which fresh batches do not have


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head, self.aux = nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(5, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.tanh(self.body(x))
        return self.head(h), self.aux(h)


def of_head(output: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
    return F.cross_entropy(output[0], labels)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_a_layer_of_an_auxiliary_loss_is_unknown_and_named(tmp_path: Path, kind: Any) -> None:
    model = Two()
    optimizer = kind(model.parameters(), lr=0.01)

    def step(number: int, rows: Tensor) -> None:
        logits, back = model(X[rows])
        (F.cross_entropy(logits, Y[rows]) + 0.1 * F.mse_loss(back, X[rows])).backward()

    with pytest.warns(SzilardWarning, match="aux moves by gradients that fresh batches do not have") as warned:
        run = record(tmp_path / "run", model, optimizer, of_head, step, forward=lambda m, u: m(u), records=14)
    assert len(warned) == 1
    data = run.tree["reservoir"]
    assert data["group"].values.tolist() == ["body", "head", "aux"]
    assert data["unseen_parameters"].values.tolist() == [[0, 0, 24]] * 14
    for name in ("noise_variance", "noise_variance_loop", "noise_covariance", "signal_variance", "temperature_noise",
                 "temperature_configurational", "max_force", "gradient_noise_scale_pooled"):  # fmt: skip
        assert np.isnan(data[name].values[:, 2]).all(), name
        assert np.isfinite(data[name].values[-1, :2]).all(), name
    assert (data["temperature_kinetic"].values[1:, 2] > 0).all()  # that it moves is seen
    row = run.audit()[LOOP.name]
    assert row.verdict is Verdict.FAILED
    assert "aux moves by gradients that fresh batches do not have" in row.detail
    assert not run.audit().sound
    assert "not known of aux" in run.summary()
    run.report()


def test_no_noise_at_all_is_a_known_zero(tmp_path: Path) -> None:
    """Every batch is the whole of the data: 0, and not unknown."""
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(number: int, rows: Tensor) -> None:
        F.cross_entropy(model(X[:SIZE]), Y[:SIZE]).backward()

    run = record(tmp_path / "run", model, optimizer, F.cross_entropy, step, train_data=(X[:SIZE], Y[:SIZE]))
    data = run.tree["reservoir"]
    assert (data["noise_variance"].values == 0).all()
    assert (data["temperature_noise"].values == 0).all()
    assert (data["temperature_share"].values == 1).all()


# A number that cannot be had


def test_bursts_with_a_gradient_that_is_not_finite_have_no_row(tmp_path: Path) -> None:
    """An optimiser that leaves such steps out, and a model that stays finite: the record goes on."""

    class Careful(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:  # type: ignore[override]
            grads = [p.grad for group in self.param_groups for p in group["params"]]
            return super().step(closure) if all(bool(g.isfinite().all()) for g in grads) else None

    model = nn.Linear(4, 3)

    def step(number: int, rows: Tensor) -> None:
        F.cross_entropy(model(X[rows]), Y[rows]).backward()
        if number == EVERY + 1:
            model.weight.grad.fill_(float("nan"))  # type: ignore[union-attr]

    with pytest.warns(SzilardWarning, match="was not finite though the model is"):
        run = record(tmp_path / "run", model, Careful(model.parameters(), lr=0.1), F.cross_entropy, step, records=5)
    assert run.status == "complete"
    assert run.tree["reservoir"]["step"].values.tolist() == [0, 2 * EVERY, 3 * EVERY, 4 * EVERY]


def test_normalisation_that_begins_to_train_later_gets_whole_batches(tmp_path: Path) -> None:
    """In evaluation mode when the monitor is made, in training mode when it is measured."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

    def step(number: int, rows: Tensor) -> None:
        model.train()
        F.cross_entropy(model(X[rows]), Y[rows]).backward()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = record(tmp_path / "run", model, optimizer, F.cross_entropy, step, records=40, replacement=True,
                     per_example=4)  # fmt: skip
    data = run.tree["reservoir"]
    assert run.attributes["reservoir"]["fresh_batch"] == SIZE
    assert np.isnan(data["noise_variance_per_example"].values).all()  # an example has none of its own then
    ratio = (data["noise_variance_loop"].mean("step") / data["noise_variance"].mean("step")).values
    np.testing.assert_allclose(ratio[[0, 2]], 1, atol=0.3)  # before the first layer's, halves have twice the noise
