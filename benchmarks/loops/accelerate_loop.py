"""A loop with Accelerate: accumulation, clipping, bf16, a schedule, an evaluation after each epoch."""

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from loops.own_sums import OwnSums
from loops.task import Task
from torch.utils.data import DataLoader, TensorDataset

from szilard.integrations import watch_accelerate  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    accumulation = 2 if task.every == 1 else 1
    accelerator = Accelerator(gradient_accumulation_steps=accumulation, mixed_precision="bf16", cpu=True)
    model = task.network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.99**step)
    held_out = DataLoader(TensorDataset(task.probe, task.labels), batch_size=50)
    prepared = accelerator.prepare(model, optimizer, task.loader(), held_out, scheduler)
    model, optimizer, train_dataloader, eval_dataloader, scheduler = prepared
    watch_accelerate(accelerator, model, optimizer, eval_dataloader, out=task.out, every=task.every)  # szilard
    look(model, lambda model: type(model).forward(model, task.probe))  # sums
    losses = []
    for _ in range(task.epochs):
        model.train()
        for inputs, targets in train_dataloader:
            with accelerator.accumulate(model):
                loss = F.cross_entropy(model(inputs), targets)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
            losses.append(loss.item())
            if accelerator.sync_gradients:  # sums
                look(model, lambda model: type(model).forward(model, task.probe))  # sums
        model.eval()
        for inputs, targets in eval_dataloader:
            with torch.no_grad():
                losses.append(F.cross_entropy(model(inputs), targets).item())
    accelerator.end_training()
    return [model, optimizer.optimizer, losses]
