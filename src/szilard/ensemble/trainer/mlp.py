"""Recognises plain multilayer perceptrons, whose gradients can be written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Activation:
    """What stands between two linear layers.

    Attributes:
        forward: in place where it can be; may overwrite its argument.
        backward: from the gradient at its output, its output and its input to the gradient at its input.
    """

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Layer:
    """A linear layer and what follows it.

    Attributes:
        name: of the layer within the model.
        activation: None behind the last layer, or between two layers with nothing between.
    """

    name: str
    activation: Activation | None

    @property
    def weight(self) -> str:
        """The name of the layer's weights among the model's parameters."""
        return f"{self.name}.weight".removeprefix(".")

    @property
    def bias(self) -> str:
        """The name of its biases, whether it has any or not."""
        return f"{self.name}.bias".removeprefix(".")


_RELU = Activation(torch.relu_, lambda grad, output, _: torch.ops.aten.threshold_backward(grad, output, 0))
_TANH = Activation(torch.tanh_, lambda grad, output, _: torch.ops.aten.tanh_backward(grad, output))
_SILU = Activation(F.silu, lambda grad, _, value: torch.ops.aten.silu_backward(grad, value))


def _gelu(approximate: str) -> Activation:
    return Activation(
        lambda value: F.gelu(value, approximate=approximate),
        lambda grad, _, value: torch.ops.aten.gelu_backward(grad, value, approximate=approximate),
    )


def _activation(module: nn.Module) -> Activation | None:
    kind: type[nn.Module] = type(module)
    if isinstance(module, nn.GELU) and kind is nn.GELU:
        return _gelu(str(module.approximate))
    known: dict[type[nn.Module], Activation] = {nn.ReLU: _RELU, nn.Tanh: _TANH, nn.SiLU: _SILU}
    return known.get(kind)


def layers_of(model: nn.Module) -> list[Layer] | str:
    """The layers of a perceptron, or a clause that says why the model is none."""
    layers: list[Layer] = []
    for name, part in _parts(model):
        if type(part) is nn.Flatten and (part.start_dim, part.end_dim) == (1, -1) and not layers:
            continue
        if type(part) is nn.Linear:
            layers.append(Layer(name, None))
        elif (activation := _activation(part)) and layers and layers[-1].activation is None:
            layers[-1] = Layer(layers[-1].name, activation)
        else:
            return f"it holds {type(part).__name__} ({name or 'the model itself'})"
    return layers if layers else "it has no linear layer"


def plain(model: nn.Module) -> str | None:
    """A clause that says why the modules may do more than their types tell; None where they do not."""
    parameters = list(model.parameters())
    if any(not parameter.requires_grad for parameter in parameters):
        return "some of its parameters are frozen"
    if len(list(model.named_parameters(remove_duplicate=False))) != len(parameters):
        return "some of its layers share parameters"
    if len({parameter.dtype for parameter in parameters}) > 1:
        return "its parameters are of several types"
    for part in model.modules():
        hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "parametrizations")
        if any(getattr(part, name, None) for name in hooks) or "forward" in vars(part):
            return "hooks or parametrizations stand on its modules"
    return None


def _parts(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules that do something, in order."""
    if type(model) is nn.Sequential:
        for name, child in model.named_children():
            yield from _parts(child, f"{prefix}{name}.")
    elif type(model) is not nn.Identity:
        yield prefix.removesuffix("."), model
