"""Lightning Fabric: a loop of one's own, whose model, optimiser and loader Fabric has set up in bf16-mixed."""

import torch
import torch.nn.functional as F
from lightning.fabric import Fabric
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    fabric.launch()
    model = task.network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model, optimizer = fabric.setup(model, optimizer)
    loader = fabric.setup_dataloaders(task.loader())
    szilard.watch(model, optimizer, task.probe, labels=task.labels, out=task.out, every=task.every)  # szilard
    look(model.module)  # sums
    losses = []
    for _ in range(task.epochs):
        model.train()
        for batch_idx, (data, target) in enumerate(loader):
            is_accumulating = task.every == 1 and batch_idx % 2 == 0
            with fabric.no_backward_sync(model, enabled=is_accumulating):
                loss = F.cross_entropy(model(data), target)
                fabric.backward(loss / 2)
            if not is_accumulating:
                fabric.clip_gradients(model, optimizer, max_norm=1.0)
                optimizer.step()
                optimizer.zero_grad()
                look(model.module)  # sums
            losses.append(loss.detach())
    return [model, optimizer, losses]
