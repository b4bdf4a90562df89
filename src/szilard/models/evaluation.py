"""Evaluating a model, or differentiating it, without leaving a trace: flags, random states, θ, buffers as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import stateless

from szilard.models.interrupts import uninterrupted

ModelState = Mapping[str, Tensor]
"""Parameters and buffers by name."""

_SEEDS = 2**62


def unwrap(model: nn.Module) -> nn.Module:
    """The module beneath ``torch.compile`` and data-parallel wrappers: the same parameters, without their machinery.

    A compiled model would be recompiled for the probe's shape; a data-parallel one would synchronise.
    """
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


@final
@dataclass(frozen=True, slots=True)
class RandomState:
    """The global random states: torch's (CPU, and the CUDA device in use), NumPy's and Python's."""

    cpu: torch.Tensor
    cuda: torch.Tensor | None
    numpy: Any
    python: Any

    @classmethod
    def now(cls, device: torch.device) -> RandomState:
        """The global random states as they stand, the device's in use included."""
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(torch.get_rng_state(), cuda, np.random.get_state(), random.getstate())  # noqa: NPY002 - the run's

    @classmethod
    def seeded(cls, device: torch.device, seed: int) -> RandomState:
        """What ``seed`` makes of all of them, without touching any."""
        cuda = torch.Generator(device).manual_seed(seed).get_state() if device.type == "cuda" else None
        numpy = np.random.RandomState(seed % 2**32).get_state()
        return cls(torch.Generator().manual_seed(seed).get_state(), cuda, numpy, random.Random(seed).getstate())

    def put_back(self, device: torch.device) -> None:
        """Makes these the global random states again."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda, device)
        np.random.set_state(self.numpy)  # noqa: NPY002
        random.setstate(self.python)


@final
@dataclass(slots=True)
class RandomStream:
    """Random states of one's own, that go on where they were left."""

    state: RandomState


@contextmanager
def _same_buffers(module: nn.Module) -> Iterator[None]:
    """Puts back buffers that are changed in evaluation too, as by observers for quantisation; in place or replaced."""
    before = [
        (part, name, buffer, buffer.clone(), buffer._version)
        for part in module.modules()
        for name, buffer in part._buffers.items()
        if buffer is not None and not buffer.is_inference()
    ]
    try:
        yield
    finally:
        for part, name, buffer, values, version in before:
            if buffer._version != version:
                buffer.copy_(values)
            part._buffers[name] = buffer


@contextmanager
def _own_buffers(module: nn.Module) -> Iterator[None]:
    """Copies in place of buffers: training mode changes them, batch-norm's without a mark on their version."""
    before = [
        (part, name, buffer)
        for part in module.modules()
        for name, buffer in part._buffers.items()
        if buffer is not None
    ]
    for part, name, buffer in before:
        part._buffers[name] = buffer.clone()
    try:
        yield
    finally:
        for part, name, buffer in before:
            part._buffers[name] = buffer


@contextmanager
def undisturbed(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode for the time of a block, after which nothing about the run has changed, to the bit.

    Training flags are set one by one, because ``train()`` may be overridden; random states of torch (CPU and the
    module's CUDA device), NumPy and Python are put back, and buffers that the evaluation changed; gradients and
    autocast are off; ``torch.compile``d parts run eagerly. ``no_grad``, not ``inference_mode``: what a model caches in
    its forward must remain usable in training.
    """
    with uninterrupted():
        training = [part for part in module.modules() if part.training]
        before = RandomState.now(device)
        try:
            for part in training:
                part.training = False
            with ExitStack() as stack:
                stack.enter_context(torch.no_grad())
                _plainly(stack, device)
                stack.enter_context(_same_buffers(module))
                yield
        finally:
            for part in training:
                part.training = True
            before.put_back(device)


@contextmanager
def apart(module: nn.Module, device: torch.device, stream: RandomStream) -> Iterator[None]:
    """The model as it trains, beside its training: for gradients of one's own, after which nothing has changed.

    Training flags stay, so that dropout and batch-norm act as in the loop; random numbers come from ``stream``, which
    goes on from block to block; buffers are copies for the time of the block; gradients are on, autocast is off,
    compiled parts run eagerly.
    """
    with uninterrupted():
        before = RandomState.now(device)
        stream.state.put_back(device)
        try:
            with ExitStack() as stack:
                stack.enter_context(torch.enable_grad())
                _plainly(stack, device)
                stack.enter_context(_own_buffers(module))
                yield
        finally:
            stream.state = RandomState.now(device)
            before.put_back(device)


def _plainly(stack: ExitStack, device: torch.device) -> None:
    """Autocast off, compiled parts eager."""
    for kind in {"cpu", device.type} & {"cpu", "cuda", "xpu", "mps"}:
        stack.enter_context(torch.autocast(kind, enabled=False))
    stack.enter_context(torch.compiler.set_stance("force_eager"))


@contextmanager
def seeded_by(generator: torch.Generator, device: torch.device) -> Iterator[None]:
    """For the time of a block the global random states are what the generator's next number makes of them."""
    seed = int(torch.randint(_SEEDS, (1,), generator=generator, device=generator.device))
    before = RandomState.now(device)
    RandomState.seeded(device, seed).put_back(device)
    try:
        yield
    finally:
        before.put_back(device)


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
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach().clone() for name, tensor in named.items()}


@contextmanager
def held_at(module: nn.Module, state: ModelState) -> Iterator[None]:
    """The module with the parameters and buffers of ``state``; its own come back to the bit, for none is written to.

    Args:
        module: of a PPM.
        state: from :func:`state_of` of the same module.
    """
    with stateless._reparametrize_module(module, dict(state), tie_weights=True):
        yield
