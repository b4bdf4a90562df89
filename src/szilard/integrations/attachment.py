"""What a framework's callback was told of how to watch, and the monitors that it makes of it, one for each training."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import RecordError, SzilardError, SzilardWarning
from szilard.integrations.evaluation_sets import INPUTS, EvaluationSets, device_of, split_labels
from szilard.integrations.places import Places
from szilard.integrations.wiring import check_told
from szilard.models.evaluation import unwrap
from szilard.models.ppm import PPM
from szilard.monitor.arguments import place_of
from szilard.monitor.measure import Measure
from szilard.monitor.monitor import Monitor
from szilard.monitor.ranks import stands_by
from szilard.monitor.watching import Forward, attach

if TYPE_CHECKING:
    from szilard.handle import Run


@final
class Attachment:
    """How to watch, as a user told a callback, and the monitor of the training under way.

    Each training of the callback has a record of its own: the first lies in ``out``, the next in ``out-2``; one that
    is resumed from a checkpoint at step 1200 in ``out-from-1200``, since what was accumulated before cannot be gone on
    with.

    Args:
        probe: the inputs on which the network is watched, as the model takes them; or the name of one of the
            training's own evaluation sets, whose first ``inputs`` elements are taken, with their labels.
        labels: true labels of a probe that is given itself.
        loss_fn: what outputs mean, as for :func:`szilard.watch`.
        forward: ``forward(model, inputs) -> logits`` for signatures other than the usual.
        wrap: ``wrap(model) -> PPM`` for what is no classifier, such as ``lambda model: szilard.Flow(model)``, or where
            the probe is made in another way; then no probe is named.
        inputs: elements of a named evaluation set that make the probe; None: 512.
        out: directory of the record.
        **settings: of :class:`szilard.Monitor`: ``every``, ``budget``, ``measures``, ``loggers``, ``overwrite`` …

    Raises:
        SpecError: if settings make no sense.
    """

    def __init__(
        self,
        probe: Any = None,
        *,
        labels: Tensor | None = None,
        loss_fn: Callable[[Any, Any], Tensor] | None = None,
        forward: Forward | None = None,
        wrap: Callable[[nn.Module], PPM] | None = None,
        inputs: int | None = None,
        out: str | Path = "runs/latest",
        **settings: Any,
    ) -> None:
        check_told(probe, labels, wrap, inputs, settings)
        self.probe, self.wrap, self.inputs = probe, wrap, inputs
        self.out = place_of(out)
        self.monitor: Monitor | None = None
        """Of the training under way; None before the first and after each."""
        self.labels, self.loss_fn, self.forward, self.settings = labels, loss_fn, forward, settings
        self._places = Places(self.out, bool(settings.get("overwrite", False)))

    def take(
        self, sets: EvaluationSets | None, device: torch.device, *, name: str | None = None, inputs: int | None = None
    ) -> Any:
        """The probe as it was given, or as its evaluation set makes it, labels included; on this device.

        Args:
            sets: of the training, where it has any.
            device: of the model.
            name: of the set that is taken where the user has said nothing.
            inputs: elements to take where the user has not said how many.

        Raises:
            SpecError: as :meth:`EvaluationSets.take`.
        """
        probe = name if self.probe is None else self.probe
        if isinstance(probe, str):
            probe = (sets or EvaluationSets({})).take(probe, self.inputs or inputs or INPUTS, device)
        return to_device(probe, device)

    def begin(
        self,
        model: nn.Module | PPM,
        optimizers: Any,
        sets: EvaluationSets | None = None,
        *,
        framework: Mapping[str, Any],
        first_step: int = 0,
        automatic: bool = True,
        measures: Sequence[Measure] | None = None,
        prepare: Callable[[Any], Any] | None = None,
    ) -> Monitor:
        """A training begins: its monitor, which has recorded the model as it stands.

        Args:
            model: in training, as the framework has it; or as a PPM, where the framework knows what it is.
            optimizers: of it, one or several, of which those that move nothing of what is watched are left out; None
                where steps are told of and there is none to look at.
            sets: its evaluation sets, where it has any.
            framework: for the record's attribute ``framework`` (JSON): name, version, what loss and gradient are …
            first_step: what the framework counts as done already.
            automatic: steps are those of the optimisers' own hooks; else the framework tells of each.
            measures: in place of those that the user has chosen, and of ``path_intervals``.
            prepare: what the framework does to inputs that a user gives it, as for a model in half precision.

        Raises:
            ModelError, SpecError, RecordError: as :func:`szilard.watch`.
        """
        self._put_aside()
        watched: nn.Module | PPM
        if not isinstance(model, nn.Module) or self.stands_by(model):
            watched, probe, labels = model, None, None
        elif self.wrap is not None:
            watched, probe, labels = self.wrap(unwrap(model)), None, None
        else:
            watched, (probe, labels) = model, self._inputs(model, sets, prepare)
        place, overwrite = self._places.next(first_step)
        attributes = {"framework": dict(framework), **(self.settings.get("attributes") or {})}
        settings = {**self.settings, "attributes": attributes, "overwrite": overwrite}
        if measures is not None:
            settings = {name: each for name, each in settings.items() if name != "path_intervals"}
            settings["measures"] = measures
        self.monitor = attach(
            watched,
            optimizers,
            probe,
            labels=labels,
            loss_fn=self.loss_fn,
            forward=None if probe is None else self.forward,
            out=place,
            automatic=automatic,
            first_step=first_step,
            **settings,
        )
        self._places.taken(place)
        return self.monitor

    def stands_by(self, model: nn.Module) -> bool:
        """Whether another rank watches the model for this one, which needs no probe."""
        return stands_by(unwrap(model), self.settings.get("ranks", "first"))

    def loss(self, loss: float | Tensor) -> None:
        """The loss of a step under way, or of one of its micro-batches; nothing where no training is watched."""
        if self.monitor is not None:
            self.monitor.loss(loss)

    def end(self, error: BaseException | None = None) -> None:
        """The training is over, by this error or well; a second call does nothing.

        The last record is of the model as the last step left it: what a framework loads into it afterwards, as the
        best of its checkpoints, is no step of the training.
        """
        self._end(error)

    @property
    def run(self) -> Run:
        """The record of the latest training.

        Raises:
            SzilardError: before the first one.
        """
        if self._places.latest is None:
            raise SzilardError("no training has begun, so there is no record yet: train first.")
        from szilard.handle import open

        return open(self._places.latest)

    def _inputs(
        self, model: nn.Module, sets: EvaluationSets | None, prepare: Callable[[Any], Any] | None
    ) -> tuple[Any, Any]:
        """The probe and its labels, on the model's device."""
        batch = self.take(sets, device_of(model))
        if isinstance(self.probe, str):
            return split_labels(batch)
        return (batch if prepare is None else prepare(batch)), self.labels

    def _put_aside(self) -> None:
        """Ends a training that never came to its end."""
        self._end("another training began before this one came to its end")

    def _end(self, because: BaseException | str | None) -> None:
        monitor, self.monitor = self.monitor, None
        if monitor is None:
            return
        self._places.ended(blank=because is not None and monitor.steps == 0)
        try:
            monitor.end(because)
        except RecordError as problem:  # the training is done, and what comes after it must not be lost too
            warnings.warn(str(problem), SzilardWarning, stacklevel=3)


def to_device(batch: Any, device: torch.device) -> Any:
    """A batch with its tensors on this device."""
    return pytree.tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, Tensor) else leaf, batch)
