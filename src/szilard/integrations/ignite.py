"""Ignite's handler: ``IgniteHandler(model, optimizer, "validation", sets={"validation": loader}).attach(trainer)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.integrations.attachment import Attachment
from szilard.integrations.evaluation_sets import EvaluationSets
from szilard.integrations.listening import Listening
from szilard.integrations.wiring import check_beside
from szilard.models.ppm import PPM
from szilard.monitor.watching import Forward

if TYPE_CHECKING:
    from szilard.handle import Run

try:
    import ignite
    from ignite.engine import Engine, Events
except ModuleNotFoundError as missing:
    if missing.name != "ignite":
        raise
    raise SpecError(
        "the callback IgniteHandler needs Ignite, which is not installed: pip install pytorch-ignite."
    ) from None

_HANDLERS: WeakKeyDictionary[Engine, list[IgniteHandler]] = WeakKeyDictionary()
"""Those of each engine."""


@final
class IgniteHandler:
    """Watches what an Ignite engine trains.

    A training step is an iteration in which the optimiser has stepped, so accumulated batches are none, nor are steps
    that a scaler leaves out. Evaluators in between are not watched, and the mode that they leave the model in does not
    matter. The loss is the iteration's output where that is a number, as the trainers have it that Ignite makes; with
    accumulation it is not divided. The gradient that other measures look at is the one that the optimiser steps with.

    Each ``trainer.run`` has a record of its own. One that goes on from a loaded state begins at its iteration
    (:class:`szilard.integrations.Attachment` says where it is written).

    Args:
        model: in training.
        optimizer: whose steps train it; several in a list.
        probe: the name of one of the ``sets``, whose first ``inputs`` elements are taken; or the inputs themselves.
            None: the only set that there is.
        sets: evaluation sets by name: the loaders that evaluators run over.
        output_transform: the loss from the output of an iteration, as metrics of Ignite take theirs: ``lambda output:
            output["loss"]``.
        accumulation: batches of a step: what counts as a step of a run that goes on.
        labels: true labels of a probe that is given itself.
        loss_fn: what outputs mean, as for :func:`szilard.watch`.
        forward: ``forward(model, inputs) -> logits``, where it is not ``model(inputs)``.
        wrap: ``wrap(model) -> PPM`` for what is no classifier.
        inputs: elements of a named evaluation set that make the probe; None: 512.
        out: directory of the record.
        **settings: of :class:`szilard.Monitor`: ``every``, ``budget``, ``measures``, ``loggers``, ``overwrite`` …

    Raises:
        SpecError: if settings make no sense; as training begins, if the set is not there.
        ModelError: as training begins, if the model cannot be watched on this probe.
        RecordError: as training begins, if ``out`` exists and ``overwrite`` is not given, or cannot be written.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        probe: Any = None,
        *,
        sets: Mapping[str, Any] | None = None,
        output_transform: Callable[[Any], Any] | None = None,
        accumulation: int = 1,
        labels: Tensor | None = None,
        loss_fn: Callable[[Any, Any], Tensor] | None = None,
        forward: Forward | None = None,
        wrap: Callable[[nn.Module], PPM] | None = None,
        inputs: int | None = None,
        out: str | Path = "runs/latest",
        **settings: Any,
    ) -> None:
        if probe is None and wrap is None and len(sets or {}) == 1:
            probe = next(iter(sets or {}))
        self.attachment = Attachment(
            probe, labels=labels, loss_fn=loss_fn, forward=forward, wrap=wrap, inputs=inputs, out=out, **settings
        )
        if not isinstance(accumulation, int) or isinstance(accumulation, bool) or accumulation < 1:
            raise SpecError(f"accumulation is how many batches make a step, at least 1, not {accumulation!r}.")
        self._model, self._optimizer, self._sets = model, optimizer, EvaluationSets(sets or {})
        self._loss, self._accumulation = output_transform or _number, accumulation
        self._made = 0

    @property
    def run(self) -> Run:
        """The record of the latest ``trainer.run``.

        Raises:
            SzilardError: before the first one.
        """
        return self.attachment.run

    def attach(self, engine: Engine) -> None:
        """From now on the trainings of this engine are watched.

        Raises:
            SpecError: if it is no trainer, the handler is attached to it already, or another writes to the same place.
        """
        if not isinstance(engine, Engine):
            raise SpecError(f"attach takes the engine that trains, not {type(engine).__name__}: give the trainer.")
        handlers = [*_HANDLERS.get(engine, ()), self]
        check_beside([each.attachment for each in handlers])
        _HANDLERS[engine] = handlers
        engine.add_event_handler(Events.EPOCH_STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED, lambda: self.attachment.end())
        # not by EXCEPTION_RAISED: with any handler of it the engine raises no error, and goes on with the next epoch
        Listening(engine).to("run", returned=lambda _: self.attachment.end(), raised=self.attachment.end)

    def _begin(self, engine: Engine) -> None:
        """The first epoch of a run: what was to be loaded has been."""
        if self.attachment.monitor is not None:
            return
        self.attachment.begin(
            self._model,
            self._optimizer,
            self._sets,
            framework={
                "name": "ignite",
                "version": str(ignite.__version__),
                "accumulation": self._accumulation,
                "loss": "the iteration's output",
                "gradient": "as the optimiser gets it: accumulated and unscaled, clipped where the loop clips",
            },
            first_step=engine.state.iteration // self._accumulation,
            automatic=False,
        )
        self._made = 0

    def _step(self, engine: Engine) -> None:
        """An iteration is over: it was a step if the optimiser has made one."""
        monitor = self.attachment.monitor
        if monitor is None:
            return
        loss = self._loss(engine.state.output)
        made, self._made = self._made, monitor.optimizer_steps
        if self._made > made:
            monitor.step(loss)
        elif loss is not None:
            monitor.loss(loss)


def _number(output: Any) -> float | Tensor | None:
    """The output of an iteration where it is a number."""
    if isinstance(output, Tensor):
        return output if output.numel() == 1 and output.is_floating_point() else None
    return output if isinstance(output, float) else None
