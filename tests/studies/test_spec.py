"""Specs: checked when made, to TOML and back, changed from the command line."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.experiments import Experiment, Probe
from szilard.studies.catalogue import apply, find
from szilard.studies.registry import named_runs
from szilard.training import SGD, Adam, AdamW, Cosine, Decay, Factory, Training, factory

MODEL = factory("nets:mlp", widths=[64, 32, 10])
BASE = Experiment(model=MODEL, data="digits")

unit = st.floats(0, 0.99)
positive = st.floats(1e-9, 10)
adaptive = {"lr": positive, "betas": st.tuples(unit, unit), "eps": positive, "weight_decay": unit}
optimizers = st.one_of(
    st.builds(SGD, lr=positive, momentum=st.floats(0.01, 0.99), nesterov=st.booleans(), weight_decay=unit),
    st.builds(Adam, **adaptive),
    st.builds(AdamW, **adaptive),
)
schedules = st.one_of(
    st.none(),
    st.builds(Cosine, final=unit, warmup=st.integers(0, 100)),
    st.builds(Decay, at=st.sets(st.integers(1, 1000), max_size=4).map(sorted).map(tuple), factor=positive),
)
experiments = st.builds(
    Experiment,
    model=st.builds(
        lambda widths, note, rate: factory("nets:mlp", widths=widths, note=note, nested={"rate": rate}),
        st.lists(st.integers(1, 900), min_size=2),
        st.text(),
        st.floats(allow_nan=False),
    ),
    data=st.sampled_from(["digits", "mnist"]),
    training=st.builds(
        Training,
        optimizer=optimizers,
        batch_size=st.integers(1, 10**6),
        steps=st.integers(1, 10**9),
        shuffle=st.sampled_from(["epochs", "replacement"]),
        schedule=schedules,
    ),
    probe=st.builds(
        Probe, split=st.sampled_from(["train", "test"]), size=st.none() | st.integers(1, 10**6), labelled=st.booleans()
    ),
    seed=st.integers(0, 2**63 - 1),
    every=st.none() | st.integers(1, 10**6),
    budget=st.floats(0.001, 0.999),
    path_intervals=st.sets(st.integers(1, 1000), min_size=1).map(sorted).map(tuple),
    device=st.sampled_from(["cpu", "cuda:1"]),
    threads=st.none() | st.integers(1, 64),
    name=st.text(),
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(experiments)
def test_toml_round_trip(experiment: Experiment) -> None:
    assert Experiment.from_toml(experiment.to_toml()) == experiment


IMAGES = ("digits", "mnist", "fashion-mnist")
DATA: dict[str, tuple[str | None, ...]] = {"text": (None,), "finetune": (None,)}
"""What named runs take that do not take all images; None is their own default."""


@pytest.mark.parametrize("name, data", [(name, data) for name in named_runs() for data in DATA.get(name, IMAGES)])
def test_named_runs_round_trip_and_fix_their_interval(name: str, data: str | None) -> None:
    experiment = find(name, data)
    assert type(experiment).from_toml(experiment.to_toml()) == experiment
    assert data is None or experiment.data == data
    if isinstance(experiment, Experiment):
        assert (experiment.every is not None) == (experiment.design is None)


def test_defaults_need_not_be_written() -> None:
    text = 'data = "digits"\nmodel = {factory = "nets:mlp", widths = [64, 32, 10]}\n'
    assert Experiment.from_toml(text) == BASE


BAD_TABLES: list[tuple[str, str]] = [
    ("traning = {}", "Experiment has no setting 'traning': did you mean 'training'"),
    ("training = {batchsize = 3}", "Training has no setting 'batchsize': did you mean 'batch_size'"),
    ("training = {batch_size = 'many'}", "Training.batch_size must be a whole number, not 'many'"),
    ("training = {batch_size = true}", "Training.batch_size must be a whole number, not True"),
    ("training = {batch_size = 2.0}", "Training.batch_size must be a whole number, not 2.0"),
    ("training = {batch_size = 0}", "Training.batch_size must be at least 1, not 0"),
    ("training = {steps = 0}", "Training.steps must be at least 1"),
    ("training = {shuffle = 'never'}", "'epochs' or 'replacement'"),
    ("training = {optimizer = {kind = 'sdg'}}", "Training.optimizer has no kind 'sdg': did you mean 'sgd'"),
    ("training = {optimizer = {lr = 0.1}}", "Training.optimizer needs a kind, one of sgd, adam, adamw"),
    ("training = {optimizer = {kind = 'sgd', lr = nan}}", "SGD.lr must be a finite number"),
    ("training = {optimizer = {kind = 'sgd', lr = -1}}", "SGD.lr must be at least 0"),
    ("training = {optimizer = {kind = 'sgd', momentum = 1}}", "SGD.momentum must be from 0 to below 1"),
    ("training = {optimizer = {kind = 'sgd', nesterov = true}}", "SGD.nesterov must be false where there is no"),
    ("training = {optimizer = {kind = 'adam', betas = [0.9]}}", "Adam.betas must be two"),
    ("training = {optimizer = {kind = 'adam', momentum = 0.9}}", "Adam has no setting 'momentum'"),
    ("training = {optimizer = 3}", "Training.optimizer must be a SGD or a Adam or a AdamW, not 3"),
    ("training = {schedule = {kind = 'decay'}}", "Decay needs a value for 'at'"),
    ("training = {schedule = {kind = 'decay', at = [3, 2]}}", "Decay.at must be rising positive steps"),
    ("probe = {size = 0}", "Probe.size must be at least 1"),
    ("probe = {size = 'all'}", "Probe.size must be a whole number, not 'all'"),
    ("probe = {split = 'validation'}", "'train' or 'test'"),
    ("probe = 3", "Experiment.probe must be a Probe, not 3"),
    ("every = 0", "Experiment.every must be at least 1"),
    ("budget = 1", "Experiment.budget must be between 0 and 1"),
    ("path_intervals = []", "path_intervals must be rising positive"),
    ("path_intervals = [2, 1]", "path_intervals must be rising positive"),
    ("path_intervals = 3", "path_intervals must be a list"),
    ("threads = 0", "Experiment.threads must be at least 1"),
    ("seed = -1", "Experiment.seed must be from 0"),
]


@pytest.mark.parametrize(("line", "message"), BAD_TABLES, ids=[line for line, _ in BAD_TABLES])
def test_what_does_not_fit_is_refused_in_words(line: str, message: str) -> None:
    text = f'data = "digits"\n{line}\n[model]\nfactory = "nets:mlp"\n'
    with pytest.raises(SpecError) as caught:
        Experiment.from_toml(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data = ", "no valid TOML"),
        ('data = "digits"', "Experiment needs a value for 'model'"),
        ('data = "digits"\n[model]\nwidths = [1, 2]', "a model needs factory"),
        ('data = "digits"\n[model]\nfactory = "mlp"', "'module:function'"),
        ('data = "digits"\nmodel = 3', "Experiment.model must be a Factory, not 3"),
        ('data = 3\n[model]\nfactory = "nets:mlp"', "the data must be a name or a szilard Dataset, not a int"),
    ],
)
def test_incomplete_specs_are_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Experiment.from_toml(text)


def test_a_file_is_named_in_its_errors(tmp_path: Any) -> None:
    path = tmp_path / "mine.toml"
    with pytest.raises(SpecError, match=r"mine\.toml cannot be read"):
        Experiment.load(path)
    path.write_text("steps = 3")
    with pytest.raises(SpecError, match=r"mine\.toml: Experiment has no setting 'steps'"):
        find(str(path))


class Own(nn.Module):
    pass


def test_functions_and_tensors_are_accepted_and_marked() -> None:
    experiment = Experiment(model=Own, data="digits")
    assert experiment.model == Factory(Own) and not experiment.reconstructible
    table = experiment.as_table()
    assert table["model"] == {"factory": "Own", "reconstructible": False}
    with pytest.raises(SpecError, match=r"function 'Own' of a running program.*put factory"):
        Experiment.from_table(table)
    with pytest.raises(SpecError, match="TOML cannot"):
        experiment.to_toml()
    tensors = Dataset("mine", *(torch.zeros(2, 3), torch.tensor([0, 1])) * 2, classes=("a", "b"))
    table = dataclasses.replace(BASE, data=tensors).as_table()
    assert table["data"] == {"name": "mine", "reconstructible": False}
    with pytest.raises(SpecError, match=r"'mine', were tensors"):
        Experiment.from_table(table)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: factory("nets"), "'module:function'"),
        (lambda: factory("nets:mlp", widths=None), "widths is None, which TOML cannot hold"),
        (lambda: factory("nets:mlp", factory=1), "is called 'factory'"),
        (lambda: factory("no_such_module:f").build(), r"cannot be imported .*run from the folder"),
        (lambda: factory("nets:mpl").build(), "no function 'mpl': did you mean 'mlp'"),
        (lambda: factory("nets:mlp", width=[1]).build(), "takes no 'width': did you mean 'widths'"),
        (lambda: factory("nets:mlp").build(), "cannot be called with these arguments: missing a required argument"),
        (lambda: factory(lambda: 3).build(), "returned a int: it must return an nn.Module"),
        (lambda: factory("nets:mlp", widths=[3]).build(), "at least two positive widths"),
        (lambda: factory("nets:mlp", widths=[3, 2, 1], activation="rel").build(), "no activation 'rel'"),
        (lambda: factory("nets:convnet", side=2).build(), "halve a side of 2 to nothing"),
    ],
)
def test_factories_say_what_is_wrong(made: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        made()


def test_nets_do_as_they_say() -> None:
    net = factory("nets:mlp", widths=[4, 3, 2], activation="tanh", dropout=0.5, batch_norm=True).build()
    kinds = [type(layer).__name__ for layer in net.children()]
    assert kinds == ["Flatten", "Linear", "BatchNorm1d", "Tanh", "Dropout", "Linear"]
    assert factory("nets:convnet", channels=[1, 2], side=6).build()(torch.zeros(3, 1, 6, 6)).shape == (3, 10)


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("lr=0.5", ("training", "optimizer", "lr"), 0.5),
        ("lr=1", ("training", "optimizer", "lr"), 1.0),
        ("training.steps = 7", ("training", "steps"), 7),
        ("size=none", ("probe", "size"), None),
        ("every=5", ("every",), 5),
        ("optimizer=adam", ("training", "optimizer"), Adam()),
        ("training.optimizer.kind=adamw", ("training", "optimizer"), AdamW()),
        ("schedule=cosine", ("training", "schedule"), Cosine()),
        ("schedule={kind='decay', at=[3]}", ("training", "schedule"), Decay(at=(3,))),
        ("widths=[64, 10]", ("model",), factory("nets:mlp", widths=[64, 10])),
        ("model.dropout=0.1", ("model",), factory("nets:mlp", widths=[64, 32, 10], dropout=0.1)),
        ("path_intervals=[1, 3]", ("path_intervals",), (1, 3)),
        ("name=a b", ("name",), "a b"),
    ],
)
def test_changes_from_the_command_line(change: str, path: tuple[str, ...], value: object) -> None:
    changed: Any = apply(BASE, [change])
    for name in path:
        changed = getattr(changed, name)
    assert changed == value and type(changed) is type(value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("lr", "a change is key=value"),
        ("stpes=3", "no setting 'stpes': did you mean 'steps'"),
        ("kind=adam", "no setting|could be"),
        ("steps=many", "Training.steps must be a whole number, not 'many'"),
        ("model.widths.deep=3", "single value"),
    ],
)
def test_changes_that_do_not_fit(change: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        apply(dataclasses.replace(BASE, training=Training(schedule=Cosine())), [change])


def test_an_unknown_experiment_suggests_the_nearest() -> None:
    with pytest.raises(SpecError, match="no experiment 'singel', nor a TOML file of that path: did you mean 'single'"):
        find("singel")
    with pytest.raises(SpecError, match=r"no settings for the data 'minst': did you mean 'mnist'"):
        find("single", "minst")


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9, nesterov=True, weight_decay=0.1), Adam(eps=1e-3), AdamW()])
def test_optimizers_pass_every_setting_on(optimizer: SGD | Adam | AdamW) -> None:
    built = optimizer.build([nn.Parameter(torch.zeros(1))])
    assert type(built).__name__ == type(optimizer).__name__
    for field in dataclasses.fields(optimizer):
        if field.name == "noise":
            continue  # not torch's: added after each step
        assert built.defaults[field.name] == getattr(optimizer, field.name), field.name


def test_a_model_that_is_made_already_is_refused() -> None:
    with pytest.raises(SpecError, match="is made already: give the function or class that makes it"):
        Experiment(model=torch.nn.Linear(2, 3), data="digits")  # type: ignore[arg-type]


def test_what_a_users_factory_raises_is_said_with_its_place() -> None:
    def broken() -> torch.nn.Module:
        raise ZeroDivisionError("by width")

    with pytest.raises(SpecError, match=r"broken' failed with ZeroDivisionError: by width \(test_spec\.py, line \d+\)"):
        Factory(broken).build()


def test_tensors_in_place_of_data_point_to_from_arrays() -> None:
    with pytest.raises(SpecError, match=r"make one with szilard\.data\.from_arrays") as caught:
        Experiment(model=factory("nets:mlp", widths=[2, 2]), data=(torch.zeros(99, 9), torch.zeros(99)))  # type: ignore
    assert len(str(caught.value)) < 250
