"""What a monitor is asked for, checked before anything is begun."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from szilard.errors import ModelError, SpecError
from szilard.models.ppm import PPM, Enumerable
from szilard.monitor.alteration import AlteredError
from szilard.monitor.ledger.measure import DEFAULT_PATH_INTERVALS, Ledger
from szilard.monitor.measure import Measure
from szilard.monitor.ranks import Ranks

_LARGEST = 2**62
"""Numbers that are kept in 64 bits stay below, with something added to them."""


def measures_of(measures: Any, default: Ledger) -> list[Measure]:
    """Those that were chosen; the default where none were.

    Raises:
        SpecError: if there are none, one of them is none, or the default is given settings that they leave unused.
    """
    if measures is None:
        return [default]
    if not isinstance(measures, list | tuple):
        raise SpecError(f"measures must be a list, not {type(measures).__name__}: give [szilard.Ledger(), …].")
    if not measures:
        raise SpecError("measures is empty, so there is nothing to watch: leave it out for the default ledger.")
    for measure in measures:
        if isinstance(measure, type) or not callable(getattr(measure, "start", None)) or not hasattr(measure, "every"):
            name = measure.__name__ if isinstance(measure, type) else type(measure).__name__
            raise SpecError(f"{name} is no measure: give objects such as szilard.Ledger() or szilard.Gallery().")
    if tuple(default.path_intervals) != DEFAULT_PATH_INTERVALS:
        raise SpecError(
            "path_intervals are those of the default ledger, and measures are given: give "
            "szilard.Ledger(path_intervals=…) among them."
        )
    return list(measures)


def place_of(out: Any) -> Path:
    """The record's directory.

    Raises:
        SpecError: if it is no path.
    """
    if not isinstance(out, str | os.PathLike) or "\0" in os.fsdecode(out):
        raise SpecError(f"out must be the path of a directory, not {out!r}: give 'runs/mine'.")
    return Path(os.fsdecode(out))


def check_settings(*, every: Any, budget: Any, seed: Any, overwrite: Any, attributes: Any, first_step: Any = 0) -> None:
    """The plain settings of a monitor.

    Raises:
        SpecError: naming the one that makes no sense, and what would.
    """
    if isinstance(every, int) and every > _LARGEST:
        raise SpecError(f"every must be a positive whole number of training steps, not {every}: no run has as many.")
    if not isinstance(budget, int | float) or not 0 < budget < 1:
        raise SpecError(f"budget is a share of the loop's time, between 0 and 1, not {budget!r}: 0.05 is 5 %.")
    if not isinstance(seed, int) or isinstance(seed, bool) or not -(2**63) <= seed < 2**63:
        raise SpecError(f"seed must be a whole number of at most 64 bits, not {seed!r}: leave it out for 0.")
    if not isinstance(first_step, int) or isinstance(first_step, bool) or not 0 <= first_step <= _LARGEST:
        raise SpecError(
            f"first_step is how many training steps were done before, a whole number, not {first_step!r}: give the "
            "count of the loop that goes on, or leave it out."
        )
    if not isinstance(overwrite, bool):
        raise SpecError(f"overwrite must be True or False, not {overwrite!r}: True deletes the record that is there.")
    if attributes is not None and not isinstance(attributes, Mapping):
        raise SpecError(f"attributes must be a mapping, not {type(attributes).__name__}: give {{'name': 'mine'}}.")
    if attributes and not all(isinstance(name, str) for name in attributes):
        raise SpecError("the names of attributes must be text: give {'name': 'mine'}.")


def check_ranks(ranks: Ranks, ppm: PPM, measures: Sequence[Measure]) -> None:
    """That several ranks can do what they are asked for; where the model lies in parts on all, that it is the same.

    Raises:
        SpecError: for a measure that needs the whole model in one place, or all ranks.
        ModelError: if the ranks' probes or intervals differ.
    """
    if ranks.count < 2:
        return
    for measure in measures:
        check: Callable[[PPM, int], None] | None = getattr(measure, "check_ranks", None)
        if check is not None and not ranks.together:
            check(ppm, ranks.count)
    if ranks.together:
        _check_alike(ranks, ppm, measures)


def _check_alike(ranks: Ranks, ppm: PPM, measures: Sequence[Measure]) -> None:
    whole = f"and the model lies in parts on {ranks.count} ranks: watch it under DistributedDataParallel"
    for measure in measures:
        if not isinstance(measure, Ledger) or measure.fisher:
            name = "the Fisher form" if isinstance(measure, Ledger) else type(measure).__name__
            raise SpecError(f"{name} needs all parameters in one place, {whole}, or by szilard.Ledger alone.")
    if not isinstance(ppm, Enumerable):
        raise SpecError(
            f"{type(ppm).__name__} draws samples, by which ranks would part, {whole}, or on given inputs by "
            "szilard.Classifier."
        )
    mine = [[chunk.stop - chunk.start for chunk in ppm.chunks()], [measure.every for measure in measures]]
    first = ranks.decided(mine)
    if mine != first:
        raise ModelError(
            f"this rank's probe and intervals are {mine}, and the first rank's {first}: give the same on every rank."
        )
    try:
        ranks.decided(None)
    except AlteredError as parted:
        raise ModelError(f"the ranks were asked for different things, or one failed: {parted}.") from None
