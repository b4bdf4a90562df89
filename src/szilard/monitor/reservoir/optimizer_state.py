"""How the loop's optimiser stands at a step: its settings, what it remembers of earlier gradients, and its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from szilard.monitor.reservoir.tracked import TrackedParameters
from szilard.reservoir.dynamics import Dynamics

_SETTINGS = (
    "lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "eps", "maximize", "amsgrad",
    "decoupled_weight_decay",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class OptimizerSettings:
    """OptimizerSettings of the optimiser's parameter groups at a step; a learning rate may still be on the device.

    Attributes:
        optimizer: name of its class.
        groups: settings of each of its groups.
        group_of: its group of each tracked parameter; −1 for those it no longer holds.
    """

    optimizer: str
    groups: tuple[Mapping[str, Any], ...]
    group_of: tuple[int, ...]

    @classmethod
    def of(cls, optimizer: torch.optim.Optimizer, tracked: TrackedParameters) -> OptimizerSettings:
        """As they are now, without waiting for the device."""
        places = {
            id(parameter): number
            for number, group in enumerate(optimizer.param_groups)
            for parameter in group["params"]
        }
        groups = tuple(
            {
                name: group[name].detach().clone() if isinstance(group[name], Tensor) else group[name]
                for name in _SETTINGS
                if name in group
            }
            for group in optimizer.param_groups
        )
        return cls(type(optimizer).__name__, groups, tuple(places.get(id(p), -1) for p in tracked.parameters))

    def dynamics(self) -> list[Dynamics | None]:
        """How each tracked parameter moves; None for those that the optimiser no longer holds.

        Raises:
            SpecError: for an optimiser or setting that is not understood.
        """
        known = [Dynamics.of(self.optimizer, group) for group in self.groups]
        return [None if number < 0 else known[number] for number in self.group_of]

    def decays(self) -> list[float]:
        """λ of the quadratic penalty ½ λ‖θ‖² on each tracked parameter, which the optimiser itself differentiates."""
        decoupled = self.optimizer == "AdamW"
        return [
            0.0
            if number < 0 or decoupled or self.groups[number].get("decoupled_weight_decay")
            else float(self.groups[number].get("weight_decay", 0.0))
            for number in self.group_of
        ]


@final
@dataclass(frozen=True, slots=True)
class OptimizerBuffers:
    """The optimiser's buffers of the tracked parameters, after its last step.

    Attributes:
        velocities: momentum buffers of SGD, first moments of Adam; zeros where there are none yet.
        preconditioners: of Adam ``1/P = √v̂ + ε``, 1 where there is none yet; None for SGD.
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
        if settings.optimizer == "SGD":
            wanted = [bool(number >= 0 and settings.groups[number].get("momentum")) for number in settings.group_of]
            if not any(wanted):
                return cls(None, None, (True,) * len(states))
            found = [state.get("momentum_buffer") for state in states]
            ready = (buffer is not None or not needed for buffer, needed in zip(found, wanted, strict=True))
            return cls(_or_zeros(found, tracked), None, tuple(ready))
        # A parameter that had no gradient yet, or never has one, has no state, and says nothing of the others.
        roots = [
            _root(state, settings.groups[max(number, 0)]) if "exp_avg_sq" in state else torch.ones_like(parameter)
            for parameter, state, number in zip(tracked.parameters, states, settings.group_of, strict=True)
        ]
        velocities = _or_zeros([state.get("exp_avg") for state in states], tracked)
        return cls(velocities, roots, tuple("exp_avg_sq" in state for state in states))


def _root(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    """``√v̂ + ε``."""
    corrected: Tensor = state["exp_avg_sq"] / _correction(float(group["betas"][1]), state["step"])
    return corrected.sqrt_().add_(float(group["eps"]))


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


@final
class StepCounter:
    """Counts the optimiser's own steps, until it is taken off: micro-batches and skipped steps are none.

    Args:
        optimizer: on which it hangs, by a hook after its steps.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._made = 0
        self._overflows: Tensor | None = None
        self._handle: Any = optimizer.register_step_post_hook(self._count)

    def now(self) -> tuple[int, Tensor | None]:
        """Steps begun, and how many of them overflowed, which may still be on the device; nothing is waited for."""
        return self._made, self._overflows

    def remove(self) -> None:
        """Takes the hook off the optimiser; from then on nothing is counted."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _count(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._made += 1
        # A fused optimiser is called by a gradient scaler also where it will skip its step.
        overflow = getattr(optimizer, "found_inf", None)
        if isinstance(overflow, Tensor):
            skipped = overflow.detach().reshape(()) > 0
            self._overflows = skipped.int() if self._overflows is None else self._overflows + skipped
