"""What a framework's callback was told of how to watch, and the monitors that it makes of it, one for each training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import SpecError, SzilardError, nearest
from szilard.integrations.evaluation_sets import INPUTS, EvaluationSets, device_of, split_labels
from szilard.models.evaluation import unwrap
from szilard.models.ppm import PPM
from szilard.monitor.arguments import check_settings, place_of
from szilard.monitor.monitor import Monitor
from szilard.monitor.watching import Forward, attach

if TYPE_CHECKING:
    from szilard.handle import Run

_SETTLED = ("ppm", "optimizer", "out", "automatic", "first_step")
"""What a callback knows of itself, and no user need say."""


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
        inputs: elements of a named evaluation set that make the probe.
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
        inputs: int = INPUTS,
        out: str | Path = "runs/latest",
        **settings: Any,
    ) -> None:
        _check(probe, labels, wrap, inputs, settings)
        self.probe, self.wrap, self.inputs = probe, wrap, inputs
        self.out = place_of(out)
        self.monitor: Monitor | None = None
        """Of the training under way; None before the first and after each."""
        self._labels, self._loss_fn, self._forward, self._settings = labels, loss_fn, forward, settings
        self._begun = 0
        self._taken: Path | None = None

    def begin(
        self,
        model: nn.Module,
        optimizers: Any,
        sets: EvaluationSets | None = None,
        *,
        framework: Mapping[str, Any],
        first_step: int = 0,
        automatic: bool = True,
        default: Callable[[nn.Module], PPM] | None = None,
    ) -> Monitor:
        """A training begins: its monitor, which has recorded the model as it stands.

        Args:
            model: in training, as the framework has it.
            optimizers: of it, one or several; None where steps are told of and there is none to look at.
            sets: its evaluation sets, where it has any.
            framework: for the record's attribute ``framework`` (JSON): name, version, what loss and gradient are …
            first_step: what the framework counts as done already.
            automatic: steps are those of the optimisers' own hooks; else the framework tells of each.
            default: what the framework makes of the model, where the user has said nothing of ``wrap`` or probe.

        Raises:
            ModelError, SpecError, RecordError: as :func:`szilard.watch`.
        """
        again = self._put_aside()
        wrap = self.wrap or (default if self.probe is None else None)
        watched, probe, labels = (wrap(unwrap(model)), None, None) if wrap else (model, *self._inputs(model, sets))
        place, overwrite = self._place(first_step, again)
        attributes = {"framework": dict(framework), **(self._settings.get("attributes") or {})}
        self.monitor = attach(
            watched,
            optimizers,
            probe,
            labels=labels,
            loss_fn=self._loss_fn,
            forward=None if wrap else self._forward,
            out=place,
            automatic=automatic,
            first_step=first_step,
            **{**self._settings, "attributes": attributes, "overwrite": overwrite},
        )
        self._taken = place
        self._begun += not again
        return self.monitor

    def loss(self, loss: float | Tensor) -> None:
        """The loss of a step under way, or of one of its micro-batches; nothing where no training is watched."""
        if self.monitor is not None:
            self.monitor.loss(loss)

    def end(self, error: BaseException | None = None) -> None:
        """The training is over, by this error or well; a second call does nothing.

        The last record is of the model as the last step left it: what a framework loads into it afterwards, as the
        best of its checkpoints, is no step of the training.
        """
        monitor, self.monitor = self.monitor, None
        if monitor is not None:
            monitor.end(error)

    @property
    def run(self) -> Run:
        """The record of the latest training.

        Raises:
            SzilardError: before the first one.
        """
        if self._taken is None:
            raise SzilardError("no training has begun, so there is no record yet: train first.")
        from szilard.handle import open

        return open(self._taken)

    def _inputs(self, model: nn.Module, sets: EvaluationSets | None) -> tuple[Any, Any]:
        """The probe and its labels, on the model's device."""
        probe, labels = self.probe, self._labels
        device = device_of(model)
        if isinstance(probe, str):
            probe, labels = split_labels((sets or EvaluationSets({})).take(probe, self.inputs, device))
        return to_device(probe, device), labels

    def _put_aside(self) -> bool:
        """Ends a training that never came to its end. True if it had made no step: then its record is replaced."""
        monitor, self.monitor = self.monitor, None
        if monitor is None:
            return False
        monitor.end(SzilardError("another training began before this one came to its end"))
        return monitor.steps == 0

    def _place(self, first_step: int, again: bool) -> tuple[Path, bool]:
        """Where the record goes, and whether one that lies there is replaced."""
        overwrite = bool(self._settings.get("overwrite", False))
        if again and self._taken is not None:
            return self._taken, True
        if not self._begun and not first_step:
            return self.out, overwrite
        base = self.out.with_name(f"{self.out.name}-from-{first_step}") if first_step else self.out
        number = 1 if first_step else self._begun + 1
        while (place := _numbered(base, number)).exists() and not overwrite:
            number += 1
        return place, overwrite


def to_device(batch: Any, device: torch.device) -> Any:
    """A batch with its tensors on this device."""
    return pytree.tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, Tensor) else leaf, batch)


def _numbered(place: Path, number: int) -> Path:
    return place if number == 1 else place.with_name(f"{place.name}-{number}")


def _check(probe: Any, labels: Any, wrap: Any, inputs: Any, settings: Mapping[str, Any]) -> None:
    """What can be told before a training begins.

    Raises:
        SpecError: naming what makes no sense.
    """
    known = [name for name in inspect.signature(Monitor).parameters if name not in _SETTLED]
    for name in settings:
        if name not in known:
            raise SpecError(f"the callback has no setting {name!r}: {nearest(name, known)}")
    given = {"every": None, "budget": 0.05, "seed": 0, "overwrite": False, "attributes": None}
    check_settings(**{name: settings.get(name, default) for name, default in given.items()})
    if not isinstance(inputs, int) or isinstance(inputs, bool) or inputs < 1:
        raise SpecError(f"inputs is how many elements make the probe, at least 1, not {inputs!r}: give 512.")
    if isinstance(probe, str) and labels is not None:
        raise SpecError(f"labels come with the evaluation set {probe!r}: leave them out, or give the probe itself.")
    if wrap is not None and (isinstance(wrap, nn.Module) or not callable(wrap)):
        raise SpecError("wrap is a function from the model to what it is: give wrap=lambda model: szilard.Flow(model).")
    if wrap is not None and probe is not None:
        raise SpecError("wrap gives the model its probe, and another probe is given: leave one of them out.")
