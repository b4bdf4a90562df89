"""Gradients of single examples, by vectorised differentiation, of which only norms and projections are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import ModelError
from szilard.models.checks import explain
from szilard.models.gradients import BatchGradient
from szilard.models.state.random_state import RandomState
from szilard.models.state.substitution import substituted

CHUNK_ELEMENTS = 2**24
"""Numbers in the gradients of one chunk of examples: 64 MB in float32."""


def per_example_moments(
    gradient: BatchGradient, inputs: Any, labels: Any, *, chunk: int | None = None
) -> tuple[Float[Tensor, "examples parameters"], Float[Tensor, "examples parameters"], list[Tensor]]:
    """``‖g_x‖²`` and ``g_x·ḡ`` of every example and parameter tensor, and the mean gradient ḡ.

    Two passes, so that no more than a chunk of gradients is in memory. Dropout draws anew for every example.

    Args:
        gradient: of a batch; its loss is taken of one example at a time.
        inputs, labels: of the examples.
        chunk: examples at once; by default so many that their gradients take 64 MB.

    Raises:
        ModelError: if the model cannot be differentiated example by example, as with batch-norm in training mode.
    """
    check_separable(gradient.module)
    count = int(pytree.tree_leaves(labels)[0].shape[0])
    size = sum(parameter.numel() for parameter in gradient.parameters.values())
    step = chunk or max(1, min(count, CHUNK_ELEMENTS // max(size, 1)))
    slices = [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def gradients(part: slice) -> list[Tensor]:
        return _gradients(
            gradient, *(pytree.tree_map(lambda leaf: leaf[part].clone(), each) for each in (inputs, labels))
        )

    device = next(iter(gradient.parameters.values())).device
    drawn = RandomState.now(device)
    kept = gradients(slices[0]) if len(slices) == 1 else None
    squares: list[Tensor] = []
    sums: list[Tensor] = []
    for part in slices:
        found = kept or gradients(part)
        squares.append(torch.stack([g.double().square().sum(1) for g in found], 1))
        totals = [g.double().sum(0) for g in found]
        sums = totals if not sums else list(torch._foreach_add(sums, totals))
    means = [total / count for total in sums]
    drawn.put_back(device)  # the second pass is the first, dropout included
    along = [torch.stack([g.double() @ mean for g, mean in zip(kept or gradients(part), means, strict=True)], 1)
             for part in slices]  # fmt: skip
    shapes = [parameter.shape for parameter in gradient.parameters.values()]
    return (
        torch.cat(squares),
        torch.cat(along),
        [mean.reshape(shape) for mean, shape in zip(means, shapes, strict=True)],
    )


def check_separable(module: nn.Module) -> None:
    """That an example's gradient is its own.

    Raises:
        ModelError: naming a layer that mixes examples.
    """
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.training:
            raise ModelError(
                f"layer {name or type(part).__name__!r} normalises over the batch, so a single example has no gradient "
                "of its own: leave per_example out, or use a layer that normalises over features."
            )


def _gradients(gradient: BatchGradient, inputs: Any, labels: Any) -> list[Float[Tensor, "examples parameter"]]:
    module, forward, loss_fn = gradient.module, gradient.forward, gradient.loss_fn

    def loss_of_one(values: dict[str, Tensor], x: Any, y: Any) -> Tensor:
        alone = [pytree.tree_map(lambda leaf: leaf.unsqueeze(0), each) for each in (x, y)]
        with substituted(module, values):
            return loss_fn(forward(module, alone[0]), alone[1]).reshape(())

    values = {name: parameter.detach() for name, parameter in gradient.parameters.items()}
    vectorised = torch.func.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0), randomness="different")
    try:
        found: dict[str, Tensor] = vectorised(values, inputs, labels)
    except RuntimeError as error:
        raise ModelError(
            f"the model cannot be differentiated example by example: {explain(error)}. Leave per_example out: the "
            "noise is measured from half-batches without it."
        ) from error
    return _flat([found[name] for name in values])


def _flat(gradients: Sequence[Tensor]) -> list[Tensor]:
    return [g.detach().flatten(1) if g.dim() > 1 else g.detach().unsqueeze(1) for g in gradients]
