"""Lightning's callback: ``Trainer(callbacks=[LightningCallback("validation")])``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.integrations.attachment import Attachment
from szilard.integrations.clipping import told_of_clipping
from szilard.integrations.evaluation_sets import EvaluationSet, EvaluationSets
from szilard.integrations.wiring import check_beside
from szilard.models.ppm import PPM
from szilard.models.state.random_state import RandomState
from szilard.monitor.watching import Forward

if TYPE_CHECKING:
    from szilard.handle import Run


def _framework() -> Any:
    """The package that the program has: Lightning is published under two names, each with classes of its own."""
    if "lightning.pytorch" not in sys.modules and "pytorch_lightning" in sys.modules:
        return sys.modules["pytorch_lightning"]
    try:
        import lightning.pytorch as framework
    except ModuleNotFoundError as missing:
        if missing.name != "lightning":
            raise
        raise SpecError(
            "the callback LightningCallback needs Lightning, which is not installed: pip install lightning."
        ) from None
    return framework


_LIGHTNING = _framework()
_Callback: Any = _LIGHTNING.Callback


@final
class LightningCallback(_Callback):
    """Watches what a Lightning ``Trainer`` trains, under automatic and under manual optimisation.

    Records are made when an optimiser has stepped, wherever the module calls it, so accumulated batches are none, nor
    are steps that a scaler leaves out. Evaluation loops in between and at the beginning are not watched. The loss is
    that of ``training_step``, before Lightning divides it by the accumulation; under manual optimisation it is what
    ``manual_backward`` was called on, where there is one optimiser, and none where there are several. The gradient that
    other measures look at is the one that the optimiser steps with: after clipping.

    Each ``trainer.fit`` has a record of its own. One that goes on from a checkpoint begins at Lightning's own
    ``global_step`` (:class:`szilard.integrations.Attachment` says where it is written).

    Args:
        probe: the name of an evaluation set, whose first ``inputs`` elements are taken as validation would take them:
            ``"validation"``, or ``"train"``; of several, their keys, or ``"dataloader_idx_0"`` … as Lightning has it.
            Or the inputs themselves. None: ``"validation"``.
        labels: true labels of a probe that is given itself.
        loss_fn: what outputs mean, as for :func:`szilard.watch`.
        forward: ``forward(module, inputs) -> logits``, where it is not ``module(inputs)``.
        wrap: ``wrap(module) -> PPM`` for what is no classifier, or to watch a part of the module:
            ``lambda module: szilard.Classifier(module.student, inputs)``. Optimisers that do not move it are left out.
        inputs: elements of a named evaluation set that make the probe; None: 512.
        out: directory of the record.
        **settings: of :class:`szilard.Monitor`: ``every``, ``budget``, ``measures``, ``loggers``, ``overwrite`` …

    Raises:
        SpecError: if settings make no sense; as training begins, if the callback is there twice or the set is not.
        ModelError: as training begins, if the module cannot be watched on this probe.
        RecordError: as training begins, if ``out`` exists and ``overwrite`` is not given, or cannot be written.
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
        if probe is None and wrap is None:
            probe = "validation"
        self.attachment = Attachment(
            probe, labels=labels, loss_fn=loss_fn, forward=forward, wrap=wrap, inputs=inputs, out=out, **settings
        )
        self._factor: Callable[[], float | Tensor | None] | None = None

    @property
    def run(self) -> Run:
        """The record of the latest ``fit``.

        Raises:
            SzilardError: before the first one.
        """
        return self.attachment.run

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Modules, optimisers and what a checkpoint held are in their places: the first record."""
        check_beside([each.attachment for each in trainer.callbacks if isinstance(each, LightningCallback)])
        optimizers = _optimizers(trainer)
        self._factor = _factor(trainer, pl_module, len(optimizers))
        self.attachment.begin(
            pl_module,
            optimizers,
            _evaluation_sets(trainer),
            framework=_described(trainer, pl_module, told=self._factor is not None),
            first_step=_first_step(trainer, pl_module, len(optimizers)),
            measures=told_of_clipping(
                self.attachment.settings.get("measures"),
                True if trainer.gradient_clip_val else None,
            ),
            prepare=trainer.precision_plugin.convert_input,
        )

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Tensor) -> None:
        """The loss of the step, or of one of its accumulated batches."""
        if self._factor is not None:
            factor = self._factor()
            self.attachment.loss(loss if factor is None else loss.detach() * factor)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The record is closed."""
        self.attachment.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """The record ends as what the error makes of it."""
        self.attachment.end(exception)


def _optimizers(trainer: Any) -> list[Any]:
    optimizers = [each for each in trainer.optimizers if type(each).__name__ != "_MockOptimizer"]
    if not optimizers:
        raise SpecError(
            "configure_optimizers gave Lightning no optimiser, so there are no steps to count: return the ones that "
            "train the module from it, or call szilard.watch(module, optimizer, probe) where yours is made."
        )
    return optimizers


def _first_step(trainer: Any, module: Any, optimizers: int) -> int:
    """Steps done before, as Lightning counts them: under manual optimisation it adds up those of all optimisers."""
    if module.automatic_optimization:
        return int(trainer.global_step)
    batches = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", 0)
    return int(trainer.global_step) // optimizers or int(batches)


def _factor(trainer: Any, module: Any, optimizers: int) -> Callable[[], float | Tensor | None] | None:
    """By what to multiply the loss that is about to be propagated; None where it is no loss of the step."""
    if optimizers > 1:
        return None
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    one = torch.ones((), device=module.device)

    def factor() -> float | Tensor | None:
        batches = trainer.accumulate_grad_batches  # which callbacks change from epoch to epoch
        if scaler is None:
            return None if batches == 1 else batches
        return batches / scaler.scale(one)  # on the device, which is not waited for

    return factor


def _described(trainer: Any, module: Any, *, told: bool) -> dict[str, Any]:
    """For the record: what Lightning was asked to do, and what loss and gradient are."""
    automatic = bool(module.automatic_optimization)
    loss = "of training_step, not divided by the accumulation" if automatic else "what manual_backward was called on"
    return {
        "name": "lightning",
        "version": str(_LIGHTNING.__version__),
        "optimization": "automatic" if automatic else "manual",
        "precision": str(trainer.precision),
        "accumulation": int(trainer.accumulate_grad_batches),
        "clipping": trainer.gradient_clip_val or None,
        "loss": loss if told else "none, since there are several optimisers",
        "gradient": f"as the optimiser gets it: accumulated, unscaled, {_clipping(trainer, module)}",
    }


def _clipping(trainer: Any, module: Any) -> str:
    """Of the gradient that an optimiser steps with, which is not that of ``on_before_optimizer_step``."""
    if not module.automatic_optimization:
        return "clipped where the module does so"
    if type(module).configure_gradient_clipping is not _LIGHTNING.LightningModule.configure_gradient_clipping:
        return "clipped as the module's configure_gradient_clipping does"
    if not trainer.gradient_clip_val:
        return "not clipped"
    by = "at values of" if trainer.gradient_clip_algorithm == "value" else "to a norm of"
    return f"clipped {by} {float(trainer.gradient_clip_val):g}"


def _evaluation_sets(trainer: Any) -> EvaluationSets:
    """The loaders that Lightning has, by name, with batches as validation makes them."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    loaders = trainer.val_dataloaders
    if loaders is None and loop._data_source.is_defined():  # it is asked for them later, where epochs have none
        before = RandomState.now(trainer.strategy.root_device)
        loaders = loop._data_source.dataloader()
        before.put_back(trainer.strategy.root_device)
    named = {"train": trainer.train_dataloader, **_named(loaders)}
    return EvaluationSets(
        {name: _batches(trainer, each, number) for number, (name, each) in enumerate(named.items(), start=-1)},
        aliases={"val": "validation", "valid": "validation", "training": "train"},
    )


def _named(loaders: Any) -> Mapping[str, Any]:
    if isinstance(loaders, Mapping):
        return {str(name): each for name, each in loaders.items()}
    if isinstance(loaders, Iterable) and not hasattr(loaders, "dataset"):
        several = list(loaders)
        if len(several) > 1:
            return {f"dataloader_idx_{number}": each for number, each in enumerate(several)}
        loaders = several[0] if several else None
    return {"validation": loaders}


def _batches(trainer: Any, loader: Any, number: int) -> EvaluationSet | None:
    """A loader whose batches go the way of those of validation, hooks of the module's included."""
    if loader is None:
        return None
    given = EvaluationSet.of(loader)

    def collate(elements: list[Any]) -> Any:
        batch = trainer.precision_plugin.convert_input(given.collate(elements))
        trainer.validating = True
        try:
            batch = trainer.lightning_module._on_before_batch_transfer(batch, dataloader_idx=max(number, 0))
            return trainer.strategy.batch_to_device(batch, dataloader_idx=max(number, 0))
        finally:
            trainer.training = True

    return EvaluationSet(given.elements, collate, given.sampler)
