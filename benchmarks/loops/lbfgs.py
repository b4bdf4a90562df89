"""L-BFGS with a line search, whose closure is called several times a step, as the docs of torch.optim have it."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=5, history_size=10, line_search_fn="strong_wolfe")
    szilard.watch(model, optimizer, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for x, y in task.loader(batch_size=110):

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y) + 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
            loss.backward()
            return loss

        losses.append(float(optimizer.step(closure)))
        look(model)  # sums
    return [model, optimizer, losses]
