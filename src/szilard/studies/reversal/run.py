"""Carries the run ``reversal`` out and writes its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.models.landscape import Landscape
from szilard.records.provenance import provenance
from szilard.records.writer import RecordWriter
from szilard.studies.life import Options, say_how_long
from szilard.studies.progress import Progress
from szilard.studies.resources import own_threads
from szilard.studies.reversal.duration import seconds_of
from szilard.studies.reversal.engine.ground import Ground
from szilard.studies.reversal.engine.looking import KERNEL_COLUMNS, WHOLE_COLUMNS
from szilard.studies.reversal.engine.paths import Paths, parts_of, walk
from szilard.studies.reversal.engine.widths import COLUMNS, against_width
from szilard.studies.reversal.schema import reversal_groups
from szilard.studies.reversal.spec import Reversal
from szilard.training.factory import Factory
from szilard.training.nets import ACTIVATIONS
from szilard.training.training import Loss

Harvest = tuple[list[list[Paths]], list[dict[str, np.ndarray]]]
"""Paths of each network and seed, and what came of the widths for each seed."""


def carry_out(spec: Reversal, dataset: Dataset, out: Path, options: Options) -> None:
    """Does everything, then writes the record: an interrupted run leaves none, and there is nothing to resume or keep.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    _check_layers(spec)
    loss: Loss = F.cross_entropy if spec.loss is None else spec.loss.build()
    with own_threads(spec.threads):
        if not options.quiet:
            builds = [factory.build for factory in _networks(spec)]
            seconds = seconds_of(spec, builds, Ground(spec, dataset, 0), loss)
            say_how_long(seconds, _told(spec), resumable=False)
        paths, widths = _measure(spec, dataset, loss, options.quiet)
    groups = reversal_groups(
        networks=len(paths),
        starts=spec.starts,
        seeds=spec.seeds,
        rates=spec.rates,
        groups=len(paths[0][0].groups) + 1,
        widths=spec.wide.widths if spec.wide else (),
    )
    writer = RecordWriter(out, groups=groups, attributes=_attributes(spec, dataset), overwrite=options.overwrite)
    _write(spec, writer, paths, widths)
    writer.close()


def _measure(spec: Reversal, dataset: Dataset, loss: Loss, quiet: bool) -> Harvest:
    factories = _networks(spec)
    total = spec.seeds * (len(factories) * parts_of(spec) + (len(spec.wide.widths) if spec.wide else 0))
    paths: list[list[Paths]] = [[] for _ in factories]
    widths = []
    done = 0
    with Progress(f"{spec.name}: {dataset.name}", total, quiet) as progress:

        def tick() -> None:
            nonlocal done
            done += 1
            progress.update(done, "parts")

        for seed in range(spec.seeds):
            ground = Ground(spec, dataset, seed)
            for of_network, factory in zip(paths, factories, strict=True):
                of_network.append(walk(spec, factory.build, ground, loss, tick))
            if spec.wide:
                widths.append(against_width(spec, spec.wide, ground, loss, tick))
    return paths, widths


def _told(spec: Reversal) -> str:
    """What will be run."""
    wide = f", and networks of {len(spec.wide.widths)} widths" if spec.wide else ""
    many = "network" if spec.twin is None else "networks"
    return (
        f"{len(_networks(spec))} {many}, {spec.seeds} seeds, {spec.steps} steps forward and back at"
        f" {len(spec.rates)} rates from {len(spec.starts)} points of training{wide}"
    )


def _networks(spec: Reversal) -> list[Factory]:
    return [spec.model] if spec.twin is None else [spec.model, spec.twin]


def _write(spec: Reversal, writer: RecordWriter, paths: list[list[Paths]], widths: list[dict[str, np.ndarray]]) -> None:
    """Arrays over networks and seeds, cut into rows."""

    def stacked(name: str) -> np.ndarray:
        """(network, start, seed, …)."""
        return np.moveaxis(np.array([[getattr(each, name) for each in seeds] for seeds in paths]), 1, 2)

    along = {name: stacked(name) for name in ("distance", "displacement", "defect", "curvature", "distance_single")}
    for back in range(spec.steps + 1):
        writer.append("reversal", back, {name: values[:, :, :, back] for name, values in along.items()})
    for number, step in enumerate(spec.looks_at):
        row: dict[str, Any] = {}
        for name in (*KERNEL_COLUMNS, *WHOLE_COLUMNS):
            seen = [[[at[number][name] for at in each.looks] for each in seeds] for seeds in paths]
            row[name] = np.moveaxis(np.array(seen), 1, 2)
        writer.append("laziness", step, row)
    nearest = stacked("nearest")
    for number, start in enumerate(spec.starts):
        writer.append("reach", start, {"nearest_return": nearest[:, number]})
    if widths:
        writer.append("width", spec.steps, {name: np.array([each[name] for each in widths]) for name in COLUMNS})


def _check_layers(spec: Reversal) -> None:
    """Refuses a twin whose numbers could not stand beside the model's."""
    names = [list(_layers(factory.build())) for factory in _networks(spec)]
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


def _attributes(spec: Reversal, dataset: Dataset) -> dict[str, Any]:
    networks = [factory.build() for factory in _networks(spec)]
    return {
        "kind_of_run": "reversal",
        "name": spec.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": dataset.name,
        "networks": _called(networks),
        "groups": ["all", *_layers(networks[0])],
        "parameters": [sum(each.numel() for each in network.parameters()) for network in networks],
        "forward_precision": "float64",
        "seed": spec.seed,
        "spec": spec.as_table(),
        "provenance": provenance(),
    }


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
