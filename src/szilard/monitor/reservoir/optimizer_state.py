"""How the loop's optimiser stands at a step: its settings, what it remembers of earlier gradients, and its steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from szilard.monitor.reservoir.law import Law
from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.reservoir.dynamics import Dynamics

_SETTINGS = (
    "lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "eps", "maximize", "amsgrad",
    "decoupled_weight_decay", "scheduled_lr",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class OptimizerSettings:
    """Settings of the optimiser's groups of parameters at a step; a learning rate may still be on the device.

    Attributes:
        law: by which it moves them.
        groups: settings of each of its groups.
        group_of: its group of each tracked parameter; −1 for those that are frozen, or no longer its own.
    """

    law: Law
    groups: tuple[Mapping[str, Any], ...]
    group_of: tuple[int, ...]

    @classmethod
    def of(cls, optimizer: torch.optim.Optimizer, law: Law, tracked: TrackedParameters) -> OptimizerSettings:
        """As they are now, without waiting for the device."""
        places = {
            id(parameter): number
            for number, group in enumerate(optimizer.param_groups)
            for parameter in group["params"]
            if parameter.requires_grad
        }
        groups = tuple(
            {
                name: group[name].detach().clone() if isinstance(group[name], Tensor) else group[name]
                for name in _SETTINGS
                if name in group
            }
            for group in optimizer.param_groups
        )
        return cls(law, groups, tuple(places.get(id(p), -1) for p in tracked.parameters))

    def part(self, places: Sequence[int]) -> OptimizerSettings:
        """Those of some of the tracked parameters."""
        return OptimizerSettings(self.law, self.groups, tuple(self.group_of[place] for place in places))

    def dynamics(self) -> list[Dynamics | None]:
        """How each tracked parameter moves; None for those that do not, or by no law that is known."""
        known = [self.law.dynamics(group)[0] for group in self.groups]
        return [None if number < 0 else known[number] for number in self.group_of]

    def unknown(self) -> list[str]:
        """Why no temperature of each tracked parameter is known; empty where one is, and for those that do not move."""
        reasons = [self.law.dynamics(group)[1] for group in self.groups]
        return ["" if number < 0 else reasons[number] for number in self.group_of]

    def rates(self) -> list[float]:
        """The learning rate of each tracked parameter: 0 for those that do not move, NaN where it is no number."""
        known = [_rate(group) for group in self.groups]
        return [0.0 if number < 0 else known[number] for number in self.group_of]

    def decays(self) -> list[float]:
        """λ of the quadratic penalty ½ λ‖θ‖² on each tracked parameter, which the optimiser itself differentiates."""
        known = [self.law.decay(group) for group in self.groups]
        return [0.0 if number < 0 else known[number] for number in self.group_of]


def _rate(group: Mapping[str, Any]) -> float:
    """The rate in use: schedule-free optimisers warm up without touching ``lr``."""
    try:
        return float(group.get("scheduled_lr", group["lr"]))
    except (KeyError, TypeError, ValueError, RuntimeError):  # some find it by themselves and hold None
        return math.nan


@final
@dataclass(frozen=True, slots=True)
class OptimizerBuffers:
    """The optimiser's buffers of the tracked parameters, after its last step.

    Attributes:
        velocities: momentum buffers of SGD, first moments of Adam; zeros where there are none yet.
        preconditioners: of Adam ``1/P = √v̂ + ε``, infinite where no gradient ever was; None for SGD.
        ready: of each parameter, whether every buffer is there that its next step will use.
    """

    velocities: list[Tensor] | None
    preconditioners: list[Tensor] | None
    ready: tuple[bool, ...]

    @classmethod
    def of(
        cls, optimizer: torch.optim.Optimizer, settings: OptimizerSettings, tracked: TrackedParameters
    ) -> OptimizerBuffers:
        """As it is now; nothing is changed, and nothing waits for the device."""
        states = [optimizer.state.get(parameter, {}) for parameter in tracked.parameters]
        if settings.law.unknown:
            return cls(None, None, (True,) * len(states))
        if settings.law.name == "SGD":
            wanted = [bool(number >= 0 and settings.groups[number].get("momentum")) for number in settings.group_of]
            if not any(wanted):
                return cls(None, None, (True,) * len(states))
            found = [state.get("momentum_buffer") for state in states]
            ready = (buffer is not None or not needed for buffer, needed in zip(found, wanted, strict=True))
            return cls(_or_zeros(found, tracked), None, tuple(ready))
        # A parameter that had no gradient yet, or never has one, has no state, and says nothing of the others.
        roots = [
            _root(state, settings.groups[max(number, 0)])
            if "exp_avg_sq" in state
            else torch.full_like(parameter, math.inf)
            for parameter, state, number in zip(tracked.parameters, states, settings.group_of, strict=True)
        ]
        velocities = _or_zeros([state.get("exp_avg") for state in states], tracked)
        return cls(velocities, roots, tuple("exp_avg_sq" in state for state in states))


def _root(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    """``√v̂ + ε``; infinite for single parameters that had no gradient yet, as those of words that did not occur."""
    squares = state["exp_avg_sq"]
    corrected: Tensor = squares / _correction(float(group["betas"][1]), state["step"])
    return corrected.sqrt_().add_(float(group["eps"])).masked_fill_(squares == 0, math.inf)


def _correction(beta: float, step: Any) -> Any:
    """``1 − β₂^t`` of Adam's bias correction; ``t`` may be on the device."""
    if isinstance(step, Tensor) and step.device.type != "cpu":
        return 1 - torch.pow(torch.full_like(step, beta), step)
    return 1 - beta ** float(step)


def _or_zeros(found: Sequence[Tensor | None], tracked: TrackedParameters) -> list[Tensor]:
    return [
        torch.zeros_like(parameter) if buffer is None else buffer
        for buffer, parameter in zip(found, tracked.parameters, strict=True)
    ]
