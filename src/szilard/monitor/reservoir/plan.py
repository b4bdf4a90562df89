"""What all bursts of a recorder have in common, and what is measured once at the first step of each."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.gradients import BatchGradient, full_gradient
from szilard.models.per_example import per_example_moments
from szilard.monitor.reservoir.examples import Examples
from szilard.monitor.reservoir.law import Law
from szilard.monitor.reservoir.optimizer_state import OptimizerBuffers, OptimizerSettings
from szilard.monitor.reservoir.tracked import ParameterSample, TrackedParameters
from szilard.monitor.reservoir.work_forecast import WorkForecast

FULL_CHUNK = 1024
"""Training examples in one pass of the full force."""


@final
@dataclass(frozen=True, slots=True)
class BurstPlan:
    """What every burst of a recorder has in common.

    Attributes:
        law: by which the optimiser moves the parameters.
        gradient: of a batch, by all parameters.
        examples: the training data.
        tracked: the parameters.
        sample: those of them that are looked at one by one.
        half: examples in each of the two fresh batches of a step.
        steps: of a burst.
        directions: random unit vectors of each group on the sample.
        full: whether the force is that of all examples.
        per_example: single examples at a burst's first step.
        forecast: of drift and diffusion, where asked for.
        checked: whether fresh batches may have no gradient, so that it is looked at each of them.
        device: of the model.
    """

    law: Law
    gradient: BatchGradient
    examples: Examples
    tracked: TrackedParameters
    sample: ParameterSample
    half: int
    steps: int
    directions: Float[Tensor, "directions sampled"] | None
    full: bool
    per_example: int
    forecast: WorkForecast | None
    checked: bool
    device: torch.device

    def trained(self) -> TrainedPart:
        """What of the parameters is not frozen now."""
        places = self.tracked.trained
        if len(places) == len(self.tracked.parameters):
            return TrainedPart(places, self.tracked, self.gradient)
        part, whole = self.tracked.part(places), self.gradient
        named = dict(zip(part.names, part.parameters, strict=True))
        return TrainedPart(places, part, BatchGradient(whole.module, whole.loss_fn, named, whole.forward))


@final
@dataclass(frozen=True, slots=True)
class TrainedPart:
    """The parameters that are not frozen at a burst.

    Attributes:
        places: of these among all that are tracked.
        tracked: these alone.
        gradient: of a batch, by these alone.
    """

    places: tuple[int, ...]
    tracked: TrackedParameters
    gradient: BatchGradient


@final
@dataclass(slots=True)
class BurstStart:
    """What is measured once, at the burst's first step; tensors of one number a trained parameter where not said."""

    squares: Tensor
    along: Tensor
    velocity: Tensor
    force: tuple[Tensor, Tensor, Tensor] | None = None
    """``U_B`` without its penalty (one number), norms and greatest components of ``∇U_B``."""
    moments: tuple[Tensor, Tensor] | None = None
    """``‖g_x‖²`` and ``g_x·ḡ``, shaped (examples, parameters)."""


def burst_start(
    plan: BurstPlan,
    part: TrainedPart,
    optimizer: torch.optim.Optimizer,
    settings: OptimizerSettings,
    generator: torch.Generator,
) -> BurstStart:
    """What is measured at a burst's first step; called inside :func:`szilard.models.evaluation.apart`.

    Args:
        plan: of all bursts.
        part: the parameters that are trained.
        optimizer: of the loop.
        settings: of the optimiser at this step, for these.
        generator: of single examples.
    """
    tracked = part.tracked
    theta = [parameter.detach() for parameter in tracked.parameters]
    memory = OptimizerBuffers.of(optimizer, settings, tracked)
    squares = torch.stack([torch.linalg.vector_norm(x, dtype=torch.float64) for x in theta]).square()
    along, velocity = torch.zeros_like(squares), torch.zeros_like(squares)
    if memory.velocities is not None and memory.preconditioners is None:
        pairs = [
            (x.reshape(-1).double(), v.reshape(-1).double()) for x, v in zip(theta, memory.velocities, strict=True)
        ]
        along = torch.stack([torch.dot(x, v) for x, v in pairs])
        velocity = torch.stack([torch.dot(v, v) for _, v in pairs])
    start = BurstStart(squares, along, velocity)
    if plan.full:
        loss, force = full_gradient(part.gradient, plan.examples.chunks(FULL_CHUNK, plan.device))
        penalised = [torch.add(g, x, alpha=d) for g, x, d in zip(force, theta, settings.decays(), strict=True)]
        penalised = [full_width(g) for g in penalised]
        greatest = torch.stack([greatest_of(g) for g in penalised])
        start.force = (loss, torch.stack(norms_of(penalised)), greatest)
    if plan.per_example:
        drawn = plan.examples.draw(plan.per_example, generator, plan.device)
        with suppress(ModelError):  # batch-norm that has begun to train: an example has no gradient of its own
            squares_of, along_mean, _ = per_example_moments(part.gradient, *drawn)
            start.moments = (squares_of, along_mean)
    return start


def norms_of(tensors: list[Tensor]) -> list[Tensor]:
    """The Euclidean norm of each tensor, on its device."""
    return list(torch._foreach_norm(tensors))


def greatest_of(tensor: Tensor) -> Float[Tensor, ""]:
    """The greatest size of a component, 0 of a tensor without any."""
    return tensor.abs().max() if tensor.numel() else tensor.new_zeros(())


def full_width(tensor: Tensor) -> Tensor:
    """The tensor in float32 where it is in half precision, which is too coarse for norms; else itself."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
