"""One line beside a training loop: what is watched, by which optimiser it moves, and on which inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.errors import ModelError, SpecError, nearest
from szilard.models.classifier import Classifier
from szilard.models.evaluation import unwrap
from szilard.models.ppm import PPM, Enumerable
from szilard.monitor.arguments import measures_of
from szilard.monitor.bystander import Elsewhere
from szilard.monitor.ledger.measure import DEFAULT_PATH_INTERVALS, Ledger
from szilard.monitor.monitor import Monitor
from szilard.monitor.optimizers import those_that_move
from szilard.monitor.ranks import stands_by
from szilard.monitor.reservoir import Reservoir

Forward = Callable[[nn.Module, Any], Any]

_YES_OR_NO = (F.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss, F.multilabel_soft_margin_loss)
_PROBABILITIES = (F.binary_cross_entropy, nn.BCELoss)
_NUMBERS = (
    F.mse_loss, nn.MSELoss, F.l1_loss, nn.L1Loss, F.smooth_l1_loss, nn.SmoothL1Loss, F.huber_loss, nn.HuberLoss,
    F.gaussian_nll_loss, nn.GaussianNLLLoss, F.poisson_nll_loss, nn.PoissonNLLLoss,
)  # fmt: skip


def watch(
    model: nn.Module | PPM,
    optimizer: Any,
    probe: Any = None,
    *,
    labels: Tensor | None = None,
    loss_fn: Callable[[Any, Any], Tensor] | None = None,
    train_data: Any = None,
    batch_size: int | None = None,
    forward: Forward | None = None,
    out: str | Path = "runs/latest",
    **settings: Any,
) -> Monitor:
    """Watches a model train, without a further line in the loop: the optimiser's own steps are counted.

    A record follows a step of the optimiser, so micro-batches do not count, nor do steps that a ``GradScaler`` skips.
    Several optimisers, as a list, make a training step together (:class:`szilard.monitor.step_hooks.StepHooks` says
    when it is complete). The record is closed by ``close()``, at the end of a ``with`` block, or when the program
    ends; until then the optimiser keeps the monitor alive. With ``optimizer=None`` the loop calls ``monitor.step()``.

    Args:
        model: the network in training, which gives logits; or a model that is wrapped in what it is, with its probe:
            ``szilard.Classifier``, ``szilard.Autoregressive``, ``szilard.Flow`` …
        optimizer: whose steps train it; several in a list; or None.
        probe: the inputs on which the network is watched, such as 512 of the test set; none with a wrapped model.
        labels: true labels of the probe: adds accuracy and cross-entropy.
        loss_fn: the loop's loss, from the network's output and labels. It says what outputs mean: one logit an answer
            under ``binary_cross_entropy_with_logits``, and no classes at all under a loss of regression, which is
            refused. With ``train_data`` it adds the reservoir.
        train_data: what the loop draws its batches from (loader, dataset, or inputs and labels): with ``loss_fn``,
            noise and temperature of every layer are measured too (:class:`szilard.Reservoir`).
        batch_size: of the loop, where ``train_data`` do not tell it.
        forward: ``forward(model, inputs) -> logits`` for signatures other than ``model(inputs)``.
        out: directory of the record.
        **settings: of :class:`szilard.Monitor`: ``every``, ``budget``, ``measures``, ``copy_of``, ``weights``,
            ``overwrite`` …

    Returns:
        the monitor: ``monitor.close()`` returns the run, ``monitor.loss(loss)`` records the loss of a step.

    Raises:
        ModelError: if the model cannot be watched on this probe.
        SpecError: if the optimiser does not move the model or its steps cannot be counted, or settings make no sense.
        RecordError: if ``out`` exists and ``overwrite`` is not given, or cannot be written.

    Example:
        >>> import tempfile, torch, szilard
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> inputs, labels = torch.eye(4), torch.tensor([0, 1, 2, 0])
        >>> out = tempfile.mkdtemp() + "/run"
        >>> monitor = szilard.watch(model, optimizer, inputs, labels=labels, out=out, every=5, quiet=True)
        >>> for micro_batch in range(40):
        ...     torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        ...     if micro_batch % 2:
        ...         optimizer.step(); optimizer.zero_grad()
        >>> run = monitor.close()
        >>> run.data.step.values.tolist(), bool(run.data.work[-1] > 0)
        ([0, 5, 10, 15, 20], True)
    """
    _check_order(model, optimizer, probe)
    _check_names(settings)
    if train_data is None and batch_size is not None:
        raise SpecError("batch_size is that of the loop's train_data, and none are given: leave it out.")
    ppm = _watched(model, settings) or _wrapped(model, probe, labels, loss_fn, forward)
    if train_data is not None:
        settings["measures"] = _with_reservoir(settings, loss_fn, train_data, batch_size, forward)
    return _attached(ppm, optimizer, out, automatic=optimizer is not None, **settings)


def attach(
    model: nn.Module | PPM,
    optimizer: Any,
    probe: Any,
    *,
    labels: Tensor | None,
    loss_fn: Callable[[Any, Any], Tensor] | None,
    forward: Forward | None,
    out: Path,
    automatic: bool,
    **settings: Any,
) -> Monitor:
    """As :func:`watch`, for a framework, which may tell of the steps itself though there is an optimiser.

    Of several optimisers, which are all that the framework has, those that move nothing of the model are left out.
    """
    ppm = _watched(model, settings) or _wrapped(model, probe, labels, loss_fn, forward)
    moving = those_that_move(settings.get("copy_of") or ppm.module, optimizer)
    return _attached(ppm, moving, out, automatic=automatic, **settings)


def _attached(ppm: PPM, optimizer: Any, out: str | Path, **settings: Any) -> Monitor:
    monitor = Monitor(ppm, optimizer, out, **settings)
    monitor.say(f"watching {type(ppm.module).__name__} {_understood(ppm)}; the record is {out}.")
    return monitor


def _check_order(model: Any, optimizer: Any, probe: Any) -> None:
    """That the first three arguments stand in their places."""
    if _moves(model) or _moves(probe) or isinstance(optimizer, nn.Module):
        raise SpecError(
            "szilard.watch takes model, optimizer and probe in this order, and an optimiser or a module stands in "
            "another's place: szilard.watch(model, optimizer, probe, …)."
        )


def _moves(given: Any) -> bool:
    """Whether it is an optimiser; a module, whose attributes are its own, may call one of them ``step``."""
    return not isinstance(given, nn.Module) and hasattr(given, "step") and hasattr(given, "zero_grad")


def _check_names(settings: Mapping[str, Any]) -> None:
    """That every further setting is one of the monitor's."""
    known = [name for name in inspect.signature(Monitor).parameters if name not in ("ppm", "optimizer", "automatic")]
    for name in settings:
        if name not in known:
            raise SpecError(f"szilard.watch has no setting {name!r}: {nearest(name, known)}")


def _watched(model: Any, settings: Mapping[str, Any]) -> PPM | None:
    """What stands for the model where another rank watches it: no probe is wrapped, and no forward pass made."""
    module = unwrap(model if isinstance(model, nn.Module) else getattr(model, "module", model))
    if isinstance(module, nn.Module) and stands_by(module, settings.get("ranks", "first")):
        return Elsewhere(module, next(module.parameters()).device)
    return None


def _wrapped(model: Any, probe: Any, labels: Tensor | None, loss_fn: Any, forward: Forward | None) -> PPM:
    """The model as a PPM."""
    if loss_fn is not None and (isinstance(loss_fn, type) or not callable(loss_fn)):
        given = f"the class {loss_fn.__name__}" if isinstance(loss_fn, type) else repr(loss_fn)
        raise SpecError(f"loss_fn must be a function from output and labels to the loss, not {given}.")
    if not isinstance(model, nn.Module) and hasattr(model, "module") and hasattr(model, "device"):
        if probe is not None or labels is not None or forward is not None:
            raise SpecError(
                f"{type(model).__name__} has its probe already: give probe, labels and forward to it, not to "
                "szilard.watch."
            )
        return model
    if probe is None:
        raise SpecError(
            "the inputs on which the model is to be watched are missing: szilard.watch(model, optimizer, probe, …), or "
            "wrap the model in szilard.Autoregressive, szilard.Flow … where it makes samples of its own."
        )
    kind = loss_fn if loss_fn in _YES_OR_NO + _PROBABILITIES + _NUMBERS else type(loss_fn)
    if kind in _NUMBERS:
        raise ModelError(
            f"{_name(kind)} is a loss of regression, so the model's outputs are numbers and no logits of classes: "
            "wrap a model that is a density in szilard.Flow, or give forward=… that makes logits, and no loss_fn."
        )
    if kind in _PROBABILITIES:
        raise ModelError(
            f"{_name(kind)} takes probabilities, and logits are needed: train on them with "
            "binary_cross_entropy_with_logits, or give forward=… that makes logits, and no loss_fn."
        )
    if kind in _YES_OR_NO and forward is None:
        return Classifier(model, probe, labels=_whole(labels), forward=_padded)
    return Classifier(model, probe, labels=labels, forward=forward)


def _understood(ppm: PPM) -> str:
    """How the model is read, so that a misreading is seen at once."""
    if not isinstance(ppm, Enumerable):
        return f"as {type(ppm).__name__}"
    labels = f"{ppm.heads:,} labels of {ppm.outcomes:,} classes each" if ppm.heads > 1 else f"{ppm.outcomes:,} classes"
    return f"as a {type(ppm).__name__.lower()}: {ppm.inputs:,} input{'' if ppm.inputs == 1 else 's'}, {labels}"


def _padded(model: nn.Module, inputs: Any) -> Tensor:
    """One logit an answer, as those of no and yes."""
    from szilard.models.gradients import call, logits_of

    return F.pad(logits_of(call(model, inputs)).unsqueeze(-1), (1, 0))


def _whole(labels: Any) -> Any:
    """Answers as whole numbers, where a loss of yes or no takes them as 0.0 and 1.0."""
    if isinstance(labels, Tensor) and labels.is_floating_point() and bool(((labels == 0) | (labels == 1)).all()):
        return labels.to(torch.int64)
    return labels


def _with_reservoir(
    settings: dict[str, Any], loss_fn: Any, train_data: Any, batch_size: int | None, forward: Forward | None
) -> list[Any]:
    """The measures that were chosen, and the reservoir."""
    if loss_fn is None:
        raise SpecError("train_data are for the noise of their gradients, which needs the loop's loss_fn: give both.")
    intervals = settings.pop("path_intervals", DEFAULT_PATH_INTERVALS)
    measures = measures_of(settings.get("measures"), Ledger(every=settings.get("every"), path_intervals=intervals))
    return [*measures, Reservoir(loss_fn, train_data, batch_size=batch_size, forward=forward)]


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))
