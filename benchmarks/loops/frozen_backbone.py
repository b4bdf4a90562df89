"""Fine-tuning in stages: a head on a frozen backbone first, then all of it, with rates by layer and a new group."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    backbone, head = model[:5], model[5:]
    for param in backbone.parameters():
        param.requires_grad = False
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    szilard.watch(model, optimizer, task.probe, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    for epoch in range(2):
        model.train()
        if epoch == 0:
            backbone.eval()
        else:
            for param in backbone.parameters():
                param.requires_grad = True
            optimizer.add_param_group({"params": list(backbone.parameters()), "lr": 1e-3})
        for x, y in task.loader():
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            look(model)  # sums
    return [model, optimizer, losses]
