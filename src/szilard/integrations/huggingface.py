"""A callback for the Trainer of transformers, and for those that derive from it, as TRL's do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from torch import Tensor, nn
from transformers import TrainerCallback

from szilard.integrations.attachment import Attachment
from szilard.integrations.clipping import told_of_clipping
from szilard.integrations.evaluation_sets import device_of
from szilard.integrations.listening import Listening
from szilard.integrations.transformers_models import (
    LENGTH,
    classifier,
    is_language_model,
    language_model,
    text_of,
)
from szilard.integrations.transformers_trainer import only_set, sets_of, told_of, trainer_of_call
from szilard.integrations.wiring import check_beside
from szilard.models.evaluation import unwrap
from szilard.models.ppm import PPM
from szilard.monitor.ledger.measure import Ledger
from szilard.monitor.watching import Forward

if TYPE_CHECKING:
    from szilard.handle import Run

_TEXTS = 16
"""Texts of an evaluation set that a language model is held against, unless the user says otherwise."""


@final
class HuggingFaceCallback(TrainerCallback):
    """Watches what a Trainer trains: ``Trainer(…, callbacks=[HuggingFaceCallback("validation", out="runs/mine")])``.

    A classifier, of inputs or of their tokens, is watched on an evaluation set. A language model is watched as it
    writes its own text; a set that is named, or tokens, add what it says of given text (``work_conditional``,
    ``cross_entropy``). Steps are the Trainer's own, those that a scaler skips included, and so are the losses. The
    record begins with the training and ends with its last step, before the best checkpoint is loaded; it is broken
    where the training ends by an error. A second ``train()``, and one that resumes, have records of their own
    (:class:`szilard.integrations.Attachment`).

    Args:
        probe: name of one of the Trainer's evaluation sets: a key where it was given several, ``"validation"`` where
            it was given one, ``"train"`` for the training set. Or the inputs themselves, as the model takes them. None:
            the one evaluation set; of a language model no given text.
        labels: true labels of a probe that is given itself.
        inputs: elements of the set that are taken, by default 512, and 16 texts of a language model.
        length: tokens of a language model's text that are followed.
        prompt: what its text goes on from: words, tokens, or by default the model's own beginning.
        loss_fn, forward, wrap, out, settings: of :class:`szilard.integrations.Attachment`.

    Raises:
        SpecError: for settings that make no sense.
    """

    def __init__(
        self,
        probe: Any = None,
        *,
        labels: Tensor | None = None,
        inputs: int | None = None,
        length: int = LENGTH,
        prompt: Any = None,
        loss_fn: Callable[[Any, Any], Tensor] | None = None,
        forward: Forward | None = None,
        wrap: Callable[[nn.Module], PPM] | None = None,
        out: str | Path = "runs/latest",
        **settings: Any,
    ) -> None:
        self._attachment = Attachment(
            probe, labels=labels, loss_fn=loss_fn, forward=forward, wrap=wrap, inputs=inputs, out=out, **settings
        )
        self._length, self._prompt = length, prompt
        self._loss: Tensor | float | None = None
        self._listening: Listening | None = None

    @property
    def run(self) -> Run:
        """The record of the latest training.

        Raises:
            SzilardError: before the first one.
        """
        return self._attachment.run

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The training begins: the first record is of the model as it stands."""
        trainer = trainer_of_call()
        check_beside([each._attachment for each in trainer.callback_handler.callbacks if isinstance(each, type(self))])
        self._stop_listening()
        self._loss = None
        model = unwrap(trainer.model)
        watched, measures = self._read(trainer, model)
        self._attachment.begin(
            watched,
            trainer.optimizer,
            sets_of(trainer),
            framework=told_of(trainer, model, self._attachment.probe),
            first_step=state.global_step,
            automatic=False,
            measures=measures,
        )
        self._listening = Listening(trainer)
        self._listening.to("training_step", returned=self._hear, raised=self._end)
        self._listening.to("_run_epoch", raised=self._end)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A training step is done."""
        monitor = self._attachment.monitor
        if monitor is not None:
            loss, self._loss = self._loss, None
            monitor.step(loss)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Training is over when its runtime is told of: what is loaded into the model afterwards is no step."""
        if logs and "train_runtime" in logs:
            self._end()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The training is over."""
        self._end()

    def _hear(self, loss: Any) -> None:
        """The loss of a micro-batch, which is divided already: a step's is the sum."""
        if isinstance(loss, Tensor | float):  # a trainer of one's own may return nothing
            self._loss = loss if self._loss is None else self._loss + loss

    def _end(self, error: BaseException | None = None) -> None:
        self._stop_listening()
        self._attachment.end(error)

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.stop()
            self._listening = None

    def _read(self, trainer: Any, model: nn.Module) -> tuple[Any, list[Any] | None]:
        """The model as what it is, where that is seen, and the measures, where it asks for others than the user."""
        attachment, device = self._attachment, device_of(model)
        measures = told_of_clipping(attachment.settings.get("measures"), (trainer.args.max_grad_norm or 0) > 0)
        said = (attachment.wrap, attachment.forward, attachment.loss_fn)
        if attachment.stands_by(model) or any(each is not None for each in said):
            return model, measures
        if not is_language_model(model):
            name = only_set(trainer) if attachment.probe is None else None
            batch = attachment.take(sets_of(trainer), device, name=name)
            return classifier(model, batch, attachment.labels, trainer.label_names), measures
        ppm = language_model(model, self._length, self._prompt, trainer.processing_class, device)
        if attachment.probe is None:
            return ppm, measures
        batch = attachment.take(sets_of(trainer), device, inputs=_TEXTS)
        named = f"the evaluation set {attachment.probe!r}" if isinstance(attachment.probe, str) else "the probe"
        text = text_of(batch, self._length, named)
        return ppm, [
            dataclasses.replace(each, text=text) if isinstance(each, Ledger) and each.text is None else each
            for each in measures or [_default(attachment.settings)]
        ]


def _default(settings: Mapping[str, Any]) -> Ledger:
    """The ledger that a monitor would make of these settings."""
    return Ledger(**{name: settings[name] for name in ("every", "path_intervals") if name in settings})
