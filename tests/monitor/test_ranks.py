"""Two ranks that train one model, by real processes: one record, no trace in the training, and nobody waits in vain."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.distributed.fsdp import fully_shard

import szilard
from szilard.models.meeting import Meeting, PartedError
from szilard.models.state.interrupts import uninterrupted

pytestmark = pytest.mark.slow
Found = dict[str, Any]


@pytest.fixture(scope="module")
def ranks(two_ranks: Callable[[Path, Path], tuple[Found, Found]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each of the two saw, by trial."""
    return two_ranks(Path(__file__).with_name("two_ranks.py"), tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("trial", ["ddp", "zero", "fsdp", "evaluated between", "kept whole", "timed"])
def test_watching_leaves_no_trace_on_any_rank(ranks: tuple[Found, Found], trial: str) -> None:
    """Losses, parameters, buffers and momentum, to the bit."""
    assert [each[trial]["same"] for each in ranks] == [True, True]


@pytest.mark.parametrize("trial", ["ddp", "zero", "fsdp", "evaluated between", "kept whole"])
def test_work_and_heat_are_the_sums_over_the_bare_model(ranks: tuple[Found, Found], trial: str) -> None:
    run = szilard.open(ranks[0][trial]["run"])
    assert run.complete and run.data.step.values.tolist() == [0, 3, 6, 9, 10]
    assert run.attributes["ranks"] == {"count": 2, "sharded": trial not in ("ddp", "zero")}
    found = [run.data.work.values[-1], run.data.heat.values[-1]]
    assert found == pytest.approx(ranks[0][trial]["sums"], rel=1e-5)


@pytest.mark.parametrize("trial", ["ddp", "zero"])
def test_the_other_rank_only_counts(ranks: tuple[Found, Found], trial: str) -> None:
    """It makes the loop's own ten forward passes, though its probe is missing, and closes as often as one likes."""
    other = ranks[1][trial]
    assert (other["passes"], other["steps"], other["run"], other["again"]) == (10, 10, None, True)
    assert ranks[0][trial]["passes"] > 10


@pytest.mark.parametrize("trial", ["fsdp", "evaluated between", "kept whole", "timed"])
def test_sharded_parameters_stay_the_same_objects(ranks: tuple[Found, Found], trial: str) -> None:
    assert [each[trial]["kept"] for each in ranks] == [True, True]


def test_what_is_timed_is_decided_for_all(ranks: tuple[Found, Found]) -> None:
    first, other = (each["timed"] for each in ranks)
    assert (first["records"], first["every"]) == (other["records"], other["every"])
    assert szilard.open(first["run"]).attributes["calibration"]["steps"] >= 8


def test_a_monitor_on_one_rank_alone_is_refused(ranks: tuple[Found, Found]) -> None:
    first, other = (each["one alone"] for each in ranks)
    assert "on every rank" in first["said"] and first["seconds"] < 10
    assert first["losses"] == other["losses"] == 2  # the training goes on


def test_a_monitor_that_leaves_the_writing_to_nobody_says_so(ranks: tuple[Found, Found]) -> None:
    said = ranks[1]["other alone"]["said"]
    assert len(said) == 1 and "no monitor was made there: make it on every rank" in said[0]


@pytest.mark.parametrize(
    ("trial", "part"),
    [
        ("reservoir", "Reservoir needs all parameters in one place"),
        ("fisher", "the Fisher form needs all parameters in one place"),
        ("sampled", "Density draws samples"),
        ("each", "leave ranks out"),
    ],
)
def test_what_parts_cannot_do_is_refused_on_every_rank(ranks: tuple[Found, Found], trial: str, part: str) -> None:
    assert all(part in each["refusals"][trial] for each in ranks)
    assert not ranks[0]["refusals"]["exists"]


@pytest.mark.parametrize("trial", ["probes", "intervals"])
def test_ranks_that_are_asked_for_different_things_are_refused(ranks: tuple[Found, Found], trial: str) -> None:
    assert "asked for different things" in ranks[0]["refusals"][trial]
    assert "give the same on every rank" in ranks[1]["refusals"][trial]


def test_a_rank_whose_loop_fails_holds_nobody_up(ranks: tuple[Found, Found]) -> None:
    first, other = (each["one fails"] for each in ranks)
    assert first["losses"] == other["losses"] == 10
    assert len(first["said"]) == 1 and "rank 1 takes part no more" in first["said"][0] and not other["said"]


def test_a_model_that_is_no_longer_finite_ends_the_records_of_all(ranks: tuple[Found, Found]) -> None:
    first, other = (each["one breaks"] for each in ranks)
    assert first["broken"] and other["broken"] and first["losses"] == other["losses"] == 10
    assert len(first["said"]) == 1 and not other["said"]  # said once


def test_the_reservoir_takes_the_batch_of_all_ranks(ranks: tuple[Found, Found]) -> None:
    """A loader with a DistributedSampler tells it, another does not."""
    assert ranks[0]["reservoir"]["said"][0] == "" and "all ranks together" in ranks[0]["reservoir"]["said"][1]
    assert szilard.open(ranks[0]["reservoir"]["run"]).attributes["reservoir"]["batch_size"] == 12


def test_trainings_that_are_not_one_are_recorded_each(ranks: tuple[Found, Found]) -> None:
    runs = [szilard.open(each["each"]["run"]) for each in ranks]
    assert [run.complete for run in runs] == [True, True] and runs[0].path != runs[1].path
    assert runs[0].data.work.values[-1] != runs[1].data.work.values[-1] and "ranks" not in runs[0].attributes


def test_steps_that_are_told_count_on_every_rank(ranks: tuple[Found, Found]) -> None:
    assert [each["told"]["steps"] for each in ranks] == [5, 5]
    assert all("before its first step" in each["told"]["idle"] for each in ranks)


def test_a_process_group_that_is_gone_costs_the_last_record_of_a_sharded_model_alone(
    ranks: tuple[Found, Found],
) -> None:
    said = ranks[0]["gone"]["said"]
    assert len(said) == 1 and "before its process group is destroyed" in said[0] and not ranks[1]["gone"]["said"]
    runs = [szilard.open(path) for path in ranks[0]["gone"]["runs"]]
    assert [run.data.step.values[-1] for run in runs] == [5, 4] and all(run.complete for run in runs)


@pytest.fixture
def alone() -> Iterator[None]:
    """A process group of this process alone, as ``torchrun`` makes it with one."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("sharded", [True, False])
def test_one_rank_is_as_none(tmp_path: Path, sharded: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    if sharded:
        fully_shard(model)
    before = list(model.parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs, labels = torch.randn(8, 4), torch.randint(3, (8,))
    monitor = szilard.watch(model, optimizer, inputs, out=tmp_path / "run", every=2, quiet=True)
    for _ in range(4):
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    run = monitor.close()
    assert run.data.step.values.tolist() == [0, 2, 4] and run.data.work.values[-1] > 0
    assert "ranks" not in run.attributes and all(
        one is other for one, other in zip(before, model.parameters(), strict=True)
    )


@pytest.mark.usefixtures("alone", "usual_signals")
def test_who_waits_for_a_rank_that_does_not_come_can_be_stopped() -> None:
    """Signals wait for the end of a record, which must not wait for a rank that has been killed."""
    meeting = Meeting((0, 1), patience=60)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        with pytest.raises(PartedError, match="1 of 2 ranks came"):
            meeting.agree()
        with pytest.raises(PartedError, match="this rank has parted"):
            meeting.agree()
