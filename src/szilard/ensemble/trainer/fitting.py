"""Whether labels fit the model's outcomes, before a long run finds that they do not."""

from __future__ import annotations

import torch
from torch import Tensor

from szilard.ensemble.trainer.cohort import Cohort
from szilard.ensemble.trainer.first import first_logits
from szilard.ensemble.trainer.stack import Stack
from szilard.errors import ModelError, SpecError


def check_labels(stack: Stack, inputs: Tensor, cohort: Cohort) -> None:
    """Holds all labels against the outcomes, for the mean cross-entropy.

    A model that fails on the inputs is passed over: the lanes say what is wrong with it.

    Args:
        stack: the members.
        inputs: a batch, shaped ``(batch, *input)``.
        cohort: what they train on.

    Raises:
        ModelError: if the model has several heads.
        SpecError: if a label is no outcome.
    """
    try:
        logits = first_logits(stack, inputs)
    except Exception:
        return
    if logits.ndim > 2:
        raise ModelError(
            f"the model gives logits {tuple(logits.shape)}, (batch, heads, outcomes), which the cross-entropy cannot"
            " take: a model with several heads needs a loss of its own, so set Training(loss=…)."
        )
    labels = cohort.labels
    if logits.ndim < 2 or labels.ndim != 2 or labels.dtype != torch.int64:
        return
    outcomes = logits.shape[1]
    lowest, highest = int(labels.min()), int(labels.max())
    if highest >= outcomes:
        raise SpecError(
            f"the largest label is {highest}, but the model has {outcomes} outcomes: labels must go from 0 to"
            f" {outcomes - 1}, or the model needs more outcomes."
        )
    if lowest < 0:
        raise SpecError(f"the smallest label is {lowest}: labels must go from 0 to {outcomes - 1}.")
