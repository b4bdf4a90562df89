"""Honest records of ensembles without a network: logits that move as those of trainings do, measured exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from szilard import ledger
from szilard.information import jackknife
from szilard.information.m_info import m_info_lower
from szilard.information.measure import measure
from szilard.information.measurement import Measurement, marginal_changes
from szilard.information.nesting import Nesting
from szilard.records.reader import read
from szilard.records.writer import RecordWriter
from szilard.studies.ensemble.schema import ensemble_groups

INPUTS, OUTCOMES = 40, 5
STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 100)
Tree = xr.DataTree


def logits_of(nesting: Nesting, rng: np.random.Generator, *, memory: float, luck: float, start: float) -> np.ndarray:
    """``(step, member, input, outcome)``: the start fades, the task is learned, the sample memorised, luck adds up."""

    def drawn(count: int) -> np.ndarray:
        return rng.standard_normal((count, INPUTS, OUTCOMES))

    # Told apart by dataset, because members of different datasets have seeds of their own.
    def once(labels: np.ndarray) -> np.ndarray:
        pairs = np.unique(np.stack([nesting.dataset_of, labels], 1), axis=0, return_inverse=True)[1].reshape(-1)
        return drawn(pairs.max() + 1)[pairs]

    common, task = drawn(1), drawn(nesting.tasks)[nesting.task_of]
    dataset = drawn(nesting.datasets)[nesting.dataset_of]
    initial, order = once(nesting.initialisation), once(nesting.order)
    path = []
    for step in STEPS:
        learned, kept = 1 - math.exp(-step / 10), step / STEPS[-1]
        path.append(
            learned * (2 * common + (task if nesting.tasks > 1 else 0))
            + kept * (memory * dataset + luck * order)
            + start * (1 - learned) * initial
        )
    return np.stack(path)


def record(
    path: Path,
    *,
    tasks: int = 1,
    datasets: int = 14,
    seeds: int | tuple[int, int] = 3,
    memory: float = 0.8,
    luck: float = 0.4,
    start: float = 0.3,
    population: bool = False,
    labelled: bool = True,
    diverged: tuple[int, int] | None = None,
    scale: float = 1.0,
    seed: int = 0,
    **attributes: Any,
) -> Tree:
    """A whole record: written, closed and read.

    Args:
        path: where.
        tasks, datasets, seeds: the design; seeds as a pair are crossed.
        memory, luck, start: how much of the logits datasets, batch orders and initialisations make.
        population: whether the datasets are all that there are.
        labelled: whether the probe has labels.
        diverged: a member and the index of the record from which on it has no numbers.
        scale: of the change from one record to the next, by a walk that tells nothing; 1 leaves it out.
        seed: of everything.
        attributes: instead of the usual ones.
    """
    rng = np.random.default_rng(seed)
    nesting = Nesting.regular(tasks=tasks, datasets=datasets, seeds=seeds)
    assert nesting.initialisation is not None and nesting.order is not None
    logits = logits_of(nesting, rng, memory=memory, luck=luck, start=start)
    phis = -torch.log_softmax(torch.as_tensor(logits), -1)
    labels = torch.as_tensor(rng.integers(0, OUTCOMES, INPUTS))
    coordinates = {
        name: [int(value) for value in values]
        for name, values in (
            ("task", nesting.task), ("dataset", nesting.dataset), ("seed", np.arange(nesting.members)),
            ("initialisation", nesting.initialisation), ("order", nesting.order),
        )
    }  # fmt: skip
    groups = ensemble_groups(coordinates, blocks=(1, 2), clusters=6, labelled=labelled, crossed=nesting.crossed)
    alive = np.ones((len(STEPS), nesting.members), dtype=bool)
    if diverged:
        alive[diverged[1] :, diverged[0]] = False
    looks: list[Measurement] = []
    writer = RecordWriter(path, groups=groups, attributes={})
    flows = flows_of(phis, labels)
    for row, step in enumerate(STEPS):
        members = {name: np.where(alive[row], values[row], np.nan) for name, values in flows.items()}
        members |= {"finite": alive[row].astype(int), "interval": step - STEPS[max(row - 1, 0)], "learning_rate": 0.1}
        information, look = information_of(nesting, -phis.numpy(), row, alive[row], flows, population, labelled)
        looks.append(look)
        names = [{name for name, _ in group.columns()} for group in groups]
        writer.append("ledger", step, {name: value for name, value in members.items() if name in names[0]})
        writer.append("information", step, {name: value for name, value in information.items() if name in names[1]})
    usual = {
        "name": "synthetic", "kind_of_run": "ensemble", "clusters": nesting.clusters,
        "unavailable": dict(looks[-1].unavailable),
        "design": {"tasks": tasks, "datasets": datasets, "seeds": seeds if isinstance(seeds, int) else list(seeds),
                   "crossed": nesting.crossed, "outermost": nesting.outermost, "population": population},
        "probe": {"inputs": INPUTS, "heads": 1, "outcomes": OUTCOMES, "labelled": labelled, "split": "test"},
        "model": {"parameters": 100_000},
        "spec": {"training": {"loss": None}},
        "diverged": [{"member": diverged[0], "step": STEPS[diverged[1]]}] if diverged else [],
    }  # fmt: skip
    writer.annotate(**{**usual, **attributes})
    writer.close()
    return read(path)


def flows_of(phis: torch.Tensor, labels: torch.Tensor) -> dict[str, np.ndarray]:
    """Group ``ledger`` as ``(step, member)``, by exact sums over outcomes."""
    before = torch.cat([phis[:1], phis[:-1]])
    entropy = ledger.entropy_per_input(phis).mean(-1)
    heat = ledger.heat_per_input(before, phis).mean(-1).cumsum(0)
    angles = ledger.angle_of(ledger.hellinger_per_input(before, phis).mean(-1))
    cross = phis.gather(-1, labels.view(1, 1, -1, 1).expand(*phis.shape[:3], 1)).mean((-1, -2))
    columns = {
        "energy": ledger.energy_per_input(phis).mean(-1),
        "entropy_conditional": entropy,
        "entropy_change": entropy - entropy[0],
        "work": ledger.work_per_input(before, phis).mean(-1).cumsum(0),
        "heat": heat,
        "ep_conditional": -heat + entropy - entropy[0],
        "work_reverse": ledger.work_per_input(phis, before).mean(-1).cumsum(0),
        "length": angles.cumsum(0),
        "fluctuation": ledger.fluctuation_per_input(before, phis).mean(-1),
        "cross_entropy": cross,
        "accuracy": (phis.argmin(-1) == labels).double().mean(-1),
        "loss": 0.5 * cross,
        "precision_floor": 1e-12 * torch.arange(len(phis)).double().unsqueeze(1).expand(phis.shape[:2]),
    }
    return {name: values.numpy() for name, values in columns.items()}


def information_of(
    nesting: Nesting,
    log_p: np.ndarray,
    row: int,
    alive: np.ndarray,
    flows: dict[str, np.ndarray],
    population: bool,
    labelled: bool,
) -> tuple[dict[str, Any], Measurement]:
    """Group ``information`` at a row, and the look that it is from."""
    start, look = (measure(nesting, log_p[at], blocks=(1, 2), keep=alive, permutations=99) for at in (0, row))
    alive = nesting.complete(alive)
    kept = nesting.keep(alive)
    estimates = dict(look.values)
    changes, members = marginal_changes(start, look, np.where(alive, flows["heat"][row], np.nan))
    estimates |= changes
    for mean, column in (
        ("work_mean", "work"), ("heat_mean", "heat"), ("cross_entropy_mean", "cross_entropy"),
        ("accuracy_mean", "accuracy"), ("entropy_conditional_mean", "entropy_conditional"),
    ):  # fmt: skip
        estimates[mean] = jackknife.ensemble_mean(kept, flows[column][row][alive])
    values: dict[str, Any] = {}
    for name, estimate in estimates.items():
        values |= {name: estimate.value, f"{name}_error": estimate.error}
    values |= {f"{name}_saturated": int(flag) for name, flag in look.saturated.items()}
    values |= {**look.members, **members, "members_counted": int(alive.sum())}
    values |= {"clausius_information": -values["heat_mean"], "clausius_information_error": values["heat_mean_error"]}
    if "info_data" in look.values:
        lower = m_info_lower(look)
        values |= {"m_info_lower": lower.value, "m_info_lower_error": lower.error}
    if population:
        values["m_info_upper"] = math.log(nesting.datasets)
    return values, look


@pytest.fixture(scope="session")
def honest() -> Callable[..., Tree]:
    """Makes records; see :func:`record`."""
    return record


@pytest.fixture(scope="session")
def learned(honest: Callable[..., Tree], tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """One task, fourteen datasets, three seeds, all of it learned and some memorised."""
    return honest(tmp_path_factory.mktemp("ensemble") / "learned", population=True)


@pytest.fixture(scope="session")
def crossed(honest: Callable[..., Tree], tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Initialisations and orders crossed, two tasks, and a member that diverged."""
    return honest(tmp_path_factory.mktemp("ensemble") / "crossed", tasks=3, datasets=4, seeds=(2, 2), diverged=(5, 6))


def altered(
    tree: Tree,
    information: dict[str, Any] | None = None,
    ledger: dict[str, Any] | None = None,
    **attributes: Any,
) -> Tree:
    """A copy with other numbers: a number for all rows, an array, a function of the column, or ``(value, error)``."""
    groups = {name: tree[name].to_dataset().copy(deep=True) for name in ("ledger", "information")}
    for group, changes in (("information", information), ("ledger", ledger)):
        data = groups[group]
        for name, given in (changes or {}).items():
            value, error = given if isinstance(given, tuple) else (given, None)
            values = value(data[name].values) if callable(value) else np.broadcast_to(value, data[name].shape)
            data[name] = data[name].dims, np.array(values)
            if error is not None:
                data[f"{name}_error"] = data[name].dims, np.broadcast_to(error, data[name].shape).astype(float)
    copy = xr.DataTree.from_dict(groups)
    copy.attrs = {**tree.attrs, **attributes}
    return copy


@pytest.fixture(scope="session")
def alter() -> Callable[..., Tree]:
    """See :func:`altered`."""
    return altered
