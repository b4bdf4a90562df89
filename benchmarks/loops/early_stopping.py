"""Validation after each epoch with patience, and the best checkpoint back into the model at the end."""

from copy import deepcopy

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    szilard.watch(model, optimizer, task.probe, labels=task.labels, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    best, waited, history = float("inf"), 0, []
    best_state = deepcopy(model.state_dict())
    for _ in range(10):
        model.train()
        for x, y in task.loader():
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            look(model)  # sums
        model.eval()
        with torch.no_grad():
            val_loss = F.cross_entropy(model(task.probe[:50]), task.labels[:50]).item()
        history.append(val_loss)
        if val_loss < best:
            best, waited, best_state = val_loss, 0, deepcopy(model.state_dict())
        elif (waited := waited + 1) >= 2:
            break
    model.load_state_dict(best_state)
    return [model, optimizer, history]
