"""The outcomes that information is about: one label per input, or all labels of an input together."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError

MOST_OUTCOMES = 65_536
"""Joint outcomes of one input that are summed over."""


def joint_outcomes(logits: Float[Tensor, "members inputs *heads outcomes"]) -> Float[Tensor, "members inputs joint"]:
    """Log-weights of the joint label of an input; as they are where there is one head.

    Heads are independent given the input and the model, but not once models are mixed: information belongs to the
    joint label, whose outcomes are the product of the heads'.

    Raises:
        ModelError: if there are more than :data:`MOST_OUTCOMES` joint outcomes.
    """
    if logits.dim() == 3:
        return logits
    per_head = logits.flatten(2, -2)  # (members, inputs, heads, outcomes)
    heads, outcomes = per_head.shape[-2:]
    if math.log(outcomes) * heads > math.log(MOST_OUTCOMES):
        raise ModelError(
            f"{heads} heads of {outcomes} outcomes have {outcomes}^{heads} joint outcomes, too many to sum over: give a"
            " model with fewer heads."
        )
    joint = per_head[:, :, 0].log_softmax(-1)
    for head in range(1, heads):
        joint = (joint.unsqueeze(-1) + per_head[:, :, head].log_softmax(-1).unsqueeze(-2)).flatten(2)
    return torch.as_tensor(joint)
