"""Stochastic weight averaging of torch.optim.swa_utils, whose batch norm is renewed at the end."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    swa_model = AveragedModel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    swa_scheduler = SWALR(optimizer, swa_lr=0.05)
    monitor = szilard.watch(swa_model, optimizer, task.probe, copy_of=model, out=task.out, every=task.every)  # szilard
    look(swa_model)  # sums
    losses = []
    for epoch in range(3):
        for input, target in task.loader(batch_size=55):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(input), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if epoch > 0:
                swa_model.update_parameters(model)
            look(swa_model)  # sums
        (scheduler if epoch == 0 else swa_scheduler).step()
    monitor.close()  # szilard
    update_bn(task.loader(), swa_model)
    return [model, swa_model, optimizer, losses]
