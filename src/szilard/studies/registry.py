"""The studies that szilard knows: one line each."""

from __future__ import annotations

import contextlib
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

OFFERED = "szilard.studies"
"""Entry points by which installed packages offer studies: each is called as its kind, and leads to its ``STUDY``."""
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


def look_up(kind: str | None = None) -> None:
    """Registers what installed packages offer and nobody registered yet.

    Of packages that are not asked for, the name alone is read from their metadata; none of them is imported.

    Args:
        kind: of the study that is wanted; None takes all.

    Raises:
        SpecError: if it cannot be loaded, is no study of that kind, or takes a name that another has.
    """
    from importlib.metadata import entry_points  # takes longer than all studies of szilard's own

    for point in entry_points(group=OFFERED):
        if point.name in _STUDIES or kind not in (None, point.name):
            continue
        package = "a package" if point.dist is None else f"the package {point.dist.name!r}"
        offered = f"the study {point.name!r}, which {package} offers as {point.value!r},"
        try:
            study = point.load()
        except (ImportError, AttributeError) as error:
            raise SpecError(f"{offered} cannot be loaded ({error}): mend or remove the package.") from error
        if not isinstance(study, Study) or study.kind != point.name:
            raise SpecError(f"{offered} is no study of that kind: mend or remove the package.")
        register(study)


def studies() -> tuple[Study, ...]:
    """All that are known, in the order in which they were registered."""
    return tuple(_STUDIES.values())


def study_of_kind(kind: str) -> Study:
    """The study whose records say that they are of this kind.

    Raises:
        RecordError: if there is none.
    """
    if kind not in _STUDIES:
        look_up(kind)
    if kind not in _STUDIES:
        raise RecordError(
            f"the record is of the kind {printable(kind)!r}, which this szilard does not know: upgrade szilard to read"
            " it, or install the package whose study it is."
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
    if kind not in _STUDIES and "kind_of_run" in tree.attrs:
        look_up(kind)
    if kind not in _STUDIES and "information" in tree.children:
        return ENSEMBLE
    if kind not in _STUDIES and "ledger" in tree.children:
        return SINGLE
    return study_of_kind(kind)


def trainings_of(attributes: Mapping[str, Any]) -> str | None:
    """How many trainings a record holds, in short, from its attributes alone; None for one, or where nobody knows."""
    kind = attributes.get("kind_of_run")
    with contextlib.suppress(RecordError, SpecError):
        return None if kind is None else study_of_kind(str(kind)).trainings(attributes)
    return None


def named_runs() -> dict[str, str]:
    """Every named run with the address of what makes its spec."""
    return {name: address for study in studies() for name, address in study.runs.items()}


def kinds_of_spec() -> dict[str, str]:
    """What a TOML file may call its ``kind``, with the address of the spec's class."""
    return {kind: address for study in studies() for kind, address in study.specs.items()}
