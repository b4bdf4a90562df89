"""Which numbers of a record go to a logger, and under which names."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from szilard.errors import SpecError, nearest

if TYPE_CHECKING:
    import xarray as xr

    from szilard.records.schema import Group

PREFIX = "szilard/"
LAYERS = ("group",)
"""The dimension along which a quantity is spread over its layers' names; others stay in the record."""
DEFAULT = (
    "loss", "work", "work_lower", "heat", "heat_lower", "energy", "entropy_conditional", "entropy_conditional_lower",
    "entropy_change", "ep_conditional", "length", "fluctuation", "measuring_interval", "accuracy", "cross_entropy",
    "work_conditional", "work_dissipated", "lag_work", "free_energy_change", "acceptance", "work_sampled",
    "heat_sampled", "entropy_sampled", "temperature_noise", "gradient_noise_scale_pooled", "reservoir_energy",
)  # fmt: skip
"""What is logged unless told otherwise, where a record has it; of measures of one's own every estimate is."""
_OURS = {"ledger", "samples", "reservoir", "model_space", "gallery", "relaxation"}
"""The groups of which only these are."""


@final
@dataclass(frozen=True, slots=True)
class Shape:
    """What a group's rows hold, as far as a logger can take it.

    Attributes:
        group: its name.
        columns: the dimensions of each quantity, ``step`` left out.
        errors: the quantities that have an error bar beside them.
        estimates: those that are estimates.
        layers: names along the dimension ``group``.
    """

    group: str
    columns: Mapping[str, tuple[str, ...]]
    errors: frozenset[str]
    estimates: frozenset[str]
    layers: tuple[str, ...]

    @classmethod
    def of_group(cls, group: Group, names: Mapping[str, Sequence[str]]) -> Shape:
        """That of a group which is about to be recorded; ``names`` are its record's ``coordinate_names``."""
        layers = names.get(f"{group.name}/group") or group.coordinates.get("group", ())
        return cls(
            group.name,
            {each.name: each.dims for each in group.variables},
            frozenset(each.name for each in group.variables if each.error is not None),
            frozenset(each.name for each in group.variables if each.kind is not None),
            tuple(map(_text, layers)),
        )

    @classmethod
    def of_dataset(cls, group: str, data: xr.Dataset) -> Shape:
        """That of a group which was recorded."""
        names = [str(name) for name in data.data_vars]
        beside = {f"{name}_error" for name in names}
        return cls(
            group,
            {name: tuple(map(str, data[name].dims[1:])) for name in names if name not in beside},
            frozenset(name for name in names if f"{name}_error" in names),
            frozenset(name for name in names if "kind" in data[name].attrs),
            tuple(map(_text, data["group"].values.tolist())) if "group" in data.coords else (),
        )


@final
class Quantities:
    """The numbers that are logged of a record's rows.

    Args:
        shapes: of the record's groups.
        wanted: names of quantities, with ``*`` for any letters; None: :data:`DEFAULT`.

    Raises:
        SpecError: if a name fits nothing that the record will hold, or only what is no number.
    """

    def __init__(self, shapes: Sequence[Shape], wanted: Sequence[str] | None) -> None:
        self._places: dict[str, list[tuple[str, list[str]]]] = {}
        taken: set[str] = set()
        for shape in shapes:
            places = []
            for column in _chosen(shape, wanted):
                called = column if column not in taken else f"{shape.group}/{column}"
                taken.add(called)
                places.append((column, _names(called, shape, column)))
                if column in shape.errors:
                    places.append((f"{column}_error", _names(f"{called}_error", shape, column)))
            self._places[shape.group] = places
        if wanted is not None:
            _check(shapes, wanted)

    def columns(self, group: str) -> list[str]:
        """The columns of a group that are looked at."""
        return [column for column, _ in self._places[group]]

    def of(self, group: str, row: Mapping[str, Any]) -> dict[str, float]:
        """A row's numbers by their names in the logger; what is not defined there, or missing, is left out."""
        found: dict[str, float] = {}
        for column, names in self._places[group]:
            value = row.get(column)
            if value is not None:
                values = value if isinstance(value, list) else (value,)
                found |= {name: float(each) for name, each in zip(names, values, strict=True) if math.isfinite(each)}
        return found


def _chosen(shape: Shape, wanted: Sequence[str] | None) -> list[str]:
    """The quantities of a group that are logged."""
    able = [column for column, dims in shape.columns.items() if dims in ((), LAYERS)]
    if wanted is not None:
        return [column for column in able if any(fnmatch.fnmatchcase(column, name) for name in wanted)]
    if shape.group in _OURS:
        return [column for column in able if column in DEFAULT]
    return [column for column in able if column in shape.estimates]


def _names(called: str, shape: Shape, column: str) -> list[str]:
    """The names of a column's numbers: one, or one for each layer."""
    if not shape.columns[column]:
        return [f"{PREFIX}{called}"]
    return [f"{PREFIX}{called}/{layer or number}" for number, layer in enumerate(shape.layers)]


def _check(shapes: Sequence[Shape], wanted: Sequence[str]) -> None:
    """That every name fits something."""
    dims = {column: dims for shape in shapes for column, dims in shape.columns.items()}
    for name in wanted:
        fitting = fnmatch.filter(dims, name)
        if not fitting:
            able = [column for column in dims if dims[column] in ((), LAYERS)]
            raise SpecError(f"no logger can be given {name!r}, which this run does not record: {nearest(name, able)}")
        if all(dims[column] not in ((), LAYERS) for column in fitting):
            raise SpecError(
                f"{name!r} is no single number but lies along {', '.join(dims[fitting[0]])}, so no logger takes it: "
                f"read it from the record, as run.tree[…][{fitting[0]!r}]."
            )


def _text(label: Any) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
