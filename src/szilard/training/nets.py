"""Networks that specs name as ``nets:…``: each returns a module from inputs of any image shape to logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from szilard.errors import SpecError, nearest

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU}


INITIALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "torch": lambda weight: weight,  # as its layers come
    "lecun": partial(nn.init.kaiming_normal_, nonlinearity="linear"),
    "glorot": nn.init.xavier_uniform_,
    "he": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}
"""Initialisations of weights, with variances 1/(3 fan_in), 1/fan_in, 2/(fan_in + fan_out) and 2/fan_in."""


def mlp(
    widths: Sequence[int],
    activation: str = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    initialisation: str = "torch",
) -> nn.Sequential:
    """A fully connected network on flattened inputs.

    Args:
        widths: of every layer from the flattened input to the logits; two of them make a linear model.
        activation: between layers: ``relu``, ``tanh``, ``gelu`` or ``silu``.
        dropout: probability of dropping a hidden unit.
        batch_norm: whether hidden layers are normalised by batch.
        initialisation: of the weights: ``torch`` (its default), ``lecun``, ``glorot`` or ``he``; biases are 0 but for
            the first.

    Raises:
        SpecError: if there are fewer than two positive widths, no such activation, or no such initialisation.

    Example:
        >>> sum(parameter.numel() for parameter in mlp([64, 32, 10]).parameters())
        2410
    """
    if len(widths) < 2 or min(widths) < 1:
        raise SpecError(f"a network needs at least two positive widths, from input to logits, not {list(widths)}.")
    layers: list[nn.Module] = [nn.Flatten()]
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        if layer:
            layers.append(_activation(activation))
            layers.extend([nn.Dropout(dropout)] if dropout else [])
        layers.append(nn.Linear(fan_in, fan_out))
        if batch_norm and layer < len(widths) - 2:
            layers.append(nn.BatchNorm1d(fan_out))
    model = nn.Sequential(*layers)
    _initialise(model, initialisation)
    return model


def wide_mlp(widths: Sequence[int], activation: str = "tanh") -> nn.Sequential:
    """A fully connected network in the tangent-kernel parametrisation (Jacot et al. 2018).

    Every layer computes ``W h/√fan_in + b`` with W ~ N(0, 1) and b = 0 at first. At one learning rate networks of
    all widths then learn equally fast, and the wider ones by moving less: what laziness is measured on.

    Args:
        widths: as for :func:`mlp`.
        activation: as for :func:`mlp`.

    Raises:
        SpecError: as for :func:`mlp`.

    Example:
        >>> sum(parameter.numel() for parameter in wide_mlp([64, 32, 10]).parameters())
        2410
    """
    network = mlp(widths, activation)
    for number, layer in enumerate(network):
        if isinstance(layer, nn.Linear):
            network[number] = TangentLinear(layer.in_features, layer.out_features)
    return network


class TangentLinear(nn.Module):
    """``W h/√fan_in + b`` with W ~ N(0, 1) and b = 0 at first."""

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in))
        self.bias = nn.Parameter(torch.zeros(fan_out))

    def forward(self, inputs: Tensor) -> Tensor:
        """``W h/√fan_in + b``, one row of outputs for each row of inputs."""
        return nn.functional.linear(inputs, self.weight / math.sqrt(self.weight.shape[1]), self.bias)


def convnet(
    channels: Sequence[int] = (1, 16, 32), side: int = 28, classes: int = 10, activation: str = "relu"
) -> nn.Sequential:
    """Blocks of 3 × 3 convolution, activation and 2 × 2 mean pooling, then one linear layer.

    Args:
        channels: of the input and of each block.
        side: height and width of the input; each block halves it.
        classes: number of logits.
        activation: as for :func:`mlp`.

    Raises:
        SpecError: if the input is too small for so many blocks, or no such activation.

    Example:
        >>> import torch
        >>> convnet(side=8)(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])
    """
    blocks = len(channels) - 1
    if blocks < 1 or side >> blocks < 1:
        raise SpecError(f"{blocks} blocks halve a side of {side} to nothing: give fewer channels or larger inputs.")
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(channels):
        layers += [nn.Conv2d(fan_in, fan_out, 3, padding=1), _activation(activation), nn.AvgPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * (side >> blocks) ** 2, classes))


def _initialise(model: nn.Module, name: str) -> None:
    if name not in INITIALISATIONS:
        raise SpecError(f"there is no initialisation {name!r}: {nearest(name, INITIALISATIONS)}")
    if name == "torch":
        return
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            INITIALISATIONS[name](layer.weight)
            nn.init.zeros_(layer.bias)


def _activation(name: str) -> nn.Module:
    if name not in ACTIVATIONS:
        raise SpecError(f"there is no activation {name!r}: {nearest(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]()
