"""Specs by the name of a run, or from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from szilard.errors import SpecError, nearest
from szilard.studies import overrides
from szilard.studies.registry import kinds_of_spec, look_up, named_runs
from szilard.studies.spec import Spec
from szilard.studies.study import at


def find(name: str, data: str | None = None) -> Spec:
    """An experiment by its name, or from a TOML file.

    Args:
        name: of a run, of szilard's own or one that an installed package offers; or the path of a file, recognised by
            its ending or by being there.
        data: the data set; None takes the named run's own, mostly ``digits``, or what the file says.

    Raises:
        SpecError: if there is neither such a name nor such a file, or the spec does not fit.
    """
    named, is_file = named_runs(), name.endswith(".toml") or Path(name).is_file()
    if name not in named and not is_file:
        look_up()
        named = named_runs()
    if name in named:
        make = at(named[name])
        spec: Spec = make() if data is None else make(data)
        return spec
    if is_file:
        experiment = _load(name)
        return experiment if data is None else overrides.apply(experiment, [f"data={data}"])
    raise SpecError(f"there is no experiment {name!r}, nor a TOML file of that path: {nearest(name, named)}")


def _load(path: str) -> Spec:
    """The spec in a TOML file, of the class that its kind says; without one it is an :class:`szilard.Experiment`."""
    try:
        kind = str(tomllib.loads(Path(path).read_text(encoding="utf-8")).get("kind", ""))
    except (OSError, ValueError):
        kind = ""  # said by Spec.load, in its words
    kinds = kinds_of_spec()
    if kind not in kinds:
        look_up()
        kinds = kinds_of_spec()
    if kind not in kinds:
        raise SpecError(f"{path}: there is no kind of run {kind!r}: {nearest(kind, filter(None, kinds))}")
    spec: Spec = at(kinds[kind]).load(path)
    return spec
