"""Carries an experiment out: one run that is watched, an ensemble of them, or one of the named experiments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from szilard.errors import SpecError
from szilard.records.place import check_vacant
from szilard.studies.ensemble import run as many
from szilard.studies.fig3.run import carry_out as fig3
from szilard.studies.fig3.spec import Figure3
from szilard.studies.heat_capacity.run import carry_out as heat_capacity
from szilard.studies.heat_capacity.spec import HeatCapacity
from szilard.studies.kits.experiment import Experiment
from szilard.studies.reversal.run import carry_out as reversal
from szilard.studies.reversal.spec import Reversal
from szilard.studies.sampled.families import FamilySpec
from szilard.studies.sampled.run import carry_out as family
from szilard.studies.single import run as one
from szilard.studies.spec import Spec
from szilard.studies.tradeoff.run import carry_out as tradeoff
from szilard.studies.tradeoff.spec import TradeOff

if TYPE_CHECKING:
    from szilard.data import Dataset
    from szilard.handle import Run

CARRY_OUT: dict[type[Spec], Callable[..., None]] = {
    Figure3: fig3,
    Reversal: reversal,
    HeatCapacity: heat_capacity,
    TradeOff: tradeoff,
}
"""By kind of spec; the runs of families share one, :mod:`szilard.studies.sampled.run`. Each takes the spec, its
data and the place, and ``overwrite``, ``quiet``, ``resume``, ``keep``."""


def run(
    experiment: Spec,
    out: str | Path,
    *,
    overwrite: bool = False,
    quiet: bool = False,
    resume: bool = False,
    executor: Any = "local",
    keep_checkpoints: bool = False,
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

    Raises:
        SpecError: if the experiment does not fit its data or this machine.
        DataError: if its data cannot be had.
        ModelError: if the model cannot be trained or watched.
        RecordError: if the record cannot be written there, or is to be resumed and is another's.
    """
    from szilard.handle import Run

    place = Path(out)
    if resume and not experiment.resumable:
        remedy = ", or give the experiment a design" if isinstance(experiment, Experiment) else ""
        what = "a single run" if remedy else f"the run {experiment.name!r}"
        raise SpecError(f"{what} cannot be resumed: run it again with overwrite{remedy}.")
    if not resume:
        check_vacant(place, overwrite)
    if executor in (None, "local"):
        _check_device(experiment.device)
    elif not isinstance(experiment, Experiment):
        raise SpecError(f"the run {experiment.name!r} is carried out in this process: leave the executor out.")
    elif experiment.device != "cpu" and experiment.chunk is None:
        raise SpecError(
            f"how many members fit on the workers' {experiment.device!r} cannot be seen from here: set chunk in the"
            " spec."
        )
    loaded = experiment.load_data()
    if isinstance(experiment, Experiment):
        _run(
            experiment, loaded, place, overwrite=overwrite, quiet=quiet, resume=resume, executor=executor,
            keep=keep_checkpoints,
        )  # fmt: skip
    else:
        carry_out: Callable[..., None] = family if isinstance(experiment, FamilySpec) else CARRY_OUT[type(experiment)]
        carry_out(experiment, loaded, place, overwrite=overwrite, quiet=quiet, resume=resume, keep=keep_checkpoints)
    return Run(place)


def _run(
    experiment: Experiment,
    dataset: Dataset,
    place: Path,
    *,
    overwrite: bool,
    quiet: bool,
    resume: bool,
    executor: Any,
    keep: bool,
) -> None:
    """One run, or an ensemble where there is a design."""
    if experiment.probe.labelled and experiment.probe.split == "test" and not dataset.test_labelled:
        raise SpecError(f"the test inputs of {dataset.name!r} have no labels: set probe.labelled to false.")
    if experiment.design is None:
        if executor not in (None, "local"):
            raise SpecError("a single run is trained in this process: leave the executor out, or give a design.")
        one.watch(experiment, dataset, place, overwrite=overwrite, quiet=quiet)
    else:
        many.train(
            experiment,
            experiment.design,
            dataset,
            place,
            overwrite=overwrite,
            quiet=quiet,
            resume=resume,
            executor=executor,
            keep=keep,
        )


def _check_device(name: str) -> None:
    try:
        torch.empty(0, device=torch.device(name))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise SpecError(f"the device {name!r} cannot be used here ({reason}): set device to 'cpu'.") from error
