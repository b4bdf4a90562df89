"""Carries an experiment out: one run that is watched, an ensemble of them, or one of the named experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from szilard.errors import SpecError
from szilard.records.place import check_vacant
from szilard.studies.life import Options
from szilard.studies.registry import study_of_kind
from szilard.studies.resources import own_randomness
from szilard.studies.spec import Spec

if TYPE_CHECKING:
    from szilard.handle import Run


def run(
    experiment: Spec,
    out: str | Path,
    *,
    overwrite: bool = False,
    quiet: bool = False,
    resume: bool = False,
    executor: Any = "local",
    keep_checkpoints: bool = False,
    other_versions: bool = False,
) -> Run:
    """Trains what the experiment says, and returns the record.

    The random state of the calling program is left as it was. A single run whose loss is no longer finite stops there,
    with its record marked; one that is interrupted closes its record and raises ``KeyboardInterrupt``. An ensemble that
    is interrupted can be resumed, and then ends with the same record as without the interruption; members that diverge
    are marked and left out of the mixtures.

    Args:
        experiment: what to do: an :class:`szilard.Experiment`, or another kind of
            :class:`~szilard.studies.spec.Spec`.
        out: the record's directory.
        overwrite: whether a record that is already there may be replaced.
        quiet: whether to print nothing.
        resume: whether to go on with an ensemble that was interrupted; where there is none, a new one begins.
        executor: where the members of an ensemble are trained: ``"local"``, ``"dask"``, the address of a Dask
            scheduler, or a ``distributed.Client`` (docs/clusters.md).
        keep_checkpoints: whether the trained members of an ensemble stay in the record's ``checkpoints``.
        other_versions: whether an ensemble may go on under another szilard, torch or Python than it was begun with;
            the record says so then (``resumed_with``).

    Raises:
        SpecError: if the experiment does not fit its data or this machine.
        DataError: if its data cannot be had.
        ModelError: if the model cannot be trained or watched.
        RecordError: if the record cannot be written there, or is to be resumed and is another's.
    """
    from szilard.handle import Run

    place = Path(out).absolute()
    if resume:
        experiment.check_resume()
    else:
        check_vacant(place, overwrite)
    if executor in (None, "local"):
        _check_device(experiment.device)
    else:
        experiment.check_executor()
    options = Options(overwrite, quiet, resume, executor, keep_checkpoints, other_versions)
    with own_randomness(torch.device("cpu")):
        study_of_kind(experiment.study).carry_out(experiment, experiment.load_data(), place, options)
    return Run(out if Path(out).absolute() == place else place)


def _check_device(name: str) -> None:
    try:
        torch.empty(0, device=torch.device(name))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise SpecError(f"the device {name!r} cannot be used here ({reason}): set device to 'cpu'.") from error
