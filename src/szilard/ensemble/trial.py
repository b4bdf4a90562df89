"""One model, made and tried before the first step: what there is to know of all of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from szilard.ensemble.outcomes import joint_outcomes
from szilard.errors import ModelError
from szilard.models.checks import check_logits, explain
from szilard.models.precision import Precision, forward_precision
from szilard.training import Factory


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
