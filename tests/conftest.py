"""What many tests share: the published data sets, skipped loudly where their files are not."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import gc
import importlib.util
import json
import math
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from multiprocessing import forkserver, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import szilard
from szilard import data
from szilard.estimate import Kind
from szilard.records.writer import RecordWriter
from szilard.studies.ensemble.schema import ensemble_groups

if TYPE_CHECKING:
    from szilard.verify import Verification

FIRST = (
    "test_docs", "monitor/test_reservoir_exact", "studies", "monitor/test_kill", "records/test_kills",
    "monitor/test_reservoir_input", "information/test_truth", "test_cli",
)  # fmt: skip
"""What takes long is begun first, so that no process is left alone with it at the end."""
TOGETHER = (
    ("studies/test_browser", "studies/single/test_page", "studies/single/parameters/test_page"),
    ("studies/ensemble/claims",),
    ("test_verify",),
    ("monitor/test_exit", "test_cli"),
    ("monitor/test_kill", "records/test_kills", "studies/ensemble/test_cluster", "studies/ensemble/test_resume",
     "studies/fig3/test_fig3_record"),
)  # fmt: skip
"""What shares fixtures beyond a module: folders, and modules whose names begin like one of these."""


def _place(name: str) -> str:
    """A test's module, as a path from here, without its ending; of the test's whole name."""
    return name.partition("::")[0].removeprefix("tests/").removesuffix(".py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives every module to one process, which makes its fixtures once.

    Marks of groups and ``--dist loadgroup`` would do nothing: pytest-xdist 3.8 writes groups into names of tests, and
    pytest 9.2 does not look there.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            place = _place(nodeid)
            return next((names[0] for names in TOGETHER if place.startswith(names)), place)

    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first."""

    @functools.cache
    def turn(place: str) -> int:
        return next((at for at, name in enumerate(FIRST) if place.startswith(name)), len(FIRST))

    items.sort(key=lambda item: turn(_place(item.nodeid)))


def pytest_collection_finish() -> None:
    """What has been imported stays: no ``gc.collect()`` need look through it."""
    gc.collect()
    gc.freeze()


def _published(name: str) -> data.Dataset:
    directory = data.cache_directory() / name
    if not any(directory.glob("train-images-idx3-ubyte*")):
        pytest.skip(
            f"{name} is not in {directory}: run `szilard run single --data {name}` once on a machine with network"
        )
    return data.load(name)


HOSTILE = '</script><script>document.title="hacked"</script><img src=x onerror="document.title=1">"\'&\u202e\u2028|$x$'
"""What a record must never make a page do."""


@pytest.fixture(scope="session")
def hostile_text() -> str:
    """Text that would run in a browser, break out of its place, or turn the text around it."""
    return HOSTILE


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Path]:
    """The maker of records of sampled runs by formula: directory, capability and what else ``make`` takes."""
    name = "sampled_records"
    place = Path(__file__).with_name("studies") / "sampled" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    make: Callable[..., Path] = module.make
    return make


@pytest.fixture(scope="session")
def digits() -> data.Dataset:
    """The digits that scikit-learn ships."""
    return data.load("digits")


@pytest.fixture(scope="session")
def mnist() -> data.Dataset:
    """MNIST, where its files are already in the cache."""
    return _published("mnist")


@pytest.fixture(scope="session")
def fashion_mnist() -> data.Dataset:
    """Fashion-MNIST, where its files are already in the cache."""
    return _published("fashion-mnist")


KEPT: set[str] = set()
"""Processes that stay until the end."""


def _children() -> set[str]:
    """Processes that this one has started and not waited for, as they were called; none where the system hides it."""
    pids = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
    kept = (str(forkserver._forkserver._forkserver_pid), str(resource_tracker._resource_tracker._pid))  # type: ignore[attr-defined]
    called = set()
    for pid in set(pids) - set(kept) - KEPT:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            called.add(f"{pid} {Path('/proc', pid, 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}")
    return {name for name in called if "torch/_inductor" not in name}  # a pool of torch's own, which stays


@pytest.fixture(scope="module", autouse=True)
def _leaves_no_process() -> Iterator[None]:
    """What a module starts it ends: a process that goes on would disturb what comes after."""
    before = _children()
    yield
    assert not (left := _children() - before), f"left over: {left}"


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Signals act as they do by default, which they do not where a shell started the tests in the background."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL, signal.SIGTERM: signal.SIG_DFL}
    kept = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


SLOW_TO_IMPORT = [
    "pytest", "distributed", "zarr", "torch._dynamo", "szilard.studies.runner", "szilard.studies.chunked",
    "szilard.studies.ensemble.run", "szilard.studies.fig3.run",
]  # fmt: skip


@pytest.fixture(scope="session")
def fork() -> Callable[[str], BaseProcess]:
    """Starts code in a process of its own, forked from one without threads that has imported what is slow to import."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SLOW_TO_IMPORT)
    forkserver.ensure_running()  # before Dask gives it a list of its own

    def start(code: str) -> BaseProcess:
        process = context.Process(target=exec, args=(code, {}))
        process.start()
        return process

    return start


@pytest.fixture(scope="session")
def two_ranks(fork: Callable[[str], BaseProcess]) -> Callable[[Path, Path], tuple[dict[str, Any], dict[str, Any]]]:
    """Runs a script as two ranks, ``RANK PORT DIRECTORY`` its arguments, and reads the ``rank….json`` that each writes.

    What the script says of a rank that fails stands in the output of the test.
    """

    def run(script: Path, place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        both = [
            fork(
                f"import sys; sys.argv[:] = {[script.name, str(rank), str(port), str(place)]}\n"
                f"exec(compile(open({str(script)!r}).read(), {script.name!r}, 'exec'), {{'__name__': '__main__'}})"
            )
            for rank in range(2)
        ]
        try:
            for each in both:
                each.join(300)
        finally:
            for each in both:
                each.kill()
                each.join()
        assert [each.exitcode for each in both] == [0, 0]
        first, other = (json.loads((place / f"rank{rank}.json").read_text()) for rank in range(2))
        return first, other

    return run


INTERPRETER = """
import gc, json, os, sys
import torch._dynamo, zarr, szilard.cli.app, szilard.monitor.monitor, szilard.studies.runner, szilard.studies.single.run

gc.freeze()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)
files = os.open(os.devnull, os.O_RDONLY), *(os.open(path, os.O_CREAT | os.O_WRONLY) for path in asked["outputs"])
for file, standard in zip(files, range(3)):
    os.dup2(file, standard)
os.chdir(asked["folder"])
sys.argv[:] = asked["arguments"]
exec(asked["code"], {"__name__": "__main__"})
"""


class Programs:
    """Runs programs one at a time, in copies of an interpreter that has imported what is slow to import."""

    def __init__(self) -> None:
        self._interpreter = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", INTERPRETER], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(szilard.__file__).parents[1])},
        )  # fmt: skip
        KEPT.add(str(self._interpreter.pid))
        self._running = 0
        self._outputs: list[Path] = []

    def start(self, code: str, folder: Path, arguments: Sequence[str] = ("program",)) -> int:
        """Starts ``code`` in a folder, with its arguments, and returns the number of its process."""
        self._outputs = [folder / "stdout.txt", folder / "stderr.txt"]
        asked = {"outputs": [*map(str, self._outputs)], "folder": str(folder), "arguments": arguments, "code": code}
        assert self._interpreter.stdin is not None and not self._running
        print(json.dumps(asked), file=self._interpreter.stdin, flush=True)
        self._running = self._told()
        return self._running

    def end(self) -> subprocess.CompletedProcess[str]:
        """What the program wrote, and its exit code, when it has ended."""
        code, self._running = self._told(), 0
        stdout, stderr = (path.read_text(encoding="utf-8") for path in self._outputs)
        return subprocess.CompletedProcess("program", code, stdout, stderr)

    def kill(self) -> None:
        """Ends what a test that failed has left."""
        if self._running:
            os.kill(self._running, signal.SIGKILL)
            self.end()

    def close(self) -> None:
        """Ends the interpreter."""
        self._interpreter.communicate()

    def _told(self) -> int:
        """The next number that the interpreter tells."""
        assert self._interpreter.stdout is not None
        return int(self._interpreter.stdout.readline())


@pytest.fixture(scope="session", name="_programs")
def _all_programs() -> Iterator[Programs]:
    made = Programs()
    yield made
    made.close()


@pytest.fixture
def programs(_programs: Programs) -> Iterator[Programs]:
    """Where to start programs that are like any other, but for what had been imported."""
    yield _programs
    _programs.kill()


@pytest.fixture(scope="session")
def verified(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Verification:
    """The whole verification, carried out once for all test processes."""
    from szilard.verify import Row, Verification, verify

    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "verified.json"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.is_file():
            shared.write_text(json.dumps([asdict(row) for row in verify().rows]), encoding="utf-8")
    rows = json.loads(shared.read_text(encoding="utf-8"))
    return Verification(tuple(Row(**{**row, "kind": Kind(row["kind"])}) for row in rows))


def ensemble_on_paper(
    path: Path,
    *,
    tasks: int = 1,
    datasets: int = 6,
    seeds: int = 3,
    crossed: bool = False,
    labelled: bool = True,
    diverged: int | None = None,
    memory: float = 0.47,
    records: int = 20,
    **attributes: Any,
) -> szilard.Run:
    """The record of an ensemble that nobody trained: curves as they are seen on real data, at 20 steps.

    ``info_dataset`` rises, ``info_seed`` starts with the random initialisations and comes back, the cross-entropy
    between members has its minimum somewhat before the test loss has its own.

    Args:
        path: of the record.
        tasks, datasets, seeds: the design; what it cannot give is NaN and has its reason in ``unavailable``.
        crossed: whether ``seeds`` are initialisations times batch orders.
        labelled: whether the probe has labels.
        diverged: a member that diverged at the twelfth record.
        memory: ``info_dataset`` at the end, nats.
        records: how many.
        attributes: of the root, beside or instead of the usual ones.
    """
    rng = np.random.default_rng(tasks + 10 * datasets + 100 * seeds)
    task, dataset, seed = (grid.ravel().tolist() for grid in np.indices((tasks, datasets, seeds)))
    first, second = ([s // 2 for s in seed], [s % 2 for s in seed]) if crossed else (seed, seed)
    coordinates = {"task": task, "dataset": dataset, "seed": seed, "initialisation": first, "order": second}
    members, steps = len(task), (0, *np.unique(np.geomspace(12, 12_000, 19).round().astype(int)).tolist())
    groups = ensemble_groups(coordinates, blocks=(1, 2, 3), clusters=6, labelled=labelled, crossed=crossed)
    unavailable = {}
    if tasks == 1:
        unavailable["info_task"] = "the design has one task: give it two or more, such as szilard.LabelPermutation(3)."
    if datasets == 1:
        unavailable["info_dataset"] = "each task has one dataset: give it two or more."
        unavailable["cross_entropy_between"] = "it needs members of two different datasets."
    if seeds == 1:
        unavailable["info_seed"] = "each dataset has one seed: give it two or more."
    outermost = "task" if tasks > 1 else "dataset" if datasets > 1 else "seed"
    clusters = {"task": tasks, "dataset": datasets, "seed": seeds}[outermost]
    usual = {
        "name": "memorisation", "kind_of_run": "ensemble", "clusters": clusters, "unavailable": unavailable,
        "design": {"tasks": tasks, "datasets": datasets, "seeds": seeds, "crossed": crossed, "outermost": outermost},
        "probe": {"inputs": 500, "heads": 1, "outcomes": 10, "labelled": labelled, "split": "test"},
        "model": {"class": "MLP", "parameters": 12_345, "dtype": "float32", "device": "cpu"},
        "optimizer": {"class": "SGD", "lr": 0.1}, "forward_precision": "float32", "forward_flagged": False,
        "trainer": {"lane": "fused", "why": "a plain stack of layers", "chunk": 9, "threads": 2},
        "spec": {"name": "memorisation", "design": {"tasks": tasks, "datasets": datasets, "seeds": seeds}},
        "diverged": [] if diverged is None else [{"member": diverged, "step": steps[12]}],
    }  # fmt: skip
    if clusters < 12:
        usual["notes_on_coverage"] = f"with {clusters} clusters 95 % intervals hold the truth about 90 % of the time."
    writer = RecordWriter(path, groups=groups, attributes={**usual, **attributes})
    names = [{name for name, _ in group.columns()} for group in groups]
    spread = rng.normal(0, 1, members)
    for row, step in enumerate(steps[:records]):
        info = _information(step, tasks, datasets, seeds, crossed, memory)
        alive = np.ones(members, dtype=bool)
        if diverged is not None and row >= 12:
            alive[diverged] = False
        ledger = _members(step, info, spread, alive)
        info["members_counted"] = int(alive.sum())
        info["l_info_member"] = np.where(alive, info["l_info"] * np.exp(0.18 * spread), np.nan)
        info["entropy_marginal_member"] = info["l_info_member"] + ledger["entropy_conditional"]
        info["ep_marginal_member"] = info["entropy_marginal_member"] - 2.2 - ledger["heat"]
        ledger["interval"] = step - steps[max(row - 1, 0)]
        writer.append("ledger", step, {name: item for name, item in ledger.items() if name in names[0]})
        writer.append("information", step, {name: item for name, item in info.items() if name in names[1]})
    writer.close()
    return szilard.open(path)


def _information(step: int, tasks: int, datasets: int, seeds: int, crossed: bool, memory: float) -> dict[str, Any]:
    """Group ``information`` at a step."""
    learned, kept = 1 - math.exp(-((step / 250) ** 0.8)), (step / 12_000) ** 0.8
    values = {
        "info_task": 1.05 * learned if tasks > 1 else math.nan,
        "info_dataset": memory * kept if datasets > 1 else math.nan,
        "info_seed": 0.11 * (1 - learned) + 0.015 + 0.19 * kept if seeds > 1 else math.nan,
    }
    row: dict[str, Any] = {}
    for (name, value), many in zip(values.items(), (tasks, datasets, seeds), strict=True):
        lower, upper = 0.93 * value - 0.004, 1.12 * value + 0.012
        row |= {
            name: value, f"{name}_lower": lower, f"{name}_upper": upper,
            f"{name}_saturated": int(many > 1 and value > 0.8 * math.log(many)),
            f"{name}_plugin": 1.06 * value + 0.004, f"{name}_first_order": 1.01 * value,
            f"{name}_jackknife": value, f"{name}_quadratic": 0.3 * value - 0.002,
            f"{name}_block": [value * m**0.8 for m in (1, 2, 3)],
        }  # fmt: skip
    total = float(np.nansum(list(values.values())))
    entropy, ce = 2.25 * (1 - learned) + 0.1, 2.25 * (1 - learned) + 0.34 + 0.62 * kept**0.75
    pairwise = 0.05 + 2.3 * total - (1.9 * values["info_task"] if tasks > 1 else 0)
    work, heat = 1.4 * learned + 2.6 * kept, -(1.4 * learned + 2.6 * kept) - 2.25 * learned
    marginal = total - 0.125 - 2.25 * learned
    row |= {
        "info_data": values["info_task"] + values["info_dataset"], "l_info": total,
        "l_info_lower": 0.93 * total - 0.01, "l_info_upper": 1.12 * total + 0.02, "l_info_saturated": 0,
        "l_info_plugin": 0.98 * total, "l_info_pairwise": 2.3 * total, "l_info_spread": 0.18 * total,
        "l_info_block": [total * m**0.8 for m in (1, 2, 3)],
        "info_dataset_contrast": values["info_dataset"] * 0.97, "info_dataset_permutation_p": 0.8 / (1 + step / 4),
        "entropy_marginal": entropy + total, "entropy_marginal_plugin": entropy + 0.98 * total,
        "entropy_marginal_lower": entropy + 0.93 * total, "entropy_marginal_upper": entropy + 1.12 * total,
        "entropy_task": entropy + np.nansum([values["info_dataset"], values["info_seed"]]),
        "entropy_dataset": entropy + np.nansum([values["info_seed"]]),
        "entropy_marginal_change": marginal, "ep_marginal": marginal - heat, "ep_ignorance": total - 0.125,
        "cross_entropy_between": entropy + pairwise if datasets > 1 else math.nan,
        "entropy_conditional_mean": entropy, "work_mean": work, "heat_mean": heat,
        "cross_entropy_mean": ce, "accuracy_mean": 0.1 + 0.83 * learned - 0.05 * kept,
        "m_info_lower": 0.6 * row["info_dataset"], "m_info_upper": math.log(datasets), "clausius_information": -heat,
    }  # fmt: skip
    if datasets == 1:
        row["info_dataset_permutation_p"] = math.nan
    if crossed:
        row |= {"info_seed_initialisation": 0.11 * (1 - learned) + 0.06 * kept,
                "info_seed_order": 0.015 + 0.13 * kept, "info_seed_initialisation_quadratic": 0.03 * (1 - learned),
                "info_seed_order_quadratic": 0.04 * kept, "info_seed_interaction_quadratic": 0.02 * kept}  # fmt: skip
    blocks = [name for name in row if name.endswith("_block")]
    errors = {f"{name}_error": 0.05 * abs(item) + 0.003 for name, item in row.items() if name not in blocks}
    return row | errors | {f"{name}_error": [0.05 * abs(x) + 0.003 for x in row[name]] for name in blocks}


def _members(step: int, info: dict[str, Any], spread: np.ndarray, alive: np.ndarray) -> dict[str, Any]:
    """Group ``ledger`` at a step."""
    entropy, work = (info[name] * np.exp(0.08 * spread) for name in ("entropy_conditional_mean", "work_mean"))
    change = entropy - 2.35 * np.exp(0.08 * spread)
    row = {
        "energy": entropy, "entropy_conditional": entropy, "entropy_change": change, "work": work,
        "heat": change - work, "ep_conditional": work, "work_reverse": 1.1 * work, "length": 2.1 * np.sqrt(work),
        "work_direct": 0.5 * work, "length_direct": 1.2 * np.sqrt(work), "fluctuation": np.ones_like(work),
        "precision_floor": np.full_like(work, 1e-12),
        "loss": np.exp(-step / 900) * (2.3 + 0.1 * spread) if step else np.full_like(work, np.nan),
        "accuracy": np.clip(info["accuracy_mean"] + 0.012 * spread, 0, 1),
        "cross_entropy": info["cross_entropy_mean"] * np.exp(0.05 * spread),
    }  # fmt: skip
    row |= {f"{name}_error": 0.01 * np.abs(item) + 0.001 for name, item in row.items()}
    told = {name: np.where(alive, item, np.nan) for name, item in row.items()}
    return told | {"learning_rate": 0.1, "finite": alive.astype(int)}


@pytest.fixture(scope="session")
def on_paper() -> Callable[..., szilard.Run]:
    """Makes the record of an ensemble without training one."""
    return ensemble_on_paper


@pytest.fixture(scope="session")
def assert_same() -> Callable[[xr.DataTree, xr.DataTree], None]:
    """Compares two records to the bit."""
    return _assert_same


def _assert_same(left: xr.DataTree, right: xr.DataTree) -> None:
    """To the bit, in every array."""
    assert set(left.children) == set(right.children)
    for name in left.children:
        ours, theirs = left[name].to_dataset(), right[name].to_dataset()
        assert set(ours.variables) == set(theirs.variables)
        for variable in ours.variables:
            np.testing.assert_array_equal(ours[variable].values, theirs[variable].values, err_msg=f"{name}/{variable}")
