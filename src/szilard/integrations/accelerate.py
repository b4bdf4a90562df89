"""Loops of one's own that Accelerate carries: a line after ``accelerator.prepare``."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import accelerate
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.integrations.attachment import Attachment
from szilard.integrations.evaluation_sets import EvaluationSets
from szilard.integrations.listening import Listening
from szilard.models.evaluation import unwrap

if TYPE_CHECKING:
    from szilard.models.ppm import PPM
    from szilard.monitor.monitor import Monitor
    from szilard.monitor.watching import Forward

_PROBE = "probe"


def watch_accelerate(
    accelerator: Any,
    model: nn.Module,
    optimizer: Any,
    probe: Any = None,
    *,
    labels: Tensor | None = None,
    loss_fn: Callable[[Any, Any], Tensor] | None = None,
    forward: Forward | None = None,
    wrap: Callable[[nn.Module], PPM] | None = None,
    inputs: int | None = None,
    out: str | Path = "runs/latest",
    first_step: int = 0,
    **settings: Any,
) -> Monitor:
    """Watches what a loop trains through Accelerate, after ``prepare``, and after ``load_state`` where it resumes.

    A record follows a step that moves the parameters: ``optimizer.step()`` within an accumulation is none, nor is one
    that the scaler leaves out. Model and optimisers are unwrapped; the probe is evaluated in the model's own precision,
    without Accelerate's autocast. The loss is what ``accelerator.backward`` is called on, as a mean over micro-batches,
    where the accelerator has one model; elsewhere ``monitor.loss(loss)`` tells it. The record is closed by
    ``accelerator.end_training()`` too.

    Args:
        accelerator: the loop's.
        model: that ``prepare`` gave back.
        optimizer: that ``prepare`` gave back; several in a list.
        probe: the loader of an evaluation set, prepared or not, of which the first ``inputs`` elements are taken, with
            their labels; or the inputs themselves.
        labels: true labels of a probe that is given itself.
        loss_fn, forward, wrap, inputs, out, settings: of :class:`szilard.integrations.Attachment`.
        first_step: steps done before, where the loop resumes.

    Returns:
        the monitor, as :func:`szilard.watch` does.

    Raises:
        ModelError, SpecError, RecordError: as :func:`szilard.watch`.
    """
    if not isinstance(accelerator, accelerate.Accelerator):
        raise SpecError(
            f"the first argument is the loop's Accelerator, not {type(accelerator).__name__}: "
            "watch_accelerate(accelerator, model, optimizer, probe)."
        )
    loader = hasattr(probe, "dataset")
    if loader and forward is None:
        _refuse_text(unwrap(model))
    attachment = Attachment(
        _PROBE if loader else probe,
        labels=labels,
        loss_fn=loss_fn,
        forward=forward,
        wrap=wrap,
        inputs=inputs,
        out=out,
        **settings,
    )
    told = len(accelerator._models) < 2
    framework = _described(accelerator, told)
    monitor = attachment.begin(
        model,
        optimizer,
        EvaluationSets({_PROBE: probe}) if loader else None,
        framework=framework,
        first_step=first_step,
    )
    _listen(accelerator, monitor, framework, told)
    return monitor


def _refuse_text(model: nn.Module) -> None:
    """That a loader is no probe of a language model, whose labels are its inputs and stand one place further on.

    Raises:
        SpecError: for a language model of transformers.
    """
    if "transformers" not in sys.modules:
        return
    from szilard.integrations.transformers_models import is_language_model

    if is_language_model(model):
        raise SpecError(
            f"{type(model).__name__} is a language model, which is watched on text of its own and not on a loader: "
            "give wrap=lambda model: szilard.Autoregressive(model, length=32) and no probe."
        )


def _described(accelerator: Any, told: bool) -> dict[str, Any]:
    """For the record: what the accelerator was asked to do, and what loss and gradient are."""
    return {
        "name": "accelerate",
        "version": accelerate.__version__,
        "accumulation": accelerator.gradient_accumulation_steps,
        "precision": str(accelerator.mixed_precision),
        "gradient": "as the optimiser gets it: accumulated and unscaled, clipped where the loop clips",
        "loss": "what backward is called on, not divided by the accumulation" if told else "as the loop tells it",
    }


def _listen(accelerator: Any, monitor: Monitor, framework: dict[str, Any], told: bool) -> None:
    """Hears the losses, at which norm gradients are clipped, and the end, as long as the monitor is open."""
    listening, watching = Listening(accelerator), weakref.ref(monitor)

    def still() -> Monitor | None:
        found = watching()
        if found is None or found.closed:
            listening.stop()
            return None
        return found

    def backward(loss: Tensor, *args: Any, **kwargs: Any) -> None:
        if (found := still()) is not None:
            found.loss(loss.detach())

    def clipped(parameters: Any, max_norm: float, *args: Any, **kwargs: Any) -> None:
        measured_only = math.isinf(max_norm)
        if not measured_only and "clipping" not in framework and (found := still()) is not None:
            framework["clipping"] = float(max_norm)
            found.annotate(framework=framework)

    def ended(*args: Any, **kwargs: Any) -> None:
        if (found := still()) is not None:
            found.end()
        listening.stop()

    if told:
        listening.to("backward", given=backward)
    listening.to("clip_grad_norm_", given=clipped)
    listening.to("end_training", given=ended)
