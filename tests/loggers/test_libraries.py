"""Every logger against the real library, offline: what was written is read back and held against the record."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import szilard
from szilard.errors import SpecError, SzilardWarning
from szilard.loggers import Log, MLflow, WandB, replay

Train = Callable[..., szilard.Run]
Points = dict[str, dict[int, float]]
Expected = Callable[[szilard.Run], Points]

pytestmark = pytest.mark.filterwarnings("default", "error::szilard.errors.SzilardWarning")
"""The libraries warn of themselves."""


def refused(train: Train, logger: Any, said: str) -> None:
    """A logger that takes nothing is refused in one sentence."""
    with pytest.raises(SpecError, match=said) as error:
        train([logger])
    assert str(error.value).endswith(".")


# TensorBoard


def tensorboard_points(directory: Path) -> Points:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(directory), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: {each.step: each.value for each in events.Scalars(tag)} for tag in events.Tags()["scalars"]}


def as_float32(points: Points) -> Points:
    return {name: {step: float(np.float32(value)) for step, value in each.items()} for name, each in points.items()}


def test_tensorboard(train: Train, expected: Expected, tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(tmp_path / "events") as writer:
        run = train([writer], lambda step: writer.add_scalar("mine", step, step))
        wanted = as_float32(expected(run))
        found = tensorboard_points(tmp_path / "events")  # written, though nobody closed the writer
        assert found.items() >= wanted.items()
        assert len(found["mine"]) == 40
    with tensorboard.SummaryWriter(tmp_path / "later") as writer:
        replay(run, [writer.add_scalar])  # whatever of it is given
    assert tensorboard_points(tmp_path / "later").items() >= wanted.items()
    refused(train, tensorboard.SummaryWriter, "class SummaryWriter is given in place of a logger")


# W&B


@pytest.fixture(scope="module", name="service")
def _service() -> Iterator[Any]:
    """The module, whose process ends with the tests."""
    wandb = pytest.importorskip("wandb")
    yield wandb
    wandb.teardown()


@pytest.fixture(name="wandb")
def _wandb(service: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, without a run in progress."""
    for name in ("WANDB_SILENT", "WANDB_DISABLE_GIT", "WANDB_DISABLE_CODE"):
        monkeypatch.setenv(name, "true")
    yield service
    service.finish()


def wandb_records(directory: Path) -> list[Any]:
    """The records of the one run in a directory, which W&B goes on writing for a moment after it is finished."""
    (file,) = directory.glob("wandb/offline-run-*/*.wandb")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = list(records_in(file.read_bytes()))
        if any(each.WhichOneof("record_type") == "exit" for each in found):
            return found
        time.sleep(0.01)
    pytest.fail(f"{file} has no end")


def records_in(raw: bytes) -> Iterator[Any]:
    """What a log in LevelDB's format holds: blocks of 32 KiB, after a head of 7 bytes."""
    from wandb.proto import wandb_internal_pb2

    at, body = 7, b""
    while at + 7 <= len(raw):
        if (rest := 32768 - at % 32768) < 7:
            at += rest
            continue
        _, length, kind = struct.unpack("<IHB", raw[at : at + 7])
        body = raw[at + 7 : at + 7 + length] if kind in (1, 2) else body + raw[at + 7 : at + 7 + length]
        at += 7 + length
        if at <= len(raw) and kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(body)
            yield record


def wandb_rows(directory: Path) -> list[dict[str, float]]:
    """The rows of history."""
    histories = [each.history for each in wandb_records(directory) if each.WhichOneof("record_type") == "history"]
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in history.item}
        for history in histories
    ]


def holds(found: Points, wanted: Points) -> bool:
    """Whether all is there."""
    return all(found[name] == each for name, each in wanted.items())


def points_of(rows: list[dict[str, float]]) -> Points:
    """What szilard logged, by its own axis."""
    points: Points = {}
    for row in rows:
        for name, value in row.items():
            if name.startswith("szilard/"):
                points.setdefault(name, {})[int(row["szilard/step"])] = value
    return points


def test_wandb_alone_gets_every_row(train: Train, expected: Expected, wandb: Any, tmp_path: Path) -> None:
    refused(train, wandb, r"wandb has no run in progress.*wandb\.init")
    refused(train, wandb.log, r"wandb has no run in progress")
    run_of_wandb = wandb.init(project="test", mode="offline", dir=tmp_path)
    run = train([wandb])
    wandb.finish()
    assert holds(points_of(wandb_rows(tmp_path)), expected(run))
    metrics = [each.metric for each in wandb_records(tmp_path) if each.WhichOneof("record_type") == "metric"]
    assert [each.step_metric for each in metrics if each.glob_name == "szilard/*"] == ["szilard/step"]
    refused(train, run_of_wandb, r"the run of wandb takes nothing.*finished")


@pytest.mark.parametrize("steps", ["epochs", "training steps", "none"])
def test_wandb_loses_nothing_of_the_loop(
    train: Train, expected: Expected, wandb: Any, tmp_path: Path, steps: str
) -> None:
    run_of_wandb = wandb.init(project="test", mode="offline", dir=tmp_path)
    own: dict[str, Any] = {
        "epochs": lambda step: step // 4,
        "training steps": lambda step: step,
        "none": lambda _: None,
    }

    def log(step: int) -> None:
        if step % 4 == 3:
            run_of_wandb.log({"mine": float(step)}, step=own[steps](step))

    run = train([Log(run_of_wandb, every=1)], log)
    run_of_wandb.log({"last": 1.0}, step=own[steps](39))
    wandb.finish()
    rows = wandb_rows(tmp_path)
    assert [row["mine"] for row in rows if "mine" in row] == [float(step) for step in range(3, 40, 4)]
    assert [row["last"] for row in rows if "last" in row] == [1.0]
    wanted, found = expected(run), points_of(rows)
    assert max(found["szilard/work"]) == 40
    assert len(found["szilard/work"]) >= 2
    assert holds(found, {name: {step: wanted[name][step] for step in found[name]} for name in wanted if name in found})


def test_wandb_with_all_rows_beside_a_loop_without_steps(
    train: Train, expected: Expected, wandb: Any, tmp_path: Path
) -> None:
    run_of_wandb = wandb.init(project="test", mode="offline", dir=tmp_path)
    run = train([WandB(run_of_wandb, rows="all")], lambda step: run_of_wandb.log({"mine": step}))
    wandb.finish()
    rows = wandb_rows(tmp_path)
    assert holds(points_of(rows), expected(run))
    assert [row["mine"] for row in rows if "mine" in row] == list(range(40))
    with pytest.raises(SpecError, match="rows must be"):
        WandB(run_of_wandb, rows="some")  # type: ignore[arg-type]


# MLflow


def test_mlflow(train: Train, expected: Expected, tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    refused(train, mlflow, r"mlflow has no run in progress.*start_run")
    refused(train, mlflow.log_metrics, "mlflow has no run in progress")
    client = mlflow.MlflowClient()
    with mlflow.start_run() as first:
        run = train([mlflow])
        refused_twice(train, [first, client])
    wanted = {
        name.replace("(", "_").replace("|", "_").replace(")%²", "___"): each for name, each in expected(run).items()
    }

    def points(run_id: str) -> Points:
        names = client.get_run(run_id).data.metrics
        return {name: {m.step: m.value for m in client.get_metric_history(run_id, name)} for name in names}

    assert points(first.info.run_id).items() >= wanted.items()
    refused(train, first, r"the run \w+ of mlflow has ended")
    second = client.create_run("0")
    replay(run, [MLflow(client, second.info.run_id)])
    assert points(second.info.run_id).items() >= wanted.items()
    refused_by = pytest.raises(SpecError, match="mlflow gives no run")
    with refused_by:
        MLflow(client, "nothing")


def refused_twice(train: Train, loggers: list[Any]) -> None:
    with pytest.raises(SpecError, match="given twice"):
        train(loggers)


# trackio


def trackio_points(directory: Path) -> tuple[Points, Points]:
    """What szilard logged, and what the loop did."""
    (file,) = directory.glob("*.db")
    both: tuple[Points, Points] = ({}, {})
    with contextlib.closing(sqlite3.connect(file)) as database:
        for step, metrics in database.execute("select step, metrics from metrics"):
            for name, value in json.loads(metrics).items():
                both[not name.startswith("szilard/")].setdefault(name, {})[step] = value
    return both


def test_trackio(train: Train, expected: Expected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    trackio = pytest.importorskip("trackio")
    monkeypatch.setattr("trackio.utils.TRACKIO_DIR", tmp_path / "trackio")
    refused(train, trackio, r"trackio has no run in progress.*trackio\.init")
    refused(train, trackio.log, "trackio has no run in progress")
    trackio.init(project="test")
    run = train([trackio.log], lambda step: trackio.log({"mine": step}, step=step))
    trackio.finish()
    found, mine = trackio_points(tmp_path / "trackio")
    assert found.items() >= expected(run).items()
    assert mine["mine"] == {step: step for step in range(40)}


# Lightning


def test_lightning(train: Train, expected: Expected, tmp_path: Path) -> None:
    loggers = pytest.importorskip("lightning.fabric.loggers")
    rows = loggers.CSVLogger(tmp_path, name="rows")
    events = loggers.TensorBoardLogger(tmp_path, name="events")
    run = train([rows, events])
    wanted = expected(run)
    found: Points = {}
    for row in csv.DictReader(Path(rows.log_dir, "metrics.csv").read_text().splitlines()):
        for name, value in row.items():
            if value and name != "step":
                found.setdefault(name, {})[int(row["step"])] = float(value)
    assert found.items() >= wanted.items()
    assert tensorboard_points(Path(events.log_dir)).items() >= as_float32(wanted).items()


def test_a_logger_of_lightning_that_is_not_logged_in(train: Train) -> None:
    loggers = pytest.importorskip("lightning.fabric.loggers")

    class Remote(loggers.CSVLogger):
        """Asks for a key."""

        @property
        def experiment(self) -> Any:
            raise PermissionError("no API key")

    refused(train, Remote("somewhere"), r"Remote cannot begin \(no API key\).*log in")


# Accelerate


def test_accelerate(train: Train, expected: Expected, wandb: Any, tmp_path: Path) -> None:
    accelerate = pytest.importorskip("accelerate")
    pytest.importorskip("tensorboard")
    accelerator = accelerate.Accelerator(cpu=True, log_with=["tensorboard", "wandb"], project_dir=tmp_path)
    refused(train, accelerator, r"no trackers yet.*init_trackers")
    accelerator.init_trackers("test", init_kwargs={"wandb": {"mode": "offline", "dir": tmp_path}})
    run = train([accelerator], lambda step: accelerator.log({"mine": step}, step=step))
    accelerator.end_training()
    wanted = expected(run)
    assert tensorboard_points(tmp_path / "test").items() >= as_float32(wanted).items()
    rows = wandb_rows(tmp_path)  # whose steps did not fall, though numbers came late
    assert [row["mine"] for row in rows if "mine" in row] == list(range(40))
    assert len(points_of(rows)["szilard/work"]) >= 2


def test_a_tracker_of_ones_own(train: Train, expected: Expected) -> None:
    tracking = pytest.importorskip("accelerate.tracking")
    accelerate = pytest.importorskip("accelerate")
    accelerate.PartialState(cpu=True)
    found: Points = {}

    class Mine(tracking.GeneralTracker):
        """Keeps what is logged."""

        name = "mine"
        requires_logging_directory = False
        tracker = found

        def log(self, values: dict[str, float], step: int | None = None, **more: Any) -> None:
            """Keeps it."""
            for name, value in values.items():
                found.setdefault(name, {})[step or 0] = value

        def store_init_configuration(self, values: dict[str, Any]) -> None:
            """Nothing."""

    run = train([Mine()])
    assert found.items() >= expected(run).items()


def test_what_is_finished_in_the_middle_is_left_out(train: Train, wandb: Any, tmp_path: Path) -> None:
    run_of_wandb = wandb.init(project="test", mode="offline", dir=tmp_path)
    log = WandB(run_of_wandb, rows="all")
    with pytest.warns(SzilardWarning, match=r"the logger W&B failed .*finished.* left out"):
        run = train([log], lambda step: run_of_wandb.finish() if step == 20 else None)
    assert run.complete
