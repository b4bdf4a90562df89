"""How the logits move to first order along an update of θ, for the Fisher quadratic form below the precision floor."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import Enumerable
from szilard.models.state.keeping import as_at_first
from szilard.models.state.substitution import substituted

State = Mapping[str, Tensor]

_SECANT_REACH = 1e-3
"""Relative reach of the secant: its error is about the square, and rounding over it, 1e-4 either way in float32."""
_SECANT_BEND = 0.03
"""How much the logits may bend along it, relative to how far they move: its error is about the square."""
_SECANT_ROUNDING = 1e-6
"""Relative to the greatest logit: a bend below it is rounding of float32."""
_SECANT_TRIALS = 8


def snapshot(ppm: Enumerable) -> dict[str, Tensor]:
    """A copy of θ: floating-point parameters and buffers by name. This is a copy of the model, in memory too."""
    as_at_first(ppm.module)
    return {name: tensor.detach().clone() for name, tensor in _state(ppm).items()}


def update_since(ppm: Enumerable, before: State) -> dict[str, Tensor]:
    """``δθ = θ_t − θ_{t−1}`` by name, buffers included; 0 of those that have another shape now, or are new."""
    now = {name: tensor.detach() for name, tensor in _state(ppm).items()}
    return {
        name: tensor - before[name] if name in before and before[name].shape == tensor.shape else 0 * tensor
        for name, tensor in now.items()
    }


def logit_tangent(ppm: Enumerable, chunk: slice, direction: State) -> Float[Tensor, "chunk heads outcomes"]:
    """``(δθ·∇_θ) z`` of these probe inputs at the present θ, in nats.

    A Jacobian-vector product by forward-mode differentiation; where an operation has none (batch-norm with respect to
    its running statistics, custom kernels), a central secant along δθ, *stretched* so that nothing cancels however
    small δθ is. Not finite where the logits are not.
    """
    state = {name: tensor.detach() for name, tensor in _state(ppm).items()}

    buffers = dict(ppm.module.named_buffers())

    def logits_at(values: dict[str, Tensor]) -> Tensor:
        # copies of buffers, for a pass may write to them
        given = {name: value.clone() if name in buffers else value for name, value in values.items()}
        with substituted(ppm.module, given):
            return ppm.logits(chunk)

    load_forward_mode()
    try:
        tangent: Tensor = torch.func.jvp(logits_at, (state,), (dict(direction),))[1]
    except (RuntimeError, NotImplementedError):
        return _secant(logits_at, state, direction)
    return tangent


@cache
def load_forward_mode() -> None:
    """PyTorch's first forward-mode derivative calls what PyTorch itself deprecates; later ones do not."""
    one = torch.ones(())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
        torch.func.jvp(torch.sin, (one,), (one,))


def _secant(logits_at: Callable[[dict[str, Tensor]], Tensor], state: State, direction: State) -> Tensor:
    """From a reach that moves θ by a thousandth, shortened until the logits move straight, up to their rounding.

    All of θ sets the scale, moved or not: biases that have just left 0 would by themselves allow almost nothing.
    """
    here = logits_at(dict(state)).double()
    impossible = torch.isneginf(here)  # a masked outcome does not move
    here = here.masked_fill(impossible, 0.0)
    length = _norm(direction.values())
    if length == 0:
        return torch.zeros_like(here)
    rounding = _SECANT_ROUNDING * float(here.abs().max())
    reach = _SECANT_REACH * _norm(state.values()) / length or 1.0
    for _ in range(_SECANT_TRIALS):
        ahead, behind = (
            logits_at({name: state[name] + way * direction[name] for name in state})
            .double()
            .masked_fill(impossible, 0.0)
            for way in (reach, -reach)
        )
        tangent = (ahead - behind) / (2 * reach)
        bend = (ahead + behind - 2 * here).abs().max()
        if bool(bend <= _SECANT_BEND * (ahead - behind).abs().max() + rounding):
            break
        reach /= 10
    return tangent


def _norm(tensors: Iterable[Tensor]) -> float:
    return math.sqrt(sum(float(tensor.double().square().sum()) for tensor in tensors))


def _state(ppm: Enumerable) -> dict[str, Tensor]:
    named = {**dict(ppm.module.named_parameters()), **dict(ppm.module.named_buffers())}
    return {name: tensor for name, tensor in named.items() if tensor.is_floating_point()}
