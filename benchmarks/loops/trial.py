"""One client, three times from the same seeds: as it was written, watched, and looked at by hand."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import io
import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, final

import numpy as np
import torch
from loops.catalogue import SUMS, WATCHING, Client
from loops.own_sums import OwnSums, worst
from loops.task import Task, digits
from torch import Tensor, nn

import szilard

SEED = 7
KINDS = {"unwatched": (WATCHING, SUMS), "watched": (SUMS,), "by_hand": (WATCHING,)}
"""Variants of a client, and the lines that each leaves out."""
ROUNDING = 1e-9
"""Of float64 sums, added up in another order."""


@final
@dataclass(frozen=True)
class Outcome:
    """What was found of one client.

    Attributes:
        equal: whether the watched run left everything behind that the unwatched one did, to the bit.
        by_hand_equal: whether the sums by hand left the run alone, too.
        steps: training steps.
        difference: the largest one of work, heat and entropy, over the largest value of the kind.
        said: warnings of the watched run that the unwatched one does not have.
    """

    equal: bool
    by_hand_equal: bool
    steps: int
    difference: float
    said: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the record's numbers are those of the sums by hand."""
        return self.by_hand_equal and self.difference < ROUNDING


def tried(client: Client, directory: Path) -> Outcome:
    """Carries out all three."""
    states, said = {}, {}
    for kind in KINDS:
        task = digits(str(directory / kind / "record"))
        look = OwnSums(task.probe)
        states[kind], said[kind] = carry_out(variant(client, kind, directory), task, look)
    gc.collect()  # what is no longer held is closed
    difference = worst(szilard.open(directory / "watched" / "record").data, look.sums())
    more = tuple(each for each in said["watched"] if each not in said["unwatched"])
    equal = [same(states["unwatched"], states[kind]) for kind in ("watched", "by_hand")]
    return Outcome(*equal, look.steps, difference, more)


def variant(client: Client, kind: str, directory: Path) -> ModuleType:
    """The client without the lines that this kind leaves out, as a module of its own."""
    path = directory / kind / f"{client.name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(client.without(*KINDS[kind]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"{kind}_{client.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def carry_out(module: ModuleType, task: Task, look: OwnSums) -> tuple[Any, list[str]]:
    """What it leaves behind, random states included, and what was warned of."""
    torch.manual_seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - as the loops do
    random.seed(SEED)
    silence = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stderr(silence),
        contextlib.redirect_stdout(silence),
    ):
        warnings.simplefilter("always")
        left = module.train(task, look)
        state = [left_behind(left), torch.get_rng_state(), np.random.get_state(), random.getstate()]  # noqa: NPY002
        del left
        gc.collect()
    return state, [str(warning.message) for warning in caught]


def left_behind(value: Any) -> Any:
    """Copies of everything in it that can be compared."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, nn.Module):
        flags = [(name, part.training) for name, part in value.named_modules()]
        grads = {name: left_behind(parameter.grad) for name, parameter in value.named_parameters()}
        return [left_behind(value.state_dict()), flags, grads]
    if hasattr(value, "state_dict"):
        return left_behind(value.state_dict())
    if isinstance(value, Mapping):
        return {key: left_behind(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [left_behind(each) for each in value]
    return value


def same(a: Any, b: Any) -> bool:
    """Whether both are equal to the bit."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.dtype == b.dtype and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, np.ndarray):
        return bool((a == b).all())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b, strict=True))
    return type(a) is type(b) and (a == b or a != a)
