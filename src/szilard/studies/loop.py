"""The training loop of a run that is watched."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from szilard.monitor import Monitor
from szilard.studies.progress import Progress
from szilard.training import Training

_LOOKS_ON_DEVICE = 100
"""Steps between looks at the loss where each look waits for the device."""


def train(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    training: Training,
    loss_at: Callable[[int], Tensor],
    monitor: Monitor,
    progress: Progress,
    after: Callable[[], None] | None = None,
) -> None:
    """Trains until the last step or the first number that is not finite, which the monitor marks as a break.

    Args:
        module: whose gradients are clipped, where ``training`` says so.
        optimizer: of its parameters; its learning rates are those that the schedule multiplies.
        training: how many steps, by which schedule.
        loss_at: the loss of a step, counted from 0, from which gradients are taken.
        monitor: what watches; it sees every step.
        progress: what tells the user how far it is.
        after: what is done to the parameters after each step of the optimiser, before the monitor sees them.
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    for step in range(training.steps):
        if training.schedule is not None:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * training.schedule.multiplier(step, training.steps)
        loss = loss_at(step)
        optimizer.zero_grad()
        loss.backward()
        if training.clip_norm is not None:
            nn.utils.clip_grad_norm_(module.parameters(), training.clip_norm)
        optimizer.step()
        if after is not None:
            after()
        monitor.step(loss=loss)
        if monitor.broken:
            return
        if loss.device.type == "cpu" or step % _LOOKS_ON_DEVICE == 0:
            progress.update(step + 1, f"loss {loss.item():.3f}")
