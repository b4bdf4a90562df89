"""Resumed in the middle from a checkpoint of model, optimiser, schedule and step: what comes after is watched."""

import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def part(task: Task, look: OwnSums, path: Path, until: int) -> list[object]:
    model = task.network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=22)
    step, losses = 0, []
    if path.exists():
        checkpoint = torch.load(path, weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        step = checkpoint["step"]
        szilard.watch(model, optimizer, task.probe, out=task.out, every=task.every, first_step=step)  # szilard
        look(model)  # sums
    loader = iter(task.loader())
    while step < until:
        x, y = next(loader)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        step += 1
        losses.append(loss.item())
        if until > 11:  # sums
            look(model)  # sums
    states = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    torch.save({"step": step} | {name: each.state_dict() for name, each in states.items()}, path)
    return [*states.values(), losses]


def train(task: Task, look: OwnSums) -> list[object]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "checkpoint.pt"
        part(task, look, path, until=11)
        return part(task, look, path, until=22)
