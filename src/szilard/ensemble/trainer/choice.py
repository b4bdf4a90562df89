"""Which strategy takes a model, and why."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import final

import torch
from torch import nn

from szilard.ensemble.trainer.batches import Batches, BatchOrder, Cohort
from szilard.ensemble.trainer.fused import FusedTraining
from szilard.ensemble.trainer.loop import LoopTraining
from szilard.ensemble.trainer.mlp import Layer, layers_of, plain
from szilard.ensemble.trainer.optimizer import StackedOptimizer
from szilard.ensemble.trainer.stack import Build, ModelStack, check_labels, initialise
from szilard.ensemble.trainer.strategy import TrainingStrategy
from szilard.ensemble.trainer.trainer import Trainer
from szilard.ensemble.trainer.vectorised import VectorisedTraining, compiled, gradient_of
from szilard.errors import ModelError, SpecError, SzilardWarning, nearest
from szilard.training.optimizers import SGD
from szilard.training.training import Loss, Training

_REASONS = {
    "randomness error mode": "its forward pass or loss draws random numbers, as dropout does",
    "data-dependent control flow": "its forward pass or loss branches on its data or calls .item()",
}

_COMPILING_PAYS = 200_000
"""Member-steps of a chunk from which compiling is tried: it takes half a minute to a minute where nothing is cached,
and spares 0.1 ms (a batch-normalised perceptron) to 2 ms (a small convolutional network) of each on a CPU."""

STRATEGIES = ("fused", "compiled", "functional", "loop")
"""From the fastest to the one that takes everything."""


def make_trainer(
    build: Build,
    training: Training,
    cohort: Cohort,
    *,
    initialisation_seeds: Sequence[int],
    order_seeds: Sequence[int],
    forward_seeds: Sequence[int],
    loss: Loss | None = None,
    device: str | torch.device = "cpu",
    strategy: str = "auto",
) -> Trainer:
    """Builds all members of a cohort and finds the fastest strategy that can train them.

    Args:
        build: makes one model; called once for each member, with torch's random state set by its seed.
        training: how they are trained; the same for all.
        cohort: what each is trained on.
        initialisation_seeds, order_seeds, forward_seeds: of each member's parameters, batches, and of what its forward
            pass draws (and Langevin noise). A run depends on these alone, not on which members sit beside it.
        loss: from a batch's logits and labels to one number, for one member; None takes the one of ``training``.
        device: where they train.
        strategy: ``"auto"``, or one of :data:`STRATEGIES`, which is refused where it cannot take the model.

    Raises:
        SpecError: if the numbers of seeds and members differ, or a strategy does not exist or does not fit, or a
            label is no outcome of the model's where the loss is the mean cross-entropy.
        ModelError: if the model cannot be trained at all, or has several heads and no loss of its own.

    Warns:
        SzilardWarning: where members must be trained one by one.
    """
    if strategy not in ("auto", *STRATEGIES):
        raise SpecError(f"there is no strategy {strategy!r}: {nearest(strategy, ('auto', *STRATEGIES))}")
    for name, seeds in (
        ("initialisation_seeds", initialisation_seeds),
        ("order_seeds", order_seeds),
        ("forward_seeds", forward_seeds),
    ):
        if len(seeds) != cohort.members:
            raise SpecError(f"{len(seeds)} {name} for {cohort.members} members: give one for each.")
    place = torch.device(device)
    stack = ModelStack(initialise(build, initialisation_seeds), place)
    order = BatchOrder(cohort.size, training.batch_size, training.shuffle, order_seeds)
    batches = Batches(cohort.to(place), order)
    if loss is None and training.loss is None:
        check_labels(stack, batches.at(0)[0][0], cohort)
    optimizer = StackedOptimizer(training, stack.parameters, forward_seeds)
    choice = _StrategyChoice(stack, batches, optimizer, training, loss, forward_seeds)
    taken, why = choice.best() if strategy == "auto" else choice.wanted(strategy)
    return Trainer(taken, why, cohort.members)


@final
class _StrategyChoice:
    """Tries strategies on a stack of members."""

    def __init__(
        self,
        stack: ModelStack,
        batches: Batches,
        optimizer: StackedOptimizer,
        training: Training,
        loss: Loss | None,
        forward_seeds: Sequence[int],
    ) -> None:
        self._parts = (stack, batches, optimizer)
        self._training = training
        self._usual = loss is None and training.loss is None
        criterion = training.criterion() if loss is None else loss
        self._loss = criterion.to(_device(stack)) if isinstance(criterion, nn.Module) else criterion
        self._forward_seeds = forward_seeds

    def best(self) -> tuple[TrainingStrategy, str]:
        """The fastest that takes the model."""
        layers = self._layers()
        if not isinstance(layers, str):
            return self._fused(layers), "the model is a plain perceptron."
        refusal = self._vmap_refuses()
        if refusal is None:
            return self._by_vmap(f"vmap takes the model, which is no plain perceptron: {layers}")
        warnings.warn(
            f"members are trained one by one, which is slow, because vmap cannot take the model ({refusal}).",
            SzilardWarning,
            stacklevel=4,
        )
        return self._loop(), f"vmap cannot take the model ({refusal})."

    def wanted(self, strategy: str) -> tuple[TrainingStrategy, str]:
        """The one that was asked for."""
        why = "it was asked for."
        if strategy == "loop":
            return self._loop(), why
        refusal = self._vmap_refuses() if strategy != "fused" else None
        if strategy == "fused":
            layers = self._layers()
            if not isinstance(layers, str):
                return self._fused(layers), why
            refusal = layers
        if refusal is not None:
            raise SpecError(f"the {strategy} strategy cannot take this model ({refusal}): ask for 'auto'.")
        return self._functional(strategy == "compiled"), why

    def _by_vmap(self, why: str) -> tuple[TrainingStrategy, str]:
        stack, batches, _ = self._parts
        if self._training.steps * len(stack.models) < _COMPILING_PAYS:
            return self._functional(), f"{why}; the run is too short for compiling to pay."
        strategy = self._functional(compiles=True)
        try:
            strategy.try_on(*batches.at(0))
        except Exception as error:
            return self._functional(), f"{why}; torch.compile failed ({type(error).__name__})."
        return strategy, f"{why}; the run is long enough for compiling to pay."

    def _layers(self) -> list[Layer] | str:
        model = self._parts[0].skeleton
        if not self._usual:
            return "the loss is not the plain cross-entropy"
        labels = self._parts[1].at(0)[1]
        if labels.ndim != 2 or labels.dtype != torch.int64:
            return "the labels are not one whole number for each example"
        layers = layers_of(model)
        return layers if isinstance(layers, str) else plain(model) or layers

    def _vmap_refuses(self) -> str | None:
        """The reason, from a step of gradients on copies; None where vmap takes the model.

        Raises:
            ModelError: if the model cannot be trained without vmap either.
        """
        try:
            self._functional().try_on(*self._parts[1].at(0))
        except Exception as error:
            self._try_alone()
            return _reason(error)
        return None

    def _try_alone(self) -> None:
        inputs, labels = (each[0] for each in self._parts[1].at(0))
        model = copy.deepcopy(self._parts[0].skeleton)
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            try:
                self._loss(model(inputs), labels).backward()
            except Exception as error:
                raise ModelError(
                    f"the model and its loss fail on one batch of inputs {tuple(inputs.shape)} and labels"
                    f" {tuple(labels.shape)} ({error}): let the model take such inputs, and the loss give one number."
                ) from error

    def _fused(self, layers: list[Layer]) -> TrainingStrategy:
        self._try_alone()
        optimizer = self._training.optimizer
        folds = (
            isinstance(optimizer, SGD)
            and not optimizer.momentum
            and not optimizer.noise
            and self._training.clip_norm is None
        )
        decay = optimizer.weight_decay if folds else 0.0
        return FusedTraining(*self._parts, layers, folds, decay, self._training.batch_size)

    def _functional(self, compiles: bool = False) -> VectorisedTraining:
        gradient = gradient_of(self._parts[0].skeleton, self._loss)
        if not compiles:
            return VectorisedTraining(*self._parts, gradient, "functional")
        return VectorisedTraining(*self._parts, compiled(gradient), "compiled")

    def _loop(self) -> TrainingStrategy:
        return LoopTraining(*self._parts, self._loss, self._forward_seeds)


def _reason(error: Exception) -> str:
    """Why ``vmap`` refused, in a clause."""
    message = (str(error).strip() or type(error).__name__).splitlines()[0]
    for part, reason in _REASONS.items():
        if part in message:
            return reason
    return message.split(". ")[0].rstrip(".")


def _device(stack: ModelStack) -> torch.device:
    return next(iter(stack.parameters.values())).device
