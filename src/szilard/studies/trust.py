"""A spec is a program: it names functions by their addresses, which are imported and called.

Whoever runs a file of somebody else's should have to say so. What lies within szilard, or within an installed package
whose study is registered, was trusted when it was installed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from szilard.errors import SpecError
from szilard.printable import printable
from szilard.settings import Settings
from szilard.studies.registry import studies
from szilard.studies.spec import Spec
from szilard.training.factory import SHORT, Factory, find

_MODELS = ("szilard.training", "szilard.models")
"""Where szilard's own factories lie: not everything that szilard can do is for a stranger to call."""


def check_trusted(spec: Spec) -> None:
    """Refuses a spec that has code called which was never installed with szilard or with a study's package.

    Nothing is imported but szilard's own modules.

    Raises:
        SpecError: naming the setting and its address.
    """
    for where, address in _addresses(spec, ""):
        if not _installed(address, data=where.rpartition(".")[2] == "data"):
            raise SpecError(
                f"{where} = {printable(address)!r} is no function of szilard's own, and a spec that names one runs"
                " it: read the spec and that function, and add --trust to have it called."
            )


def _addresses(settings: Settings, prefix: str) -> Iterator[tuple[str, str]]:
    """The addresses that a spec names, each with the path of its setting."""
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        value, where = getattr(settings, field.name), f"{prefix}{field.name}"
        if isinstance(value, Factory):
            if isinstance(value.target, str):
                yield f"{where}.factory", value.target
        elif isinstance(value, Settings):
            yield from _addresses(value, f"{where}.")
        elif isinstance(value, tuple):
            for each in value:
                if isinstance(each, Settings):
                    yield from _addresses(each, f"{where}.")
        elif field.name == "data" and isinstance(value, str) and ":" in value and _by_address(settings):
            yield where, value


def _by_address(settings: Settings) -> bool:
    return bool(getattr(settings, "data_by_address", True))


def _installed(address: str, *, data: bool) -> bool:
    name, _, function = address.partition(":")
    module = SHORT.get(name, name)
    package = module.split(".")[0]
    if package != "szilard":
        return package in {study.home.split(".")[0] for study in studies()}
    if data or function.startswith("_") or not (module in _MODELS or module.startswith(f"{_MODELS[0]}.")):
        return False
    return str(getattr(find(address), "__module__", "")).startswith(_MODELS)
