"""Evaluating a model without leaving a trace: flags, random states, gradients and autocast as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import nn


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
def undisturbed(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode for the time of a block, after which nothing about the run has changed, to the bit.

    Training flags are set one by one, because ``train()`` may be overridden; random states of torch (CPU and the
    module's CUDA device), NumPy and Python are put back, and buffers that the evaluation changed; gradients and
    autocast are off; ``torch.compile``d parts run eagerly. ``no_grad``, not ``inference_mode``: what a model caches in
    its forward must remain usable in training.
    """
    training = [part for part in module.modules() if part.training]
    cpu_state = torch.get_rng_state()
    cuda_state = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    numpy_state = np.random.get_state()  # noqa: NPY002 - the run's global state is what must be preserved
    python_state = random.getstate()
    try:
        for part in training:
            part.training = False
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            for kind in {"cpu", device.type} & {"cpu", "cuda", "xpu", "mps"}:
                stack.enter_context(torch.autocast(kind, enabled=False))
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(_same_buffers(module))
            yield
    finally:
        for part in training:
            part.training = True
        torch.set_rng_state(cpu_state)
        if cuda_state is not None:
            torch.cuda.set_rng_state(cuda_state, device)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
