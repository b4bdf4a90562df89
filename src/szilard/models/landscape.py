"""The loss of a batch as a function of one flat vector of parameters: what laziness and reversal ask a network for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.checks import explain
from szilard.models.state.substitution import substituted

Batch = tuple[Tensor, Tensor]
"""Inputs and labels."""
LossFunction = Callable[[Tensor, Tensor], Tensor]
"""From the network's output and labels to the mean loss."""


@final
class Landscape:
    """``φ_θ(b)`` and its derivatives at any θ, without touching the network it was made from.

    The network is copied, and its copy evaluated as in training. What makes a gradient depend on more than θ and the
    batch (dropout, batch-norm's running statistics) is refused: such a step cannot be repeated, let alone reversed.

    Args:
        module: the network.
        loss: the mean loss of a batch, in nats for cross-entropy.
        dtype: the arithmetic; float64, since distances of interest are of the order of r².

    Attributes:
        start: the network's own parameters, shape ``(parameters,)``.
        slices: of each parameter by name, its place in the flat vector.

    Raises:
        ModelError: from :meth:`check`, if a gradient is not a function of θ and the batch alone.

    Example:
        >>> line = torch.nn.Linear(1, 1, bias=False)
        >>> landscape = Landscape(line, lambda output, target: 0.5 * (output - target).square().mean())
        >>> batch = (torch.tensor([[2.0]]), torch.tensor([[4.0]]))
        >>> landscape.gradient(torch.tensor([3.0], dtype=torch.float64), batch)  # x(θx − y) = 2(6 − 4)
        tensor([4.], dtype=torch.float64)
    """

    def __init__(self, module: nn.Module, loss: LossFunction, dtype: torch.dtype = torch.float64) -> None:
        self.module = copy.deepcopy(module).to(dtype)
        self.dtype = dtype
        self._loss = loss
        named = {name: each for name, each in self.module.named_parameters() if each.requires_grad}
        if not named:
            raise ModelError(
                "the network has no parameters that are trained: give one whose parameters take gradients."
            )
        self._shapes = {name: each.shape for name, each in named.items()}
        self.slices: dict[str, slice] = {}
        place = 0
        for name, each in named.items():
            self.slices[name] = slice(place, place + each.numel())
            place += each.numel()
        self.start: Float[Tensor, " parameters"] = torch.cat([each.detach().flatten() for each in named.values()])

    def split(self, theta: Float[Tensor, " parameters"]) -> dict[str, Tensor]:
        """The flat vector as parameters by name: views of it."""
        return {name: theta[place].view(self._shapes[name]) for name, place in self.slices.items()}

    def groups(self) -> dict[str, tuple[slice, ...]]:
        """The places of each layer: of all parameters that share all but the last part of their name."""
        layers: dict[str, list[slice]] = {}
        for name, place in self.slices.items():
            layers.setdefault(name.rpartition(".")[0] or name, []).append(place)
        return {layer: tuple(places) for layer, places in layers.items()}

    def at(self, values: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network gives for the inputs with these parameters, by name."""
        with substituted(self.module, values):
            output: Tensor = self.module(inputs)
        return output

    def output(self, theta: Float[Tensor, " parameters"], inputs: Tensor) -> Float[Tensor, "inputs outputs"]:
        """What the network gives for the inputs, one row for each."""
        return self.at(self.split(theta), self._cast(inputs)).reshape(len(inputs), -1)

    def loss(self, theta: Float[Tensor, " parameters"], batch: Batch) -> Float[Tensor, ""]:
        """The mean loss of a batch at ``theta``."""
        inputs, labels = batch
        return self._loss(self.at(self.split(theta), self._cast(inputs)), self._cast(labels))

    def losses(self, theta: Float[Tensor, " parameters"], batch: Batch) -> Float[Tensor, " examples"]:
        """The loss of each example by itself at ``theta``."""

        def one(example: Tensor, label: Tensor) -> Tensor:
            return self.loss(theta, (example.unsqueeze(0), label.unsqueeze(0)))

        each: Tensor = torch.func.vmap(one)(*batch)
        return each

    def gradient(self, theta: Float[Tensor, "*points parameters"], batch: Batch) -> Float[Tensor, "*points parameters"]:
        """``∇φ_θ(b)``, at one point or at several at once."""
        if theta.ndim > 1:
            flat: Tensor = torch.func.vmap(torch.func.grad(self.loss), in_dims=(0, None))(theta.flatten(0, -2), batch)
            return flat.view_as(theta)
        leaf = theta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.loss(leaf, batch), leaf)
        return gradient

    def gradients(self, theta: Float[Tensor, " parameters"], batch: Batch) -> Float[Tensor, "examples parameters"]:
        """``∇φ_θ(x)`` of each example by itself, one row an example."""

        def one(point: Tensor, example: Tensor, label: Tensor) -> Tensor:
            return self.loss(point, (example.unsqueeze(0), label.unsqueeze(0)))

        each: Tensor = torch.func.vmap(torch.func.grad(one), in_dims=(None, 0, 0))(theta.detach(), *batch)
        return each

    def curvature(
        self, theta: Float[Tensor, " parameters"], batch: Batch, direction: Float[Tensor, " parameters"]
    ) -> Float[Tensor, " parameters"]:
        """``H v``, the Hessian of the batch's loss along a direction (reverse mode, twice).

        Where activations have kinks it is the Hessian between them: it does not see a unit that turns on or off.
        """
        leaf = theta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.loss(leaf, batch), leaf, create_graph=True)
        if not gradient.requires_grad:
            return torch.zeros_like(theta)
        (product,) = torch.autograd.grad(gradient @ direction.detach(), leaf, allow_unused=True)
        return torch.zeros_like(theta) if product is None else product

    def check(self, batch: Batch) -> None:
        """Refuses what cannot be repeated.

        Raises:
            ModelError: if the loss cannot be computed, is no single finite number, or differs when asked twice, or if
                computing it changes the network's buffers.
        """
        before = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
        try:
            losses = [self.loss(self.start, batch) for _ in range(3)]
        except Exception as error:
            raise ModelError(
                f"the loss of a batch could not be computed: {explain(error)}: mend model or loss."
            ) from error
        if losses[0].numel() != 1 or not bool(torch.isfinite(losses[0])):
            raise ModelError(
                "the loss of a batch must be one finite number: return its mean, and look for NaN in the data."
            )
        if any(not torch.equal(losses[0], other) for other in losses[1:]):
            raise ModelError(
                "the loss of the same batch at the same parameters differs from call to call (dropout?), so that no"
                " step can be repeated: take a network that draws no random numbers."
            )
        changed = [name for name, buffer in self.module.named_buffers() if not torch.equal(before[name], buffer)]
        if changed:
            raise ModelError(
                f"the loss changes the network's buffer {changed[0]!r} (batch-norm?), which is part of the state and"
                " has no reverse: take a network without running statistics."
            )

    def _cast(self, values: Tensor) -> Tensor:
        return values.to(self.dtype) if values.is_floating_point() else values
