"""Half precision with a scaler that finds overflows, clipping in between, as PyTorch's recipe for AMP has it."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    net = task.network()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=4)
    szilard.watch(net, opt, task.probe, out=task.out, every=task.every)  # szilard
    look(net)  # sums
    losses = []
    for _ in range(task.epochs):
        for input, target in task.loader():
            with torch.autocast("cpu", torch.float16):
                output = net(input)
                loss = F.cross_entropy(output, target)
            scaler.scale(loss).backward()
            scaler.unscale_(opt)
            torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
            scale = scaler.get_scale()
            scaler.step(opt)
            scaler.update()
            losses.append(loss.item())
            if scaler.get_scale() >= scale:  # sums
                look(net)  # sums
            opt.zero_grad()
    return [net, opt, scaler, losses]
