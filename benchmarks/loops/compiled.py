"""A compiled model, and an optimiser whose step is compiled, too."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=torch.tensor(1e-2))
    compiled = torch.compile(model)
    szilard.watch(compiled, optimizer, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums

    @torch.compile(fullgraph=False)
    def step() -> None:
        optimizer.step()

    losses = []
    for _ in range(task.epochs):
        for x, y in task.loader(drop_last=True):
            loss: Tensor = F.cross_entropy(compiled(x), y)
            loss.backward()
            step()
            optimizer.zero_grad()
            losses.append(loss.item())
            look(model)  # sums
    return [model, optimizer, losses]
