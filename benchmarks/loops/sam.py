"""Sharpness-aware minimisation in two steps, as davda54/sam: up to the worst neighbour, and down from its gradient."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


class SAM(torch.optim.Optimizer):
    """Climbs to ``w + e(w)`` in the first step; the base optimiser steps from ``w`` in the second."""

    def __init__(self, params, base_optimizer, rho=0.05, **kwargs) -> None:
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad: bool = False) -> None:
        norms = [p.grad.norm(p=2) for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.norm(torch.stack(norms), p=2)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.state[p]["old_p"] = p.data.clone()
                    p.add_(p.grad * group["rho"] / (norm + 1e-12))
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad: bool = False) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    optimizer = SAM(model.parameters(), torch.optim.SGD, rho=0.05, lr=0.05, momentum=0.9)
    szilard.watch(model, optimizer, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for _ in range(task.epochs):
        for inputs, targets in task.loader():
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            optimizer.first_step(zero_grad=True)
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.second_step(zero_grad=True)
            losses.append(loss.item())
            look(model)  # sums
    return [model, optimizer, losses]
