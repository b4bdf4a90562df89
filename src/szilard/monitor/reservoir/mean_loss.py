"""Whether a loss is the plain mean over the examples of a batch, so that halves of a batch say what a whole one does.

Class weights, ignored labels and masks make a batch's loss a ratio; pairs within a batch make it a function of all its
examples. What half of such a batch has in noise is not twice what the whole one has.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from szilard.errors import SpecError
from szilard.models.gradients import BatchGradient
from szilard.models.per_example import check_separable
from szilard.models.state.keeping import as_at_first
from szilard.models.state.random_state import RandomState, RandomStream
from szilard.monitor.reservoir.examples import Batch, Examples
from szilard.monitor.reservoir.plan import FULL_CHUNK

_TRIES = 8
"""Batches of which one must have a loss."""
_TRIALS = 2
_MOST = 64
"""Examples of a trial."""
_ROUNDING = 64
"""In units of the parameters' precision, within which two ways to a sum are alike."""


def try_batch(
    gradient: BatchGradient, examples: Examples, size: int, device: torch.device, *, single: bool, full: bool
) -> bool | None:
    """Tries a batch, with random numbers that are not the loop's, and says whether the loss is a plain mean.

    Args:
        gradient: of a batch.
        examples: the training data.
        size: of the loop's batches.
        device: of the model.
        single: whether single examples' gradients are wanted.
        full: whether the force of all examples is.

    Returns:
        As :func:`is_plain_mean`.

    Raises:
        SpecError: if a batch cannot be drawn, or a quantity is wanted that such a loss has not.
        ModelError: if its loss or gradient cannot be had.
    """
    generator = torch.Generator(examples.home).manual_seed(0)
    with gradient.apart(device, RandomStream(RandomState.seeded(device, 0))):
        gradient.check(*_first_batch(gradient, examples, max(1, (size + 1) // 2), generator, device))
        if single:
            check_separable(gradient.module)
        mean = is_plain_mean(gradient, examples, size, device)
    what = "loss_fn is no plain mean over the examples of a batch (class weights, ignored labels or masks), so"
    if mean is False and single:
        raise SpecError(f"{what} gradients of single examples do not add up to it: leave per_example out.")
    if mean is False and full and examples.count > FULL_CHUNK:
        raise SpecError(
            f"{what} the force of {examples.count:,} examples does not follow from that of {FULL_CHUNK:,} at a time: "
            "leave force='full' out."
        )
    return mean


def _first_batch(
    gradient: BatchGradient, examples: Examples, size: int, generator: torch.Generator, device: torch.device
) -> Batch:
    """A batch, if possible one that has a loss: where no label of it counts it has none."""
    for _ in range(_TRIES):
        try:
            batch = examples.draw(size, generator, device)
        except SpecError:
            raise
        except Exception as error:
            raise SpecError(
                f"a batch of the training data could not be drawn ({type(error).__name__}: {error}): give a dataset "
                "with rows, or (inputs, labels)."
            ) from error
        try:
            if bool(torch.isfinite(gradient.loss(*batch)).all()):
                break
        except Exception:  # said in full when it is checked
            break
    return batch


def is_plain_mean(gradient: BatchGradient, examples: Examples, size: int, device: torch.device) -> bool | None:
    """Tries batches and their halves in evaluation mode.

    Args:
        gradient: of a batch, of which the loss alone is taken.
        examples: the training data; ignored labels are looked for where all labels are at hand.
        size: of the loop's batches.
        device: of the model.

    Returns:
        None where halves cannot be had, because a batch is no row after row of examples.
    """
    generator = torch.Generator(examples.home).manual_seed(1)
    count = max(2, min(size, _MOST))
    for _ in range(_TRIALS):
        rows = torch.randint(examples.count, (count,), generator=generator, device=generator.device)
        ignored = examples.ignored()
        if len(ignored):
            rows[0] = ignored[0]
        try:
            with gradient.undisturbed(device):
                found = _adds_up(gradient, examples.batch(rows, device), count)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AssertionError):
            return None
        if not found:
            return False
    return True


def _adds_up(gradient: BatchGradient, batch: Batch, count: int) -> bool:
    half = count // 2
    losses = []
    for part in (slice(0, count), slice(0, half), slice(half, count)):
        as_at_first(gradient.module)  # a memory of the loss is no dependence on the batch
        losses.append(gradient.loss(*_some(batch, part)))
    whole, first, second = losses
    parts = half * first.double() + (count - half) * second.double()
    precision = max(torch.finfo(parameter.dtype).eps for parameter in gradient.parameters.values())
    tolerance = min(_ROUNDING * precision, 1e-3) * (count * whole.double().abs() + parts.abs())
    return bool((count * whole.double() - parts).abs() <= tolerance)


def _some(batch: Batch, part: slice) -> Any:
    return pytree.tree_map(lambda leaf: leaf[part] if isinstance(leaf, Tensor) and leaf.dim() else leaf, batch)


def has_gradient(loss: Tensor, gradients: list[Tensor]) -> bool:
    """Whether a batch has a gradient; its loss may be none where it is only that no label of it counts."""
    return bool(loss.isfinite()) or all(bool(g.isfinite().all()) for g in gradients)
