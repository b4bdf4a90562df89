"""Force and noise as their definitions say, in float64: one example after the other, every gradient written out."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def gradient(model: nn.Module, inputs: Tensor, labels: Tensor) -> np.ndarray:
    """Of the mean loss, all parameters one behind the other."""
    model = copy.deepcopy(model).double()
    F.cross_entropy(model(inputs.double()), labels).backward()
    return np.concatenate([p.grad.flatten().numpy() for p in model.parameters()])


def singles(model: nn.Module, inputs: Tensor, labels: Tensor) -> np.ndarray:
    """Of each example, shaped ``(examples, parameters)``."""
    return np.stack([gradient(model, inputs[i : i + 1], labels[i : i + 1]) for i in range(len(inputs))])


def spans(model: nn.Module) -> list[slice]:
    """Where all parameters, and those of each linear layer, lie."""
    found, start = [], 0
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            size = sum(p.numel() for p in layer.parameters())
            found.append(slice(start, start + size))
            start += size
    return [slice(0, start), *found]


def noise(model: nn.Module, inputs: Tensor, labels: Tensor, batch: int) -> dict[str, np.ndarray]:
    """Noise variance of a batch drawn with replacement, squared force and largest force, group by group."""
    each = singles(model, inputs, labels)
    force = each.mean(0)
    variances = ((each - force) ** 2).mean(0) / batch
    groups = spans(model)
    return {
        "noise_variance": np.array([variances[group].mean() for group in groups]),
        "signal_variance": np.array([(force[group] ** 2).mean() for group in groups]),
        "max_force": np.array([np.abs(force[group]).max() for group in groups]),
    }


def train(
    model: nn.Module, inputs: Tensor, labels: Tensor, batches: Sequence[Tensor], rate: float
) -> tuple[list[nn.Module], list[np.ndarray]]:
    """Plain SGD; the model before each step, and η = −g + ∇U_B there."""
    model = copy.deepcopy(model).double()
    models, etas = [], []
    for rows in batches:
        models.append(copy.deepcopy(model))
        own = gradient(model, inputs[rows], labels[rows])
        etas.append(gradient(model, inputs, labels) - own)
        start = 0
        with torch.no_grad():
            for p in model.parameters():
                p -= rate * torch.from_numpy(own[start : start + p.numel()]).view_as(p)
                start += p.numel()
    return models, etas


def covariance(etas: np.ndarray, start: int, window: int, lag: int, group: slice) -> float:
    """``1/dim Σ_i ⟨η_i(t) η_i(t + h)⟩`` over members and steps t of the window; etas (members, steps, parameters)."""
    first, second = etas[:, start : start + window, group], etas[:, start + lag : start + lag + window, group]
    return float((first * second).mean(-1).mean())
