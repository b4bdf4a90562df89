"""Specs by the name of a run or from a TOML file, and changed by settings such as the command line takes."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from szilard.errors import SpecError, nearest
from szilard.settings import Settings
from szilard.studies.registry import kinds_of_spec, look_up, named_runs
from szilard.studies.spec import Spec
from szilard.studies.study import at
from szilard.training.factory import Factory

AnySpec = TypeVar("AnySpec", bound=Spec)


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
        return experiment if data is None else apply(experiment, [f"data={data}"])
    raise SpecError(f"there is no experiment {name!r}, nor a TOML file of that path: {nearest(name, named)}")


def _load(path: str) -> Spec:
    """The spec in a TOML file, of the class that its kind says; without one it is an :class:`szilard.Experiment`."""
    try:
        kind = str(tomllib.loads(Path(path).read_text(encoding="utf-8-sig")).get("kind", ""))
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


def apply(experiment: AnySpec, changes: Iterable[str]) -> AnySpec:
    """The experiment with each ``key=value`` set, in order.

    A key is a path (``training.optimizer.lr``) or the end of exactly one (``lr``); a value is read as TOML, else as
    text; ``none`` unsets. A ``kind`` resets its table to the defaults of that kind.

    Raises:
        SpecError: if a change has no ``=``, a key is unknown or fits several settings, or a value does not fit.

    Example:
        >>> from szilard import Experiment, factory
        >>> experiment = Experiment(model=factory("nets:mlp", widths=[64, 32, 10]), data="digits")
        >>> changed = apply(experiment, ["lr=0.01", "widths=[64, 10]", "size=100"])
        >>> changed.training.optimizer.lr, changed.model.arguments, changed.probe.size
        (0.01, {'widths': [64, 10]}, 100)
    """
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not key.strip():
            raise SpecError(f"a change is key=value, not {change!r}.")
        experiment = _changed(experiment, _resolve(experiment, key.strip()), _value(text.strip()))
    return experiment


def _changed(experiment: AnySpec, path: str, value: Any) -> AnySpec:
    table = experiment.as_table()
    *parents, last = path.split(".")
    inner = table
    for parent in parents:
        inner = inner.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise SpecError(f"{parent!r} in {path!r} is a single value, not a table of settings: set it as a whole.")
    if last == "kind":
        inner.clear()
    inner[last] = value
    return type(experiment).from_table(table)


def _resolve(experiment: Spec, key: str) -> str:
    paths = list(_paths(experiment, ""))
    if key in paths or key.startswith("model."):
        return key
    fitting = [path for path in paths if path.endswith(f".{key}")]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SpecError(f"{key!r} could be {' or '.join(fitting)}: give the whole path.")
    known = {*paths, *(path.rpartition(".")[2] for path in paths)}
    raise SpecError(f"the experiment has no setting {key!r}: {nearest(key, known)}")


def _paths(settings: Settings, prefix: str) -> Iterator[str]:
    if isinstance(settings, Factory):
        yield from (f"{prefix}{name}" for name in settings.as_table())
        return
    if settings.kind:
        yield f"{prefix}kind"
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        yield f"{prefix}{field.name}"
        value = getattr(settings, field.name)
        if isinstance(value, Settings):
            yield from _paths(value, f"{prefix}{field.name}.")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
