"""Gradients of a batch at the present parameters, beside the training: what the loop holds stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import ModelError
from szilard.models.checks import explain
from szilard.models.evaluation import apart, undisturbed
from szilard.models.state.keeping import as_at_first
from szilard.models.state.random_state import RandomStream
from szilard.models.state.substitution import substituted

LossFunction = Callable[[Any, Any], Tensor]
"""From the model's output and the labels of a batch to its mean loss."""
Forward = Callable[[nn.Module, Any], Any]


def call(module: nn.Module, inputs: Any) -> Any:
    """``module(inputs)``, ``module(*inputs)`` for a tuple, ``module(**inputs)`` for a dict."""
    if isinstance(inputs, Mapping):
        return module(**inputs)
    return module(*inputs) if isinstance(inputs, tuple) else module(inputs)


def logits_of(output: Any) -> Any:
    """What a model's output has under the name ``logits``, as an attribute or a key; else the output itself."""
    if isinstance(output, Mapping) and "logits" in output:
        return output["logits"]
    return getattr(output, "logits", output)


@final
class BatchGradient:
    """Differentiates a mean loss with respect to some of a module's parameters.

    The module is evaluated on views of its parameters, which share their memory: hooks that the loop has on parameters
    do not run, and nothing accumulates. To be used inside :meth:`apart`.

    Args:
        module: the network, without wrappers.
        loss_fn: from output and labels to one number, the mean over the batch.
        parameters: by name, those to differentiate.
        forward: how to call the module, where ``module(inputs)`` is not it.

    Example:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> gradient = BatchGradient(model, nn.functional.mse_loss, dict(model.named_parameters()))
        >>> with torch.no_grad():
        ...     _ = model.weight.fill_(1.0)
        >>> loss, (g,) = gradient(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0]]))
        >>> loss.item(), g.tolist(), model.weight.grad  # (3 − 1)², 2 (3 − 1) x
        (4.0, [[4.0, 8.0]], None)
    """

    def __init__(
        self,
        module: nn.Module,
        loss_fn: LossFunction,
        parameters: Mapping[str, nn.Parameter],
        forward: Forward | None = None,
    ) -> None:
        self.module = module
        self.parameters = dict(parameters)
        self.loss_fn = loss_fn
        self.forward = forward or call

    def apart(self, device: torch.device, stream: RandomStream) -> AbstractContextManager[None]:
        """The block to use it in: module, loss and ``forward`` as they train, and afterwards as they were."""
        return apart(self.module, device, stream, self.loss_fn, self.forward)

    def undisturbed(self, device: torch.device) -> AbstractContextManager[None]:
        """The same in evaluation mode, for losses alone."""
        return undisturbed(self.module, device, self.loss_fn, self.forward)

    def __call__(self, inputs: Any, labels: Any) -> tuple[Tensor, list[Tensor]]:
        """The batch's mean loss, and its gradient in the order of ``parameters``; zeros for those that are not used."""
        return self.several([(inputs, labels)])[0]

    def several(self, batches: Sequence[tuple[Any, Any]]) -> list[tuple[Tensor, list[Tensor]]]:
        """The same of several batches, cheaper than one by one."""
        views = {name: parameter.detach().requires_grad_() for name, parameter in self.parameters.items()}
        leaves = list(views.values())
        results = []
        # The gradient inside as well: checkpointed parts are evaluated once more on the way back.
        with substituted(self.module, views):
            for inputs, labels in batches:
                loss = self.loss_fn(self.forward(self.module, own(inputs)), own(labels))
                found = torch.autograd.grad(loss, leaves, allow_unused=True)
                results.append((loss.detach(), [dense(g, leaf) for g, leaf in zip(found, leaves, strict=True)]))
        return results

    def loss(self, inputs: Any, labels: Any) -> Tensor:
        """The mean loss of a batch, without taking a gradient."""
        with torch.no_grad():
            return self.loss_fn(self.forward(self.module, own(inputs)), own(labels))

    def check(self, inputs: Any, labels: Any) -> None:
        """Tries a batch.

        Raises:
            ModelError: if the loss cannot be had, is not one finite number or no mean, or depends on no parameter.
        """
        try:
            loss = self.loss_fn(self.forward(self.module, own(inputs)), own(labels))
        except Exception as error:
            raise ModelError(
                f"the loss of a batch of the training data could not be had: {explain(error)}. loss_fn takes the "
                "model's output and the labels; say how to call the model with forward=lambda model, inputs: …"
            ) from error
        if not isinstance(loss, Tensor) or not loss.is_floating_point() or loss.numel() != 1:
            what = f"a tensor shaped {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise ModelError(f"loss_fn returned {what}, not one number: let it return the mean over the batch.")
        if not bool(torch.isfinite(loss)):
            raise ModelError("the loss of a batch of the training data is not finite: look for NaN or Inf in the data.")
        if not loss.requires_grad:
            raise ModelError(
                "the loss depends on none of the model's parameters: compute it from the model's output, inside "
                "loss_fn, without torch.no_grad or detach."
            )
        self._check_mean(inputs, labels)
        try:
            self(inputs, labels)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the loss of a batch of the training data could not be differentiated ({type(error).__name__}: "
                f"{explain(error)}): fresh gradients need a loss and a model that torch can differentiate at any time, "
                "without hooks that count on the loop's own passes, as those of opacus do."
            ) from error

    def _check_mean(self, inputs: Any, labels: Any) -> None:
        """Every example twice must not double the loss."""
        device = next(iter(self.parameters.values())).device
        twice = (pytree.tree_map(lambda leaf: torch.cat([leaf, leaf]), part) for part in (inputs, labels))
        with self.undisturbed(device):
            try:
                once = self.loss(inputs, labels)
                as_at_first(self.module)
                doubled = self.loss(*twice)
            except (RuntimeError, TypeError, ValueError):
                return  # labels that belong together in other ways
        if bool((doubled - 2 * once).abs() <= 1e-3 * once.abs()) and bool(once.abs() > 0):
            raise ModelError(
                "loss_fn returned the sum over the batch: let it return the mean, which batches of any size share, and "
                "scale the learning rate instead."
            )


def own(batch: Any) -> Any:
    """A copy of a batch's tensors: a forward pass may work on them in place."""
    return pytree.tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, batch)


def dense(gradient: Tensor | None, parameter: Tensor) -> Tensor:
    """A gradient as a full tensor: zeros where there is none, sparse ones filled."""
    if gradient is None:
        return torch.zeros_like(parameter)
    gradient = gradient.detach()
    return gradient.to_dense() if gradient.layout is not torch.strided else gradient


def full_gradient(gradient: BatchGradient, chunks: Iterable[tuple[Any, Any, int]]) -> tuple[Tensor, list[Tensor]]:
    """``U_B`` and ``∇U_B``: mean loss over all examples and its gradient, in the order of ``gradient.parameters``.

    With batch-norm in training mode every chunk has its own statistics, so that the sum depends on their size.

    Args:
        gradient: of a batch.
        chunks: inputs, labels and number of examples of each; together the whole data set once.

    Example:
        >>> from torch import nn
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.ones_(model.weight)
        >>> of_batch = BatchGradient(model, nn.functional.mse_loss, dict(model.named_parameters()))
        >>> x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.zeros(3, 1)
        >>> loss, (force,) = full_gradient(of_batch, [(x[:2], y[:2], 2), (x[2:], y[2:], 1)])
        >>> round(loss.item(), 4), round(force.item(), 4)  # (1 + 4 + 9)/3 and twice that
        (4.6667, 9.3333)
    """
    total = 0
    loss_sum: Tensor | None = None
    sums: list[Tensor] = []
    for inputs, labels, count in chunks:
        loss, gradients = gradient(inputs, labels)
        weighted = torch._foreach_mul(gradients, float(count))
        if loss_sum is None:
            loss_sum, sums = loss.double() * count, list(weighted)
        else:
            loss_sum = loss_sum + loss.double() * count
            torch._foreach_add_(sums, weighted)
        total += count
    if loss_sum is None:
        raise ValueError("there are no examples, so there is no force: give at least one chunk.")
    torch._foreach_div_(sums, float(total))
    return loss_sum / total, sums
