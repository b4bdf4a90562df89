"""Federated averaging: clients train copies, the server loads their mean; a round is a step, as the loop says."""

from copy import deepcopy

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task

import szilard  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    server = task.network()
    monitor = szilard.watch(server, None, task.probe, out=task.out, every=task.every)  # szilard
    look(server)  # sums
    losses = []
    for _ in range(6):
        states = []
        for x, y in list(task.loader(batch_size=110)):
            client = deepcopy(server).train()
            optimizer = torch.optim.SGD(client.parameters(), lr=0.1)
            for rows in torch.randperm(len(x)).split(40):
                loss = F.cross_entropy(client(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            states.append(client.state_dict())
        mean = {key: torch.stack([state[key].float() for state in states]).mean(0) for key in states[0]}
        server.load_state_dict(mean)
        monitor.step()  # szilard
        look(server)  # sums
    return [server, losses]
