"""Muon for matrices and AdamW for the rest, as modded-nanogpt pairs them, with warm-up of the momentum."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import nn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 10))
    hidden = [p for p in model[1:-1].parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if not any(p is h for h in hidden)]
    optimizers = [torch.optim.AdamW(others, lr=3e-3), torch.optim.Muon(hidden, lr=0.02, momentum=0.85)]
    szilard.watch(model, optimizers, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for _ in range(task.epochs):
        for step, (x, y) in enumerate(task.loader()):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            for group in optimizers[1].param_groups:
                group["momentum"] = 0.85 + 0.1 * min(step / 10, 1)
            for opt in optimizers:
                opt.step()
            model.zero_grad(set_to_none=True)
            losses.append(loss.item())
            look(model)  # sums
    return [model, optimizers, losses]
