"""Evaluating a model, or differentiating it, without leaving a trace: flags, random states, θ, buffers as they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from szilard.models.state.interrupts import uninterrupted
from szilard.models.state.keeping import as_at_first, kept
from szilard.models.state.random_state import RandomState, RandomStream
from szilard.models.state.substitution import substituted

ModelState = Mapping[str, Tensor]
"""Parameters and buffers by name."""
_FABRIC = "lightning.fabric.wrappers", "lightning_fabric.wrappers"


def unwrap(model: nn.Module) -> nn.Module:
    """The module beneath ``torch.compile``, data-parallel wrappers and Fabric's: the same parameters, bare.

    A compiled model would be recompiled for the probe's shape; a data-parallel one would synchronise; Fabric's would
    switch on autocast.
    """
    fabric = tuple(sys.modules[name]._FabricModule for name in _FABRIC if name in sys.modules)
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel, *fabric)):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


@contextmanager
def undisturbed(module: nn.Module, device: torch.device, *beside: Any) -> Iterator[None]:
    """Evaluation mode for the time of a block, after which nothing about the run has changed, to the bit.

    Training flags are set one by one, because ``train()`` may be overridden; random states of torch (CPU and the
    module's CUDA device), NumPy and Python are put back, and whatever else the evaluation changed
    (:func:`szilard.models.state.keeping.kept`); gradients and autocast are off; ``torch.compile``d parts run eagerly,
    and ``parametrize.cached`` holds nothing. ``no_grad``, not ``inference_mode``: what a model caches in its forward
    must remain usable in training. Signals wait until the block has ended.

    Raises:
        ModelError: after the block, if a layer took its first values from the probe, or something cannot be put back.
    """
    with uninterrupted():
        training = [part for part in module.modules() if part.training]
        before = RandomState.now(device)
        try:
            _set_training(training, False)
            with ExitStack() as stack:
                stack.enter_context(torch.no_grad())
                _plainly(stack, module, device)
                stack.enter_context(kept(module, "evaluation", *beside))
                yield
        finally:
            _set_training(training, True)
            before.put_back(device)


def _set_training(parts: list[nn.Module], mode: bool) -> None:
    for part in parts:
        if "training" in part.__dict__:  # past the module's own __setattr__, which takes twenty times as long
            part.__dict__["training"] = mode
        else:
            part.training = mode


@contextmanager
def apart(module: nn.Module, device: torch.device, stream: RandomStream, *beside: Any) -> Iterator[None]:
    """The model as it trains, beside its training: for gradients of one's own, after which nothing has changed.

    Training flags stay, so that dropout and batch-norm act as in the loop; random numbers come from ``stream``, which
    goes on from block to block; gradients are on, autocast is off, compiled parts run eagerly, and
    ``parametrize.cached`` holds nothing. What the passes changed is put back, in the module and in what is ``beside``
    it: a loss may have a memory. Signals wait until the block has ended.

    Raises:
        ModelError: after the block, as :func:`undisturbed`.
    """
    with uninterrupted():
        before = RandomState.now(device)
        stream.state.put_back(device)
        try:
            with ExitStack() as stack:
                stack.enter_context(torch.enable_grad())
                _plainly(stack, module, device)
                stack.enter_context(kept(module, "training", *beside))
                yield
        finally:
            stream.state = RandomState.now(device)
            before.put_back(device)


def _plainly(stack: ExitStack, module: nn.Module, device: torch.device) -> None:
    """Autocast off, compiled parts eager, parametrised weights computed anew."""
    stack.enter_context(_nothing_cached())
    stack.enter_context(_own_forward(module))
    for kind in {"cpu", device.type} & {"cpu", "cuda", "xpu", "mps"}:
        if torch.is_autocast_enabled(kind):
            stack.enter_context(torch.autocast(kind, enabled=False))
    stack.enter_context(torch.compiler.set_stance("force_eager"))


@contextmanager
def _own_forward(module: nn.Module) -> Iterator[None]:
    """Without the autocast that Accelerate, and so transformers' Trainer, puts into the module's own ``forward``."""
    attributes = vars(module)
    plain, prepared = attributes.get("_original_forward"), attributes.get("forward")
    if plain is None or prepared is None:
        yield
        return
    attributes["forward"] = plain
    try:
        yield
    finally:
        attributes["forward"] = prepared


@contextmanager
def _nothing_cached() -> Iterator[None]:
    """What a loop's ``parametrize.cached()`` holds are the weights of before its step."""
    before = parametrize._cache_enabled, parametrize._cache
    parametrize._cache_enabled, parametrize._cache = 0, {}
    try:
        yield
    finally:
        parametrize._cache_enabled, parametrize._cache = before


@contextmanager
def any_algorithm() -> Iterator[None]:
    """Lifts ``torch.use_deterministic_algorithms`` for a block, in which the monitor makes sums of its own.

    PyTorch then refuses running sums on a GPU, where they have no deterministic algorithm. The model is still evaluated
    by deterministic ones; what the monitor sums does not enter the training.
    """
    demanded = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    if not demanded:
        yield
        return
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=only_warns)


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """A copy of θ as it stands: all parameters and buffers by name. This is a copy of the model, in memory too."""
    as_at_first(module)
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach().clone() for name, tensor in named.items()}


@contextmanager
def held_at(module: nn.Module, state: ModelState) -> Iterator[None]:
    """The module with the parameters and buffers of ``state``, which stay as they are; its own are back afterwards.

    Args:
        module: of a PPM.
        state: from :func:`state_of` of the same module.
    """
    as_at_first(module)
    with substituted(module, state), kept(module, "evaluation"):
        yield
