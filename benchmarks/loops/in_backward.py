"""An optimiser for each parameter, which steps within backward and frees the gradient, as torchtune does."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    optim_dict = {param: torch.optim.AdamW([param], lr=3e-3) for param in model.parameters()}

    def optim_step(param: Tensor) -> None:
        optim_dict[param].step()
        optim_dict[param].zero_grad()

    for param in model.parameters():
        param.register_post_accumulate_grad_hook(optim_step)
    optimizers = list(optim_dict.values())
    monitor = szilard.watch(model, optimizers, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for _ in range(task.epochs):
        for x, y in task.loader():
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            losses.append(loss.item())
            look(model)  # sums
    monitor.close()  # szilard
    return [model, optimizers, losses]
