"""Mixup with cosine annealing at each step, as facebookresearch/mixup-cifar10 writes it."""

import numpy as np
import torch
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn

import szilard  # szilard


def mixup_data(x: Tensor, y: Tensor, alpha: float) -> tuple[Tensor, Tensor, Tensor, float]:
    lam = np.random.beta(alpha, alpha)  # noqa: NPY002 - as it is written there
    index = torch.randperm(len(x))
    return lam * x + (1 - lam) * x[index], y, y[index], lam


def train(task: Task, look: OwnSums) -> list[object]:
    net = task.network()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=task.epochs * len(task.loader()))
    szilard.watch(net, optimizer, task.probe, labels=task.labels, out=task.out, every=task.every)  # szilard
    look(net)  # sums
    losses = []
    for _ in range(task.epochs):
        net.train()
        for inputs, targets in task.loader():
            inputs, targets_a, targets_b, lam = mixup_data(inputs, targets, alpha=1.0)
            outputs = net(inputs)
            loss = lam * criterion(outputs, targets_a) + (1 - lam) * criterion(outputs, targets_b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            look(net)  # sums
    return [net, optimizer, losses]
