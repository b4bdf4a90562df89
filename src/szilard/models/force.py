"""The force of a whole data set: loss and gradient over every example, in chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from szilard.models.gradients import BatchGradient


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
