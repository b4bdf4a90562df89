"""An average of the weights that the loop renews after each step, as timm's ModelEma: the average is watched."""

from copy import deepcopy

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import nn

import szilard  # szilard


class ModelEma(nn.Module):
    """Keeps a moving average of everything in the model's state_dict, buffers included."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = deepcopy(model).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        for ema_v, model_v in zip(self.module.state_dict().values(), model.state_dict().values(), strict=True):
            ema_v.copy_(self.decay * ema_v + (1.0 - self.decay) * model_v)


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    model_ema = ModelEma(model, decay=0.9)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, momentum=0.9)
    szilard.watch(model_ema.module, optimizer, task.probe, copy_of=model, out=task.out, every=task.every)  # szilard
    look(model_ema.module)  # sums
    losses = []
    for _ in range(task.epochs):
        model.train()
        for input, target in task.loader():
            loss = F.cross_entropy(model(input), target, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            model_ema.update(model)
            losses.append(loss.item())
            look(model_ema.module)  # sums
    return [model, model_ema, optimizer, losses]
