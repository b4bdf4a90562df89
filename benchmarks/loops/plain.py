"""A plain loop with a schedule and an evaluation after each epoch, as PyTorch's tutorials write it."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader = task.loader()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    szilard.watch(model, optimizer, task.probe, labels=task.labels, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for _ in range(task.epochs):
        model.train()
        for data, target in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            look(model)  # sums
        model.eval()
        with torch.no_grad():
            losses.append(F.cross_entropy(model(task.probe), task.labels).item())
        scheduler.step()
    return [model, optimizer, losses]
