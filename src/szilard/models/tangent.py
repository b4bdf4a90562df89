"""How the logits move to first order along an update of θ, for the Fisher quadratic form below the precision floor."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.utils import stateless

from szilard.errors import ModelError
from szilard.models.ppm import Enumerable

State = Mapping[str, Tensor]

_SECANT_REACH = 1e-3
"""Relative reach of the secant: its error is about the square, and rounding over it, 1e-4 either way in float32."""


def snapshot(ppm: Enumerable) -> dict[str, Tensor]:
    """A copy of θ: floating-point parameters and buffers by name. This is a copy of the model, in memory too."""
    return {name: tensor.detach().clone() for name, tensor in _state(ppm).items()}


def update_since(ppm: Enumerable, before: State) -> dict[str, Tensor]:
    """``δθ = θ_t − θ_{t−1}`` by name, buffers included."""
    return {name: tensor.detach() - before[name] for name, tensor in _state(ppm).items()}


def logit_tangent(ppm: Enumerable, chunk: slice, direction: State) -> Float[Tensor, "chunk heads outcomes"]:
    """``(δθ·∇_θ) z`` of these probe inputs at the present θ, in nats.

    A Jacobian-vector product by forward-mode differentiation; where an operation has none (batch-norm with respect to
    its running statistics, custom kernels), a central secant along δθ, *stretched* to a thousandth of θ so that
    nothing cancels however small δθ is.

    Raises:
        ModelError: if the logits along the secant are not finite.
    """
    state = {name: tensor.detach() for name, tensor in _state(ppm).items()}

    def logits_at(values: dict[str, Tensor]) -> Tensor:
        with stateless._reparametrize_module(ppm.module, values):
            return ppm.logits(chunk)

    try:
        with (
            warnings.catch_warnings()
        ):  # torch itself calls torch.jit.script, once, when it first differentiates forward
            warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
            tangent: Tensor = torch.func.jvp(logits_at, (state,), (dict(direction),))[1]
    except (RuntimeError, NotImplementedError):
        return _secant(logits_at, state, direction)
    return tangent


def _secant(logits_at: Callable[[dict[str, Tensor]], Tensor], state: State, direction: State) -> Tensor:
    moved = [name for name in state if bool(direction[name].any())]
    if not moved:
        return torch.zeros_like(logits_at(dict(state)))
    reach = _SECANT_REACH * min(float(state[name].norm() / direction[name].norm()) for name in moved)
    if reach == 0:  # a tensor that is still all zeros gives no scale: one step of the update itself
        reach = 1.0
    ahead = logits_at({name: state[name] + reach * direction[name] for name in state})
    behind = logits_at({name: state[name] - reach * direction[name] for name in state})
    tangent = (ahead.double() - behind.double()) / (2 * reach)
    if not bool(torch.isfinite(tangent).all()):
        raise ModelError(
            "the Fisher quadratic form met logits that are not finite along the update: leave out fisher=True."
        )
    return tangent


def _state(ppm: Enumerable) -> dict[str, Tensor]:
    named = {**dict(ppm.module.named_parameters()), **dict(ppm.module.named_buffers())}
    return {name: tensor for name, tensor in named.items() if tensor.is_floating_point()}
