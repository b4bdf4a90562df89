"""What the reservoir is given in practice: handled, or refused by name with a reason."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    Sampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

import szilard
from szilard import Classifier, Ledger, Monitor, Reservoir
from szilard.errors import ModelError, SpecError, SzilardError, SzilardWarning
from szilard.monitor.reservoir.examples import Examples
from szilard.monitor.session import RecordingSession

pytestmark = pytest.mark.slow

X = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
Y = torch.randint(3, (40,), generator=torch.Generator().manual_seed(2))
LAGS = (1, 2)
BURST = 4


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))


def sgd(model: nn.Module, **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.1, **settings})


def reservoir(**settings: Any) -> Reservoir:
    return Reservoir(
        **{"loss_fn": F.cross_entropy, "train_data": (X, Y), "every": 6, "lags": LAGS, "batch_size": 8, **settings}
    )


# Refused


class Stream(IterableDataset):
    def __iter__(self) -> Any:
        yield X[0], Y[0]


class Dicts(TensorDataset):
    def __getitem__(self, index: int) -> Any:
        return {"x": X[index], "y": Y[index]}


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "interval within a burst": ({"every": 4}, r"a burst takes 4 steps, so every must be more than that, not 4"),
    "lag 0": ({"lags": (0, 1)}, r"each of lags must be a whole number of at least 1, not 0"),
    "no lag": ({"lags": ()}, r"lags must be a list of whole numbers, not \(\)"),
    "lags as text": ({"lags": "12"}, r"lags must be a list"),
    "batch of none": ({"batch_size": 0}, r"batch_size must be a whole number of at least 1"),
    "single example": ({"per_example": 1}, r"a single example has no variance"),
    "force": ({"force": "exact"}, r"force must be 'sample' or 'full', not 'exact'"),
    "budget": ({"budget": 3}, r"budget is a share of the loop's time, between 0 and 1, not 3"),
    "window": ({"window": 2}, r"window must be a whole number of at least 8"),
    "no loss": ({"loss_fn": None}, r"loss_fn must be a function"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_make_no_sense(case: str) -> None:
    settings, message = SETTINGS[case]
    with pytest.raises(SpecError, match=message):
        reservoir(**settings)


@dataclass
class Refused:
    """A start that must fail."""

    error: type[Exception]
    message: str
    settings: dict[str, Any] | None = None
    optimizer: Callable[[nn.Module], Any] = sgd
    model: Callable[[], nn.Module] = network


def made(kind: type[torch.optim.Optimizer], **settings: Any) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: kind(model.parameters(), **settings)


OPTIMISERS: dict[str, Refused] = {
    "no optimiser": Refused(SpecError, r"none is given: szilard\.Monitor\(ppm, optimizer", optimizer=lambda m: None),
    "of another model": Refused(SpecError, r"holds no parameter of the model", optimizer=lambda m: sgd(network())),
    "frozen model": Refused(ModelError, r"holds no trainable parameter", model=lambda: network().requires_grad_(False)),
    "work under Adam": Refused(
        SpecError, r"predicted for SGD only, not for Adam", {"diffusion_work": True}, made(torch.optim.Adam)
    ),
}


def loss(of: Callable[..., Any]) -> dict[str, Any]:
    return {"loss_fn": of}


LOSSES: dict[str, Refused] = {
    "of every example": Refused(
        ModelError,
        r"loss_fn returned a tensor shaped \(4,\), not one number",
        loss(lambda z, y: F.cross_entropy(z, y, reduction="none")),
    ),
    "summed": Refused(
        ModelError,
        r"returned the sum over the batch",
        loss(lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    ),
    "NaN": Refused(ModelError, r"not finite", loss(lambda z, y: F.cross_entropy(z, y) * float("nan"))),
    "float": Refused(ModelError, r"loss_fn returned float", loss(lambda z, y: F.cross_entropy(z, y).item())),
    "detached": Refused(
        ModelError, r"depends on none of the model's parameters", loss(lambda z, y: F.cross_entropy(z.detach(), y))
    ),
    "failing": Refused(ModelError, r"loss of a batch .* could not be had: .*forward=", loss(lambda z: z.mean())),
}


TRAIN_DATA: dict[str, Refused] = {
    "batch size unknown": Refused(SpecError, r"give batch_size", {"batch_size": None}),
    "stream": Refused(SpecError, r"are a stream \(IterableDataset\)", {"train_data": Stream()}),
    "loader of a stream": Refused(SpecError, r"are a stream", {"train_data": DataLoader(Stream(), batch_size=4)}),
    "dicts": Refused(SpecError, r"is a dict of \['x', 'y'\], not a pair", {"train_data": Dicts(X)}),
    "unequal rows": Refused(SpecError, r"have \[30, 40\] rows", {"train_data": (X[:30], Y)}),
    "no rows": Refused(SpecError, r"have \[0\] rows", {"train_data": (X[:0], Y[:0])}),
    "arrays": Refused(SpecError, r"must be tensors with one row per example", {"train_data": (X.numpy(), Y.numpy())}),
    "no data": Refused(SpecError, r"the training data are a int", {"train_data": 5}),
    "unknown grouping": Refused(SpecError, r"groups must be 'layer', 'parameter' or a function", {"groups": "block"}),
    "nameless grouping": Refused(
        SpecError, r"groups gave None for parameter '0\.weight'", {"groups": lambda name: None}
    ),
    "single examples under batch-norm": Refused(
        ModelError,
        r"layer '1' normalises over the batch, so a single example has no gradient of its own",
        {"per_example": 4},
        model=lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)),
    ),
}
STARTS = {**OPTIMISERS, **LOSSES, **TRAIN_DATA}


@pytest.mark.parametrize("case", STARTS)
def test_refused_before_anything_is_written(tmp_path: Path, case: str) -> None:
    refused = STARTS[case]
    model = refused.model()
    measure = reservoir(**(refused.settings or {}))
    with pytest.raises(refused.error, match=refused.message):
        Monitor(Classifier(model, X), refused.optimizer(model), tmp_path / "run", measures=[measure], quiet=True)
    assert not (tmp_path / "run").exists()


# Handled


def train(
    out: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    measure: Reservoir,
    *,
    steps: int = 24,
    size: int = 8,
    each: Callable[[int], None] = lambda step: None,
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    x: Tensor = X,
) -> Any:
    """A plain loop; ``each`` is called between the gradient and the optimiser's step."""
    monitor = Monitor(Classifier(model, x), optimizer, out, measures=[szilard.Ledger(every=6), measure], quiet=True)
    order = torch.Generator().manual_seed(3)
    for step in range(steps):
        rows = torch.randint(len(x), (size,), generator=order)
        optimizer.zero_grad()
        loss_fn(model(x[rows]), Y[rows]).backward()
        each(step)
        optimizer.step()
        monitor.step()
    return monitor.close().tree["reservoir"].to_dataset()


class Idle(nn.Module):
    """Has a layer that nothing goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.idle = nn.Linear(4, 3), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


def test_unused_parameters_have_no_noise(tmp_path):
    model = Idle()
    data = train(tmp_path / "run", model, sgd(model), reservoir())
    assert data["group"].values.tolist() == ["used", "idle"]
    assert (data["noise_variance"].values[:, 1] == 0).all()
    assert np.isnan(data["temperature_noise"].values[:, 1]).all()  # it never had a gradient: unknown, not 0
    assert data["temperature_share"].values.tolist() == [[1.0, 0.0]] * 4
    assert np.isnan(data["gradient_noise_scale"].values[:, 1]).all()
    assert (data["noise_variance"].values[:, 0] > 0).all()


def test_parameters_are_followed_as_they_are_thawed(tmp_path):
    """Frozen ones have no noise and no temperature; from the next burst on they are as if never frozen."""
    model = network()
    model[0].requires_grad_(False)

    def thaw(step: int) -> None:
        if step == 10:
            model[0].requires_grad_(True)

    data = train(tmp_path / "run", model, sgd(model), reservoir(), each=thaw, steps=24)
    assert data["group"].values.tolist() == ["0", "2"]
    assert (data["noise_variance"].values[:2, 0] == 0).all()
    assert np.isnan(data["temperature_noise"].values[:2, 0]).all()
    assert data["temperature_share"].values.tolist() == [[0, 1], [0, 1], [1, 1], [1, 1]]
    assert (data["noise_variance"].values[2:, 0] > 0).all()
    assert (data["temperature_noise"].values[2:, 0] > 0).all()
    assert data["rate"].values.tolist() == [[0, 0.1], [0, 0.1], [0.1, 0.1], [0.1, 0.1]]
    szilard.open(tmp_path / "run").audit()


@pytest.mark.parametrize("groups", ["parameter", lambda _: "all"])
def test_frozen_parameters_do_not_thin_out_the_others(tmp_path, groups):
    """Means are over what is trained: the same numbers as where the frozen parameter is not the optimiser's at all."""
    found = []
    for held in (True, False):
        model = network()
        model[0].weight.requires_grad_(False)
        own = [p for p in model.parameters() if held or p.requires_grad]
        measure = reservoir(groups=groups, directions=0, per_example=4, force="full")
        found.append(train(tmp_path / str(held), model, torch.optim.SGD(own, lr=0.1), measure, steps=80))
    whole, part = found
    own = whole.sizes["group"] - part.sizes["group"]
    for name in part.data_vars:
        if name in ("interval", "rate", "temperature_share") or "group" not in part[name].dims:
            continue
        if whole.sizes["group"] == 1 and name.startswith("participation_ratio"):
            continue  # the sample is another
        ours, theirs = (np.asarray(each[name].values, dtype=float) for each in (whole, part))
        np.testing.assert_allclose(ours[:, own:], theirs, rtol=1e-5, atol=1e-12, err_msg=name)


def test_parameters_frozen_on_the_way_fall_silent(tmp_path):
    model = network()

    def freeze(step: int) -> None:
        if step == 8:
            model[0].requires_grad_(False)
            model[0].weight.grad = model[0].bias.grad = None

    data = train(tmp_path / "run", model, sgd(model), reservoir(), each=freeze)
    assert (data["noise_variance"].values[:2, 0] > 0).all()
    assert (data["noise_variance"].values[2:, 0] == 0).all()
    assert (data["noise_variance_loop"].values[2:, 0] == 0).all()
    assert np.isnan(data["temperature_noise"].values[2:, 0]).all()


def test_sparse_gradients_count_like_full_ones(tmp_path):
    words = torch.randint(20, (40, 6), generator=torch.Generator().manual_seed(4))
    found = []
    for sparse in (True, False):
        torch.manual_seed(0)
        model = nn.Sequential(nn.EmbeddingBag(20, 4, sparse=sparse, mode="sum"), nn.Linear(4, 3))
        measure = reservoir(train_data=(words, Y))
        found.append(train(tmp_path / str(sparse), model, sgd(model), measure, x=words))
    for name in ("noise_variance", "signal_variance", "noise_variance_loop", "noise_covariance", "max_force"):
        np.testing.assert_allclose(found[0][name].values, found[1][name].values, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_accumulated_gradients_are_those_of_the_whole_batch(tmp_path, parts):
    """The optimiser steps once for several micro-batches: batch_size is theirs together."""
    model = network()
    optimizer = sgd(model, lr=1e-6)
    monitor = Monitor(Classifier(model, X), optimizer, tmp_path / "run", measures=[reservoir()], quiet=True)
    for _ in range(600):
        optimizer.zero_grad()
        for _ in range(parts):
            rows = torch.randint(40, (8 // parts,))
            (F.cross_entropy(model(X[rows]), Y[rows]) / parts).backward()
        optimizer.step()
        monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    loop, fresh = (data[name].values.mean(0) for name in ("noise_variance_loop", "noise_variance"))
    finite = (40 - 8) / 39  # the loop here draws with replacement, which the measure was not told
    np.testing.assert_allclose(loop * finite / fresh, 1, rtol=0.25)
    assert data["burst_steps"].values.tolist() == [BURST] * 100


def test_a_batch_of_one(tmp_path):
    model = network()
    data = train(tmp_path / "run", model, sgd(model), reservoir(batch_size=1), size=1)
    assert (data["noise_variance"].values > 0).all()


def test_data_smaller_than_a_batch_are_one_batch_without_noise(tmp_path):
    model = network()
    measure = reservoir(train_data=(X[:5], Y[:5]), batch_size=8)
    data = train(tmp_path / "run", model, sgd(model), measure)
    assert (data["noise_variance"].values == 0).all()
    assert (data["temperature_noise"].values == 0).all()
    assert (data["gradient_noise_scale"].notnull()).all()


def test_a_group_of_one_parameter(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3, bias=False), Scale())
    data = train(tmp_path / "run", model, sgd(model), reservoir(groups="parameter"), steps=80)
    assert data["group"].values.tolist() == ["0.weight", "1.factor"]
    np.testing.assert_allclose(data["participation_ratio"].values[4:, 1], 1, rtol=0.5)
    np.testing.assert_allclose(np.abs(data["projection_position"].values[0, 1]), 1)
    assert np.isfinite(data["temperature_configurational"].values[-1]).all()


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


@pytest.mark.parametrize("clipping", ["norm", "none"])
def test_clipping_shows_and_is_told(tmp_path, clipping):
    model = network()

    def clip(step: int) -> None:
        if clipping == "norm":
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)

    data = train(tmp_path / "run", model, sgd(model), reservoir(clipped=clipping == "norm"), each=clip)
    assert data["clipped_steps"].values.tolist() == [BURST if clipping == "norm" else 0] * 4
    told = szilard.open(tmp_path / "run").attributes["reservoir"]
    assert told["clipped"] is (clipping == "norm")


def test_skipped_steps_of_a_scaler_are_counted_and_not_measured(tmp_path):
    model = network()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**14, growth_interval=1000)
    monitor = Monitor(Classifier(model, X), optimizer, tmp_path / "run", measures=[reservoir(every=12)], quiet=True)
    for step in range(30):
        rows = torch.randint(40, (8,))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X[rows]), Y[rows])
        scaler.scale(loss * (float("inf") if step in (1, 2) else 1)).backward()
        scaler.step(optimizer)
        scaler.update()
        monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    assert data["skipped_steps"].values.tolist() == [2, 0, 0]
    assert data["burst_steps"].values.tolist() == [BURST] * 3
    ratio = data["noise_variance_loop"].values.mean(0) / data["noise_variance"].values.mean(0)
    assert ((ratio > 0.2) & (ratio < 5)).all()  # gradients were unscaled before they were seen


def test_a_closure_is_called_once_and_its_gradient_seen(tmp_path):
    data, calls = [], []
    for closed in (True, False):
        model = network()
        optimizer = sgd(model)
        monitor = Monitor(Classifier(model, X), optimizer, tmp_path / str(closed), measures=[reservoir()], quiet=True)
        order = torch.Generator().manual_seed(3)
        for _ in range(24):
            rows = torch.randint(40, (8,), generator=order)

            def closure(model: nn.Module = model, optimizer: Any = optimizer, rows: Tensor = rows) -> Tensor:
                calls.append(1)
                optimizer.zero_grad()
                loss = F.cross_entropy(model(X[rows]), Y[rows])
                loss.backward()
                return loss

            if closed:
                assert optimizer.step(closure) > 0
            else:
                closure()
                optimizer.step()
            monitor.step()
        data.append(monitor.close().tree["reservoir"].to_dataset())
    assert len(calls) == 48
    assert data[0].drop_vars("interval").equals(data[1].drop_vars("interval"))


def test_rates_may_change_and_parameters_may_come_and_go(tmp_path):
    model = network()
    optimizer = sgd(model)
    extra = nn.Parameter(torch.zeros(3))

    def change(step: int) -> None:
        if step == 5:
            optimizer.param_groups[0]["lr"] = 0.05
        if step == 11:
            optimizer.add_param_group({"params": [extra], "lr": 1.0})
        if step == 17:
            optimizer.param_groups[0]["params"] = [
                p for p in optimizer.param_groups[0]["params"] if p is not model[0].weight
            ]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = train(tmp_path / "run", model, optimizer, reservoir(), each=change)
    said = [str(each.message) for each in caught if each.category is SzilardWarning]
    assert ["given after the record began" in each for each in said] == [True, False]
    assert "at a rate of 0" in said[1]
    np.testing.assert_allclose(data["rate"].values[:, 1], [0.1, 0.05, 0.05, 0.05])
    np.testing.assert_allclose(data["rate"].values[:, 0], [0.1, 0.05, 0.05, 0.05 * 5 / 25])
    assert np.isfinite(data["fdr_ratio"].values[1:, 1]).all()  # a rate that halves has a mean
    assert np.isnan(data["fdr_ratio"].values[3, 0])


def test_an_optimiser_that_never_steps_is_named(tmp_path):
    model = network()
    monitor = Monitor(Classifier(model, X), sgd(model), tmp_path / "run", measures=[reservoir()], quiet=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(100):
            monitor.step()
    said = [str(each.message) for each in caught if each.category is SzilardWarning]
    assert sum("no step of the optimiser was seen" in each for each in said) == 1
    assert monitor.close().tree["reservoir"].sizes["step"] == 0


def test_a_run_that_diverges_ends_its_record(tmp_path):
    model = network()

    def spoil(step: int) -> None:
        if step == 14:
            model[0].weight.grad.fill_(float("nan"))  # type: ignore[union-attr]

    with pytest.warns(SzilardWarning, match="the run broke at step 12"):
        data = train(tmp_path / "run", model, sgd(model), reservoir(), each=spoil)
    assert data["step"].values.tolist() == [0, 6]


def test_a_run_shorter_than_a_burst_has_no_row(tmp_path):
    model = network()
    optimizer = sgd(model)
    data = train(tmp_path / "run", model, optimizer, reservoir(), steps=3)
    assert data.sizes["step"] == 0
    assert not optimizer._optimizer_step_pre_hooks


def test_the_hook_hangs_only_during_bursts(tmp_path):
    model = network()
    optimizer = sgd(model)
    hung = []
    train(
        tmp_path / "run",
        model,
        optimizer,
        reservoir(),
        steps=18,
        each=lambda s: hung.append(len(optimizer._optimizer_step_pre_hooks)),
    )
    assert [each - min(hung) for each in hung] == [1, 1, 1, 1, 0, 0] * 3  # beside the monitor's own


@pytest.mark.parametrize("fault", ["place", "groups", "another measure", "first record"])
def test_a_monitor_that_is_not_made_leaves_nothing_on_the_optimiser(tmp_path, monkeypatch, fault):
    def refuses(*_: Any) -> None:
        raise SpecError("refused")

    model = network()
    optimizer = sgd(model)
    measures = [reservoir(), reservoir() if fault == "groups" else Ledger(every=1)]
    if fault == "place":
        (tmp_path / "run").write_text("something else")
    elif fault == "another measure":
        monkeypatch.setattr(Ledger, "start", refuses)
    elif fault == "first record":
        monkeypatch.setattr(RecordingSession, "flush", refuses)
    with pytest.raises(SzilardError):
        Monitor(Classifier(model, X), optimizer, tmp_path / "run", measures=measures, quiet=True)
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_tied_weights_are_one_parameter(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    data = train(
        tmp_path / "run", model, sgd(model), reservoir(train_data=(X[:, :3], Y), groups="parameter"), x=X[:, :3]
    )
    assert data["group"].values.tolist() == ["0.weight", "0.bias", "2.bias"]


def test_one_gradient_that_serves_two_parameters(tmp_path):
    """Autograd may hand both the very same tensor, in which sums must not be made in place."""

    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.a, self.b = (
                nn.Linear(4, 3),
                nn.Parameter(torch.zeros(8, 3)),
                nn.Parameter(torch.zeros(8, 3)),
            )

        def forward(self, x: Tensor) -> Tensor:
            z = self.body(x)
            return z + (self.a + self.b)[: len(z)].mean(0)

    model = Shifted()
    data = train(tmp_path / "run", model, sgd(model), reservoir(groups="parameter"), x=X)
    values = data["noise_variance"].values
    np.testing.assert_allclose(values[:, 0], values[:, 1], rtol=1e-12)
    ratio = data["noise_variance_loop"].values.mean(0) / values.mean(0)
    assert ((ratio > 0.2) & (ratio < 5)).all()


def test_batch_norm_is_measured_on_whole_batches(tmp_path):
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    train(tmp_path / "run", model, sgd(model), reservoir())
    assert szilard.open(tmp_path / "run").attributes["reservoir"]["fresh_batch"] == 8


def test_half_precision_parameters(tmp_path):
    model = network().to(torch.bfloat16)
    x = X.to(torch.bfloat16)
    with pytest.warns(SzilardWarning, match="bfloat16"):
        data = train(tmp_path / "run", model, sgd(model), reservoir(train_data=(x, Y)), x=x)
    assert (data["noise_variance"].values > 0).all()


DATA: dict[str, Callable[[], Any]] = {
    "pair": lambda: (X, Y),
    "list": lambda: [X, Y],
    "dataset": lambda: TensorDataset(X, Y),
    "items": lambda: [(X[row], Y[row]) for row in range(40)],
    "loader": lambda: DataLoader(TensorDataset(X, Y), batch_size=8, shuffle=True),
    "szilard": lambda: szilard.data.from_arrays(X, Y, X, Y),
}


@pytest.mark.parametrize("kind", DATA)
def test_the_same_data_in_whatever_form_give_the_same_numbers(tmp_path, kind):
    results = []
    for name, data in (("plain", (X, Y)), ("other", DATA[kind]())):
        model = network()
        results.append(train(tmp_path / name, model, sgd(model), reservoir(train_data=data)))
    assert results[0].equals(results[1])


@pytest.mark.parametrize("replacement", [True, False])
def test_a_loader_says_how_it_draws(tmp_path, replacement):
    data = TensorDataset(X, Y)
    loader = DataLoader(data, batch_size=8, sampler=RandomSampler(data, replacement=replacement))
    model = network()
    train(tmp_path / "run", model, sgd(model), reservoir(train_data=loader, batch_size=None))
    told = szilard.open(tmp_path / "run").attributes["reservoir"]
    assert (told["batch_size"], told["replacement"], told["examples"]) == (8, replacement, 40)


def test_inputs_may_be_a_dict_and_models_called_as_they_like(tmp_path):
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x: Tensor, scale: Tensor) -> Tensor:
            return self.layer(x) * scale

    model = Named()
    optimizer = sgd(model)
    inputs = {"x": X, "scale": torch.ones(40, 1)}
    measures = [
        reservoir(train_data=(inputs, Y)),
    ]
    monitor = Monitor(Classifier(model, inputs), optimizer, tmp_path / "run", measures=measures, quiet=True)
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(model(**inputs), Y).backward()
        optimizer.step()
        monitor.step()
    assert monitor.close().tree["reservoir"].sizes["step"] == 1


class Partly(nn.Module):
    """Has a layer that nothing uses, and in another one a parameter that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.used, self.unused = nn.Linear(4, 3), nn.Linear(2, 2)
        self.used.spare = nn.Parameter(torch.zeros(7))

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW])
def test_parameters_without_a_gradient_leave_adams_temperatures_of_the_others(tmp_path, kind):
    """As if they were not there, by number too; a group of nothing else has none."""
    models = [Partly(), nn.Linear(4, 3)]
    models[1].load_state_dict({name: models[0].used.state_dict()[name] for name in ("weight", "bias")})
    found = []
    for number, model in enumerate(models):
        optimizer = kind(model.parameters(), lr=0.01)
        found.append(train(tmp_path / str(number), model, optimizer, reservoir(directions=0)))
    partly, plain = found
    for name in ("temperature_noise", "temperature_kinetic"):
        for each in (name, f"{name}_error"):
            np.testing.assert_allclose(partly[each].values[:, 0], plain[each].values[:, 0], rtol=1e-6)
            assert np.isnan(partly[each].values[:, 1]).all()
    np.testing.assert_allclose(partly["fdr_ratio"].values[1:, 0], plain["fdr_ratio"].values[1:, 0], rtol=1e-3)


def test_parameters_without_a_gradient_have_no_velocity(tmp_path):
    model = Partly()
    data = train(tmp_path / "run", model, sgd(model, momentum=0.9), reservoir())
    assert (data["temperature_kinetic"].values[:, 0] > 0).all()
    assert np.isnan(data["temperature_kinetic"].values[:, 1]).all()
    assert np.isnan(data["temperature_noise"].values[:, 1]).all()
    np.testing.assert_allclose(data["temperature_share"].values[:, 0], 15 / 22)


def test_directions_beyond_the_parameters_are_merely_of_length_one(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), Scale())
    data = train(tmp_path / "run", model, sgd(model), reservoir(directions=4))
    np.testing.assert_allclose(np.abs(data["projection_position"].values[0, 1]), 1, rtol=1e-6)


def test_the_relation_counts_the_optimisers_steps(tmp_path):
    """The monitor may be told of every micro-batch: the ratio is that of the path all the same."""
    torch.manual_seed(0)
    model, parts, rate = nn.Linear(4, 3), 4, 0.1
    optimizer = sgd(model, lr=rate)
    monitor = Monitor(Classifier(model, X), optimizer, tmp_path / "run", measures=[reservoir(every=80)], quiet=True)
    squares, gradients = [], []
    with pytest.warns(SzilardWarning, match="micro-batches are recorded as steps"):
        for _ in range(105):
            optimizer.zero_grad()
            for part in range(parts):
                rows = torch.randint(40, (8,))
                (F.cross_entropy(model(X[rows]), Y[rows]) / parts).backward()
                if part < parts - 1:
                    monitor.step()
            squares.append(sum(float(p.detach().square().sum()) for p in model.parameters()))
            gradients.append(sum(float(p.grad.square().sum()) for p in model.parameters()))
            optimizer.step()
            monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    ends = np.arange(0, 101, 20)
    kinetic = [np.mean(gradients[end : end + BURST]) for end in ends]
    means = [(a + b) / 2 for a, b in itertools.pairwise(kinetic)]
    wanted = 1 - np.diff(np.array(squares)[ends]) / (20 * rate**2 * np.array(means))
    np.testing.assert_allclose(data["fdr_ratio"].values[1:, 0], wanted, rtol=1e-3)
    assert not optimizer._optimizer_step_post_hooks


@pytest.mark.parametrize("rows", [range(10, 22), torch.arange(10, 22)])
def test_a_loader_of_some_rows_is_drawn_from_these(rows):
    loader = DataLoader(TensorDataset(X, torch.arange(40)), batch_size=4, sampler=SubsetRandomSampler(rows))
    examples = Examples.of(loader)
    _, drawn = examples.draw(500, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert (examples.count, examples.batch_size, examples.replacement) == (12, 4, False)
    assert set(drawn.tolist()) == set(range(10, 22))
    part = Examples.of(DataLoader(Subset(TensorDataset(X, Y), [3, 5]), batch_size=2, shuffle=True))
    assert part.count == 2


class Odd(Sampler):
    def __iter__(self) -> Any:
        return iter([1, 2])

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"batch_size": 4, "sampler": WeightedRandomSampler([1.0] * 40, 40)}, "WeightedRandomSampler"),
        ({"batch_size": 4, "sampler": Odd()}, "Odd"),
        ({"batch_sampler": [[0, 1], [2, 3]]}, "list"),
    ],
)
def test_samplers_that_cannot_be_copied_are_refused(settings, name):
    with pytest.raises(SpecError, match=f"draws by a {name}.*batch_size= and replacement="):
        Examples.of(DataLoader(TensorDataset(X, Y), **settings))


def test_a_broken_run_leaves_the_loop_at_once(tmp_path):
    model = network()
    optimizer = sgd(model)
    monitor = Monitor(Classifier(model, X), optimizer, tmp_path / "run", measures=[reservoir()], quiet=True)
    optimizer.step()
    monitor.step()
    assert optimizer._optimizer_step_pre_hooks
    optimizer.step()
    with torch.no_grad():
        model[0].weight.fill_(float("nan"))
    with pytest.warns(SzilardWarning, match="broke"):
        monitor.step(loss=float("nan"))
    own = len(optimizer._optimizer_step_pre_hooks), len(optimizer._optimizer_step_post_hooks)
    assert own == (1, 1)  # the monitor's, by which it counts to the end
    monitor.close()
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_what_no_loader_says_of_its_draws_is_not_recorded(tmp_path):
    """Rows that the loop draws by itself may come either way: nothing of shuffled epochs is laid to its charge."""
    data = torch.randn(40, 4), torch.randint(3, (40,))
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for said in (None, True, False):
        reservoir = szilard.Reservoir(F.cross_entropy, data, every=20, lags=(1,), batch_size=8, replacement=said)
        told = reservoir.start(szilard.Classifier(model, data[0]), 0, optimizer).attributes["reservoir"]
        assert told["replacement"] is said
