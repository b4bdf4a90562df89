"""Schedule-free AdamW, as the MNIST example of schedule_free: its average, the one to be used, is watched."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from schedulefree import AdamWScheduleFree
from torch import nn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10))
    optimizer = AdamWScheduleFree(model.parameters(), lr=5e-3, warmup_steps=10)
    szilard.watch(model, optimizer, task.probe, weights="averaged", out=task.out, every=task.every)  # szilard
    optimizer.eval()  # sums
    look(model)  # sums
    losses = []
    for _ in range(task.epochs):
        model.train()
        optimizer.train()
        for data, target in task.loader():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            switched_to_x = [p.data.clone() for p in model.parameters()]  # sums
            optimizer.eval()  # sums
            look(model)  # sums
            optimizer.train()  # sums
            for p, y in zip(model.parameters(), switched_to_x, strict=True):  # sums
                p.data.copy_(y)  # sums
        model.eval()
        optimizer.eval()
        with torch.no_grad():
            losses.append(F.cross_entropy(model(task.probe), task.labels).item())
    return [model, optimizer, losses]
