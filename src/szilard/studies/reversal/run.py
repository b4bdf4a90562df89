"""Carries the run ``reversal`` out and writes its record."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.models.landscape import Landscape
from szilard.records.schema import Group
from szilard.studies.life import Options, Row, Whole, carry_out_whole, seconds_each
from szilard.studies.reversal.engine.laziness import KERNEL_COLUMNS, WHOLE_COLUMNS
from szilard.studies.reversal.engine.paths import REACHED, Paths, measure_paths, parts_of
from szilard.studies.reversal.engine.replicate import Build, Replicate
from szilard.studies.reversal.engine.widths import COLUMNS, against_width
from szilard.studies.reversal.schema import reversal_groups
from szilard.studies.reversal.spec import Reversal
from szilard.training import Factory
from szilard.training.nets import ACTIVATIONS
from szilard.training.training import Loss

_LEAST: dict[str, Any] = {"starts": (0,), "steps": 1, "looks": 1, "window": 1}
"""The least that a network can do: one step forward and back, and one look at its laziness."""
_MORE = 5
"""Steps of a longer path, which are tried to tell how long a run will take."""
_TRAINED = 50
"""Steps of training that are tried."""
_FEW = 2
"""Examples among which a trial seeks the nearest, where the search is not what it is to time."""


def carry_out(spec: Reversal, dataset: Dataset, out: Path, options: Options) -> None:
    """Does everything, then writes the record: an interrupted run leaves none.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    carry_out_whole(ReversedTrainings(spec, dataset), dataset.name, out, options)


@final
class ReversedTrainings(Whole):
    """Paths of each network, seed by seed, and networks of several widths beside them."""

    def __init__(self, spec: Reversal, dataset: Dataset) -> None:
        self.spec: Reversal = spec
        self._dataset = dataset
        self._factories = [spec.model] if spec.twin is None else [spec.model, spec.twin]
        _check_layers(self._factories)
        self._loss: Loss = F.cross_entropy if spec.loss is None else spec.loss.build()
        self._paths: list[list[Paths]] = [[] for _ in self._factories]
        self._widths: list[dict[str, np.ndarray]] = []
        widths = len(spec.wide.widths) if spec.wide else 0
        self.told = (
            f"{len(self._factories)} network{'s' if spec.twin else ''}, {spec.seeds} seeds, {spec.steps} steps forward"
            f" and back at {len(spec.rates)} rates from {len(spec.starts)} points of training"
            f"{f', and networks of {widths} widths' if widths else ''}"
        )
        self.total = spec.seeds * (len(self._factories) * parts_of(spec) + widths)
        self.unit = "parts"

    def seconds(self) -> float:
        replicate = Replicate(self.spec, self._dataset, 0)
        least = dataclasses.replace(self.spec, **_LEAST)
        build = self._factories[0].build
        measure_paths(least, build, replicate, self._loss, _nothing, reached=_FEW)  # the first is slow
        of_seed = sum(self._seconds_of(factory.build, replicate) for factory in self._factories)
        return self.spec.seeds * (of_seed + self._seconds_of_widths(replicate))

    def _seconds_of(self, build: Build, replicate: Replicate) -> float:
        """Seconds of a network and seed, from what one more step of training, look or step of a path adds."""
        spec = self.spec

        def trial(reached: int = _FEW, **more: Any) -> float:
            part = dataclasses.replace(spec, **{**_LEAST, **more})
            return seconds_each(lambda: measure_paths(part, build, replicate, self._loss, _nothing, reached=reached))

        # What the run does not do is not tried, and what all trials do alike is done in few of them.
        whole = trial(REACHED)
        least = looked = path = trained = trial()
        if spec.window > 1 or spec.starts[-1]:
            trained = trial(starts=(_TRAINED,))
        if max(spec.window, spec.steps) > 1:
            looked = trial(window=_MORE)
        if spec.steps > 1:
            path = trial(window=_MORE, steps=_MORE)
        step, look = max(trained - least, 0.0) / _TRAINED, max(looked - least, 0.0)
        back = max(path - looked, 0.0) / (_MORE - 1)
        of_start = whole + back * (spec.steps - 1) + look * (len(spec.looks_at) - 1) + step * spec.window
        return step * spec.starts[-1] + len(spec.starts) * of_start

    def _seconds_of_widths(self, replicate: Replicate) -> float:
        """Seconds of all widths together and one seed, found likewise."""
        wide = self.spec.wide
        if wide is None:
            return 0.0
        least, longer = (
            seconds_each(lambda part=part: against_width(part, wide, replicate, self._loss, _nothing))  # type: ignore[misc]
            for part in (dataclasses.replace(self.spec, steps=steps) for steps in (1, _MORE))
        )
        return least + max(longer - least, 0.0) / (_MORE - 1) * (self.spec.steps - 1)

    def measure(self, advance: Callable[[int], None]) -> None:
        def tick() -> None:
            advance(1)

        for seed in range(self.spec.seeds):
            replicate = Replicate(self.spec, self._dataset, seed)
            for paths, factory in zip(self._paths, self._factories, strict=True):
                paths.append(measure_paths(self.spec, factory.build, replicate, self._loss, tick))
            if self.spec.wide:
                self._widths.append(against_width(self.spec, self.spec.wide, replicate, self._loss, tick))

    def groups(self) -> tuple[Group, ...]:
        return reversal_groups(
            networks=len(self._paths),
            starts=self.spec.starts,
            seeds=self.spec.seeds,
            rates=self.spec.rates,
            groups=len(self._paths[0][0].groups) + 1,
            widths=self.spec.wide.widths if self.spec.wide else (),
        )

    def attributes(self) -> dict[str, Any]:
        networks = [factory.build() for factory in self._factories]
        return {
            "networks": _called(networks),
            "groups": ["all", *_layers(networks[0])],
            "parameters": [sum(each.numel() for each in network.parameters()) for network in networks],
            "forward_precision": "float64",
        }

    def rows(self) -> Iterator[Row]:
        along = {
            name: self._stacked(name) for name in ("distance", "displacement", "defect", "curvature", "distance_single")
        }
        for back in range(self.spec.steps + 1):
            yield "reversal", back, {name: values[:, :, :, back] for name, values in along.items()}
        for number, step in enumerate(self.spec.looks_at):
            yield "laziness", step, {name: self._looks(name, number) for name in (*KERNEL_COLUMNS, *WHOLE_COLUMNS)}
        nearest = self._stacked("nearest")
        for number, start in enumerate(self.spec.starts):
            yield "reach", start, {"nearest_return": nearest[:, number]}
        if self._widths:
            yield "width", self.spec.steps, {name: np.array([each[name] for each in self._widths]) for name in COLUMNS}

    def _stacked(self, name: str) -> np.ndarray:
        """Arrays of :class:`Paths`, shape (networks, starts, seeds, …)."""
        return np.moveaxis(np.array([[getattr(each, name) for each in seeds] for seeds in self._paths]), 1, 2)

    def _looks(self, name: str, number: int) -> np.ndarray:
        """A column of one look at laziness, shape (networks, starts, seeds) or with the groups after them."""
        values = [[[looks[number][name] for looks in each.looks] for each in seeds] for seeds in self._paths]
        return np.moveaxis(np.array(values), 1, 2)


def _check_layers(factories: Sequence[Factory]) -> None:
    """Refuses a twin whose numbers could not stand beside the model's."""
    names = [list(_layers(factory.build())) for factory in factories]
    if len(names) > 1 and names[0] != names[1]:
        raise SpecError(
            f"the twin has the layers {', '.join(names[1])} where the model has {', '.join(names[0])}: give a twin with"
            " the same layers, or none."
        )


def _layers(network: nn.Module) -> Iterator[str]:
    """What the groups are called: linear layers by their place and size, others by their path."""
    for number, (path, places) in enumerate(Landscape(network, F.cross_entropy).groups().items(), start=1):
        weight = getattr(network.get_submodule(path), "weight", None) if path and len(places) <= 2 else None
        if isinstance(weight, Tensor) and weight.ndim == 2:
            yield f"layer {number} ({weight.shape[1]} → {weight.shape[0]})"
        else:
            yield path


def _called(networks: Sequence[nn.Module]) -> list[str]:
    """Each network by its activations; by its number where they do not tell."""
    kinds = tuple(ACTIVATIONS.values())
    names = [
        ", ".join(sorted({type(part).__name__ for part in each.modules() if isinstance(part, kinds)}))
        for each in networks
    ]
    if "" in names or len(set(names)) < len(names):
        return [f"network {number}" for number in range(1, len(names) + 1)]
    return names


def _nothing() -> None:
    """No progress to tell of."""
