"""The runs that szilard knows by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from szilard.errors import SpecError, nearest
from szilard.experiments.budget import budget
from szilard.experiments.memorisation import memorisation
from szilard.experiments.single import single
from szilard.experiments.spec import Experiment

NAMED: dict[str, Callable[[str], Experiment]] = {"single": single, "memorisation": memorisation, "budget": budget}
"""Each takes the name of a data set and returns the experiment."""


def find(name: str, data: str | None = None) -> Experiment:
    """An experiment by its name, or from a TOML file.

    Args:
        name: one of :data:`NAMED`, or the path of a file, recognised by its ending or by being there.
        data: the data set; None takes ``digits``, or what the file says.

    Raises:
        SpecError: if there is neither such a name nor such a file, or the spec does not fit.
    """
    if name in NAMED:
        return NAMED[name](data or "digits")
    if name.endswith(".toml") or Path(name).is_file():
        experiment = Experiment.load(name)
        return experiment if data is None else dataclasses.replace(experiment, data=data)
    raise SpecError(f"there is no experiment {name!r}, nor a TOML file of that path: {nearest(name, NAMED)}")
