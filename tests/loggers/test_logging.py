"""What loggers are given: which numbers, under which names, when; and what becomes of those that fail."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import szilard
from szilard.errors import RecordError, SpecError, SzilardError, SzilardWarning
from szilard.loggers import Log, Logger, Row, replay
from szilard.loggers.logging import SHARE, Logging
from szilard.loggers.mlflow import allowed
from szilard.loggers.quantities import DEFAULT, Quantities, Shape
from szilard.loggers.thinning import Thinning
from szilard.monitor import leaving
from szilard.monitor.reservoir.schema import reservoir_group
from szilard.monitor.sampled import schema as sampled_schema
from szilard.records import schema

Train = Callable[..., szilard.Run]
Points = list[tuple[int, dict[str, float]]]


class Own:
    """A logger of a user's own."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Takes numbers."""


OWN = Own()


def collected() -> tuple[Points, Callable[[Mapping[str, float], int], None]]:
    """Points, and a function that collects them."""
    points: Points = []
    return points, lambda values, step: points.append((step, dict(values)))


def by_name(points: Points) -> dict[str, dict[int, float]]:
    """The value of each name at each step."""
    found: dict[str, dict[int, float]] = {}
    for step, values in points:
        for name, value in values.items():
            assert step not in found.setdefault(name, {}), "given twice"
            found[name][step] = value
    return found


def test_a_function_gets_the_record(train: Train, expected: Any) -> None:
    points, function = collected()
    run = train([function])
    told = by_name(points)
    for name, values in expected(run).items():
        assert told[name] == values, name
    assert set(told["szilard/work"]) == set(run.tree["ledger"]["step"].values.tolist())
    assert all(math.isfinite(value) for _, values in points for value in values.values())
    assert not [name for name in told if "by_interval" in name or "histogram" in name]


def test_replay_gives_what_the_run_gave(train: Train) -> None:
    live, function = collected()
    run = train([Log(function, every=1)])
    later, function = collected()
    replay(run, [Log(function, every=1)])
    assert by_name(later) == by_name(live)


def test_steps_are_the_frameworks(train: Train) -> None:
    points, function = collected()
    run = train([function], first_step=1000)
    assert points[0][0] == 1000
    assert max(by_name(points)["szilard/work"]) == run.data["step"].values[-1] == 1040


def test_the_run_is_the_same_with_loggers(train: Train) -> None:
    def draws(values: Mapping[str, float], step: int) -> None:
        random.random(), np.random.seed(step), torch.rand(3)  # noqa: NPY002 - the run's

    works = [train(loggers).data["work"].values.tolist() for loggers in ([], [draws])]
    assert works[0] == works[1]


@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_a_logger_that_fails_is_left_out_with_one_warning(train: Train) -> None:
    points, function = collected()

    def fails(values: Mapping[str, float], step: int) -> None:
        if step >= 6:
            raise OSError("no route to host")

    with pytest.warns(SzilardWarning) as caught:
        run = train([fails, function])
    said = [str(each.message) for each in caught if "logger" in str(each.message)]
    assert len(said) == 1
    assert "no route to host" in said[0]
    assert "fails" in said[0]
    assert caught[0].filename == __file__.replace("test_logging", "conftest")
    assert run.complete
    assert max(by_name(points)["szilard/work"]) == 40


def test_an_unfinished_run_that_breaks_gives_what_is_sound(train: Train) -> None:
    points, function = collected()

    def stop(step: int) -> None:
        if step == 20:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        train([function], stop)
    assert max(by_name(points)["szilard/work"]) >= 18


def watched(place: Path, function: Callable[..., None], steps: int) -> szilard.Monitor:
    """A monitor that nobody closes."""
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = szilard.watch(
        model, optimizer, torch.eye(4), out=place, every=2, quiet=True, loggers=[Log(function, every=1)]
    )
    for _ in range(steps):
        model(torch.eye(4)).square().mean().backward()
        optimizer.step()
    return monitor


def test_at_the_programs_end_all_is_given(tmp_path: Path) -> None:
    points, function = collected()
    monitor = watched(tmp_path / "run", function, 9)
    assert len(points) == 1  # the rest waits to be accounted for
    leaving._leave_all()
    assert max(by_name(points)["szilard/work"]) == 9
    assert szilard.open(tmp_path / "run").complete
    assert monitor.steps == 9


@pytest.mark.parametrize("killed", [True, False])
def test_no_logger_is_called_where_it_may_be_at_work(tmp_path: Path, killed: bool) -> None:
    """In a signal's handler, and when a monitor is collected, which may happen anywhere."""
    points, function = collected()
    monitor = watched(tmp_path / "run", function, 9)
    leaving.leave(monitor._session, killed=killed, gone=not killed)
    assert len(points) == 1
    assert len(szilard.open(tmp_path / "run").data["step"]) >= 5


def test_what_a_signal_holds_back_is_given_later(tmp_path: Path) -> None:
    points, function = collected()
    monitor = watched(tmp_path / "run", function, 9)
    with monitor._session.writer.loggers.withheld():
        monitor._session.flush()
    assert len(points) == 1
    monitor.close()
    assert sorted(by_name(points)["szilard/work"]) == [0, 2, 4, 6, 8, 9]


class Slow(Logger):
    """Takes a second for each call."""

    def __init__(self) -> None:
        self.target = self
        self.now, self.calls, self.rows = 0.0, 0, 0

    def write(self, rows: list[Row]) -> None:  # type: ignore[override]
        self.now += 1.0
        self.calls += 1
        self.rows += len(rows)


def test_loggers_take_no_more_than_their_share() -> None:
    slow = Slow()
    shape = Shape("ledger", {"work": ()}, frozenset(), frozenset({"work"}), ())
    logging = Logging([Log(slow, every=1)], [shape], pytest.fail, clock=lambda: slow.now)
    for step in range(10_000):
        slow.now += 0.1
        logging.write([("ledger", step, {"work": 1.0})])
    assert 5 <= slow.calls <= 1 + SHARE * slow.now
    assert slow.rows < 10_000
    logging.finish()
    assert slow.rows == 10_000


def test_thinning_is_dense_at_first_and_never_far_apart() -> None:
    thinning = Thinning()
    kept = [step for step in range(100_000) if thinning.keeps(step)]
    assert kept[:128] == list(range(128))
    assert len(kept) < 800
    assert all(later - one <= max(1, later / 64) for one, later in itertools.pairwise(kept))
    every = Thinning(10)
    assert [step for step in range(0, 60, 4) if every.keeps(step)] == [0, 12, 24, 36, 48]


def test_names_fit_the_schemas() -> None:
    names = {each.name for each in (*schema.LEDGER, *schema.LABELLED, *schema.TRAINING, *schema.SAMPLES)}
    names |= {each.name for each in reservoir_group(2, (0, 1), 0).variables}
    names |= {each.name for group in sampled_schema.CAPABILITIES.values() for each in group} | {"work_conditional"}
    assert set(DEFAULT) <= names


def test_names_that_two_groups_share_are_told_apart() -> None:
    shapes = [Shape(group, {"mine": ()}, frozenset(), frozenset({"mine"}), ()) for group in ("first", "second")]
    chosen = Quantities(shapes, None)
    assert chosen.of("first", {"mine": 1.0}) == {"szilard/mine": 1.0}
    assert chosen.of("second", {"mine": 2.0}) == {"szilard/second/mine": 2.0}


def test_mlflow_names() -> None:
    assert allowed("szilard/heat") == "szilard/heat"
    assert len(allowed("x" * 400)) <= 250


def test_what_is_asked_for(train: Train) -> None:
    points, function = collected()
    train([Log(function, quantities=["temperature_*", "work"], every=10)])
    names = {name for _, values in points for name in values}
    assert {name.split("/")[1].removesuffix("_error") for name in names} == {
        "work",
        *(f"temperature_{kind}" for kind in ("noise", "kinetic", "share")),
        "temperature_kinetic_effective_samples",
        "temperature_kinetic_autocorrelation_time",
    }
    assert sorted(by_name(points)["szilard/work"]) == [0, 10, 20, 30, 40]


async def coroutine(values: Mapping[str, float], step: int) -> None:
    """Nobody would await it."""


class Writer:
    """A logger's class, given in place of an object."""

    def __call__(self, values: Mapping[str, float], step: int) -> None:
        """Takes anything."""


@pytest.mark.parametrize(
    ("loggers", "said"),
    [
        (print, "must be a list"),
        (["wandb"], "'wandb' is no logger"),
        ([Writer], "class Writer"),
        ([None], "None is no logger"),
        ([lambda values: None], "lambda values, step"),
        ([coroutine], "coroutine is a coroutine"),
        ([object()], "an object of object is no logger"),
        ([OWN.log, OWN.log], "given twice"),
        ([Log(lambda values, step: None, ["wrok"])], "did you mean 'work'"),
        ([Log(lambda values, step: None, ["work_by_interval"])], "lies along path_interval"),
    ],
)  # fmt: skip
def test_wrong_wiring_is_one_sentence_before_the_run(loggers: Any, said: str, train: Train, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=said) as error:
        train(loggers, measures=None)
    assert str(error.value).endswith((".", "?"))
    assert not (tmp_path / "run").exists()


def test_a_logger_given_twice(train: Train) -> None:
    writer = Writer()
    with pytest.raises(SpecError, match="given twice"):
        train([writer, Log(writer)])


@pytest.mark.parametrize("settings", [{"quantities": "work"}, {"quantities": []}, {"every": 0}, {"every": 1.5}])
def test_wrong_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Log(print, **settings)


def test_replay_says_what_is_wrong(tmp_path: Path, train: Train) -> None:
    with pytest.raises(RecordError):
        replay(tmp_path, [print])

    def fails(values: Mapping[str, float], step: int) -> None:
        raise OSError("full")

    with pytest.raises(SzilardError, match=r"fails.* failed \(OSError: full\)"):
        replay(train([]), [fails])
