"""Low-rank adapters of peft on a frozen network."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from peft import LoraConfig, get_peft_model
from torch import nn

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    base = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.1, target_modules=["1", "3"])
    model = get_peft_model(base, config)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-2)
    szilard.watch(model, optimizer, task.probe, labels=task.labels, out=task.out, every=task.every)  # szilard
    look(model)  # sums
    losses = []
    model.train()
    for _ in range(task.epochs):
        for x, y in task.loader():
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trainable, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            look(model)  # sums
    return [model, optimizer, losses]
