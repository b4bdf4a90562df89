"""What the tests of frameworks share: sums by hand over the models that a training went through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn


@dataclass
class ByHand:
    """Work, heat and entropy of the models that it was shown, by their definitions, in float64.

    Attributes:
        logits: from a model to those of the probe, shaped ``(inputs, outcomes)`` or ``(inputs, heads, outcomes)``.
        seen: those of each model.
        weights: all parameters of each model.
    """

    logits: Callable[[nn.Module], Tensor]
    seen: list[np.ndarray] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)

    def look(self, model: nn.Module) -> None:
        """Takes in a model as it stands, in evaluation mode, and leaves it as it was."""
        training = [(part, part.training) for part in model.modules()]
        model.eval()
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            logits = self.logits(model).double().numpy()
        for part, mode in training:
            part.training = mode
        self.seen.append(logits.reshape(len(logits), -1, logits.shape[-1]))
        self.weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]).clone())

    def sums(self, records: Sequence[int]) -> dict[str, np.ndarray]:
        """W, Q and S at each of these models: a step at a time, summed over labels, averaged over inputs."""
        phi = [np.logaddexp.reduce(z, -1, keepdims=True) - z for z in (self.seen[number] for number in records)]
        phi = [np.where(np.isfinite(each), each, 0.0) for each in phi]  # what is impossible has no share
        p = [np.exp(-each) * (np.isfinite(self.seen[number])) for each, number in zip(phi, records, strict=True)]
        work, heat = [0.0], [0.0]
        for t in range(1, len(records)):
            work.append(work[-1] + (p[t - 1] * (phi[t] - phi[t - 1])).sum((1, 2)).mean())
            heat.append(heat[-1] + ((p[t] - p[t - 1]) * phi[t]).sum((1, 2)).mean())
        entropy = [(q * each).sum((1, 2)).mean() for q, each in zip(p, phi, strict=True)]
        return {"work": np.array(work), "heat": np.array(heat), "entropy_conditional": np.array(entropy)}

    def check(self, run: Any, *, tolerance: float = 1e-6, first: int = 0) -> None:
        """That a record says the same, at each of its steps; the first model seen was that of step ``first``."""
        found = self.sums([int(step) - first for step in run.data.step.values])
        for name, expected in found.items():
            np.testing.assert_allclose(run.data[name].values, expected, rtol=1e-4, atol=tolerance, err_msg=name)


@pytest.fixture
def by_hand() -> type[ByHand]:
    """The maker of sums by hand."""
    return ByHand
