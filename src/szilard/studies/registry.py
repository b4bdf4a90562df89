"""The studies that szilard knows: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from szilard.errors import RecordError, SpecError
from szilard.printable import printable
from szilard.studies.ensemble import STUDY as ENSEMBLE
from szilard.studies.fig3 import STUDY as FIG3
from szilard.studies.heat_capacity import STUDY as HEAT_CAPACITY
from szilard.studies.reversal import STUDY as REVERSAL
from szilard.studies.sampled import STUDY as SAMPLED
from szilard.studies.single import STUDY as SINGLE
from szilard.studies.study import Study
from szilard.studies.tradeoff import STUDY as TRADEOFF

if TYPE_CHECKING:
    import xarray as xr

_STUDIES: dict[str, Study] = {}


def register(study: Study) -> None:
    """Makes a study known: its records open, its runs run, on the command line and from Python.

    Raises:
        SpecError: if another study has its kind, or one of its runs or specs.
    """
    for other in _STUDIES.values():
        if other.home == study.home:
            continue
        for what, ours, theirs in (
            ("the kind of record", {study.kind}, {other.kind}),
            ("the run", study.runs.keys(), other.runs.keys()),
            ("the kind of spec", study.specs.keys(), other.specs.keys()),
        ):
            if taken := ours & theirs:
                raise SpecError(f"{what} {min(taken)!r} is that of {other.home} already: name it otherwise.")
    _STUDIES[study.kind] = study


for _study in (SINGLE, SAMPLED, ENSEMBLE, FIG3, REVERSAL, HEAT_CAPACITY, TRADEOFF):
    register(_study)


def studies() -> tuple[Study, ...]:
    """All that are known, in the order in which they were registered."""
    return tuple(_STUDIES.values())


def study_of_kind(kind: str) -> Study:
    """The study whose records say that they are of this kind.

    Raises:
        RecordError: if there is none.
    """
    if kind not in _STUDIES:
        raise RecordError(
            f"the record is of the kind {printable(kind)!r}, which this szilard does not know: upgrade szilard to read"
            " it."
        )
    return _STUDIES[kind]


def study_of(tree: xr.DataTree) -> Study:
    """The study of a record, by its root attribute ``kind_of_run``; where that says nothing, by its groups.

    Raises:
        RecordError: if neither tells.

    Example:
        >>> import xarray
        >>> study_of(xarray.DataTree(xarray.Dataset(attrs={"kind_of_run": "ensemble"}))).title
        'ensemble'
    """
    kind = str(tree.attrs.get("kind_of_run"))
    if kind not in _STUDIES and "information" in tree.children:
        return ENSEMBLE
    if kind not in _STUDIES and "ledger" in tree.children:
        return SINGLE
    return study_of_kind(kind)


def trainings_of(attributes: Mapping[str, Any]) -> str | None:
    """How many trainings a record holds, in short, from its attributes alone; None for one, or where nobody knows."""
    study = _STUDIES.get(str(attributes.get("kind_of_run")))
    return None if study is None else study.trainings(attributes)


def named_runs() -> dict[str, str]:
    """Every named run with the address of what makes its spec."""
    return {name: address for study in studies() for name, address in study.runs.items()}


def kinds_of_spec() -> dict[str, str]:
    """What a TOML file may call its ``kind``, with the address of the spec's class."""
    return {kind: address for study in studies() for kind, address in study.specs.items()}
