"""What is checked once, before a run is watched: that the probe fits, and that outputs are logits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from szilard.errors import ModelError
from szilard.models.sharding import check_all_here, compute_device


def check_same_device(module: nn.Module, probe: Sequence[Tensor]) -> torch.device:
    """The device of model and probe.

    Raises:
        ModelError: if the model has no parameters, or uninitialised ones, or the probe lies elsewhere than the first;
            or if the model lies in parts on several ranks that are not all here.
    """
    first = next(chain(module.parameters(), module.buffers()), None)
    if first is None:
        raise ModelError("the model has no parameters, so nothing can be learned: give the network that is trained.")
    if any(is_lazy(tensor) for tensor in chain(module.parameters(), module.buffers())):
        raise ModelError(
            "the model has parameters that are not initialised yet, and watching must not be what does it: "
            "run one batch through the model first."
        )
    if first.is_meta:
        raise ModelError("the model is on the meta device, which holds no numbers: load its weights first.")
    if first.device.type == "mps":
        raise ModelError("MPS has no float64, which the sums need: watch on the CPU or on CUDA.")
    device = compute_device(first)
    for tensor in probe:
        if tensor.device != device:
            raise ModelError(
                f"the probe is on {tensor.device} and the model on {device}: "
                f"move the probe there once, with inputs.to({str(device)!r})."
            )
    check_all_here(module)
    return device


def check_logits(output: Any, count: int) -> None:
    """That ``output`` is one row of logits per input.

    Raises:
        ModelError: naming what it is instead and how to mend it.
    """
    if not isinstance(output, Tensor) or not output.is_floating_point():
        what = f"a {output.dtype} tensor" if isinstance(output, Tensor) else type(output).__name__
        raise ModelError(
            f"the model's output is {what}, not floating-point logits: "
            "pick them out with forward=lambda model, inputs: model(inputs)[…]."
        )
    if output.dim() < 2 or output.shape[0] != count:
        raise ModelError(
            f"the model's output has shape {tuple(output.shape)} for {count} inputs, not (inputs, …, outcomes): "
            "reshape it with forward=…"
        )
    if output.shape[-1] < 2:
        raise ModelError(
            "the model gives one number per input, and one outcome carries no information: for a binary classifier "
            "with one logit, forward=lambda model, inputs: torch.nn.functional.pad(model(inputs), (1, 0))."
        )
    if not are_logits(output):
        raise ModelError("the model's logits are not finite on the probe: look for NaN or Inf in weights and inputs.")
    if bool((output >= 0).all()) and torch.allclose(output.sum(-1), torch.ones_like(output[..., 0]), atol=1e-3):
        raise ModelError(
            "the model's output looks like probabilities (rows are non-negative and sum to 1), not logits: return what "
            "goes into the softmax, or forward=lambda model, inputs: model(inputs).log()."
        )


def check_separate(logits: Tensor, among_others: Tensor, near: Tensor | float) -> None:
    """That the logits of some inputs are the same whatever inputs are evaluated beside them.

    Args:
        logits: of these inputs.
        among_others: of the same inputs beside others.
        near: how much they may differ.

    Raises:
        ModelError: if they are not, so that the model says nothing of an input by itself.
    """
    if bool(((possible(logits) - possible(among_others)).abs() > near).any()):
        raise ModelError(
            "the logits of an input depend on the inputs that are evaluated beside it, so that the model says nothing "
            "of one by itself: let batch normalisation keep running statistics (track_running_stats=True), or give "
            "forward=… that evaluates inputs one by one."
        )


def are_logits(values: Tensor) -> bool:
    """Whether every row is finite, but for −∞ (probability 0: masked classes) at some outcomes and not at all."""
    allowed = bool((torch.isfinite(values) | torch.isneginf(values)).all())
    return allowed and bool((values.amax(-1) > -torch.inf).all())


def possible(logits: Tensor) -> Tensor:
    """Logits to be compared: what is impossible, −∞, as 0."""
    return torch.nan_to_num(logits, nan=torch.nan, posinf=torch.inf, neginf=0.0)


def explain(error: BaseException) -> str:
    """The first line of an error, to quote inside one's own."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return first.rstrip(".")
