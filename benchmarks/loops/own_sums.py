"""W, Q and S by one's own hand: float64 sums over the outcomes, beside a loop that szilard does not watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor, nn


@final
class OwnSums:
    """Looks at a model after each training step, and adds up.

    Args:
        probe: inputs on which it looks.
    """

    def __init__(self, probe: Tensor) -> None:
        self.probe = probe
        self._log_p: list[Tensor] = []

    def __call__(self, model: nn.Module, forward: Callable[[nn.Module], Tensor] | None = None) -> None:
        """One look at the model as it stands: call it before the first step, and after each.

        Args:
            model: in training.
            forward: gives its logits, where they are not ``model(probe)``.
        """
        modes = {part: part.training for part in model.modules()}
        model.eval()
        with torch.no_grad(), torch.random.fork_rng(), torch.autocast("cpu", enabled=False):
            logits = model(self.probe) if forward is None else forward(model)
        self._log_p.append(logits.double().log_softmax(-1))
        for part, mode in modes.items():
            part.training = mode

    @property
    def steps(self) -> int:
        """Training steps seen."""
        return len(self._log_p) - 1

    def sums(self) -> dict[str, Tensor]:
        """``entropy_conditional``, ``work`` and ``heat`` at each step from the first model on, means over the probe."""
        log_p = torch.stack(self._log_p)
        p = log_p.exp()
        entropy = -(p * log_p).sum(-1).mean(-1)
        before = -(p[:-1] * log_p[1:]).sum(-1).mean(-1)  # the energy of the model's own outcomes, once it has moved
        work, heat = (before - entropy[:-1]).cumsum(0), (entropy[1:] - before).cumsum(0)
        zero = torch.zeros(1, dtype=torch.float64)
        return {"entropy_conditional": entropy, "work": torch.cat([zero, work]), "heat": torch.cat([zero, heat])}


def worst(record: Any, sums: dict[str, Tensor]) -> float:
    """The largest difference between a record of every step and one's own sums, of the largest value of the kind.

    Infinite where they have not the same steps.

    Args:
        record: ``run.data``.
        sums: of :meth:`OwnSums.sums`.
    """
    differences = []
    for name, mine in sums.items():
        theirs = torch.as_tensor(record[name].values.copy())
        if theirs.shape != mine.shape:
            return float("inf")
        differences.append(float((theirs - mine).abs().max() / mine.abs().max()))
    return max(differences)
