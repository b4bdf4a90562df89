"""One model, made and tried before the first step: what there is to know of all of them, and its joint outcomes."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.checks import check_logits, explain
from szilard.models.precision import Precision, forward_precision
from szilard.training import Factory

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


@dataclass(frozen=True, slots=True)
class Trial:
    """What one model shows.

    Attributes:
        precision: of its forward pass, where it is to be trained.
        outcomes: joint outcomes of an input.
        logits: numbers that it gives for each label of an input.
        parameters: how many there are.
        buffers: whether it has any, which take up data without a gradient.
        imprint: a checksum of its names and initial values: tells factories apart whatever they are called.
    """

    precision: Precision
    outcomes: int
    logits: int
    parameters: int
    buffers: bool
    imprint: str


def try_model(factory: Factory, seed: int, probe: Shaped[Tensor, "inputs ..."], device: str) -> Trial:
    """Makes a model as its first member will be made, and gives it two probe inputs.

    Raises:
        SpecError: if the factory cannot make one.
        ModelError: if it cannot be evaluated on the probe, or gives no logits.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = factory.build()
        imprint = _imprint(model)
        model = model.to(device).eval()
        try:
            with torch.no_grad():
                output = model(probe[:2].to(device))
        except Exception as error:
            raise ModelError(
                f"the model could not be evaluated on the probe (shape {tuple(probe.shape)}): {explain(error)}. Give a"
                " factory whose model takes the data's inputs."
            ) from error
    check_logits(output, min(2, len(probe)))
    return Trial(
        forward_precision(model, output),
        joint_outcomes(output.unsqueeze(0)).shape[-1],
        output.shape[-1],
        sum(parameter.numel() for parameter in model.parameters()),
        any(True for _ in model.buffers()),
        imprint,
    )


def _imprint(model: nn.Module) -> str:
    total = 0
    for name, value in model.state_dict().items():
        values = value.detach().cpu().contiguous().flatten().view(torch.uint8)
        total = zlib.crc32(name.encode() + values.numpy().tobytes(), total)
    return f"{total:08x}"
