"""A GAN as PyTorch's DCGAN example alternates: the discriminator is watched, on real images."""

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import nn

import szilard  # szilard

nz = 8


def train(task: Task, look: OwnSums) -> list[object]:
    netG = nn.Sequential(nn.Linear(nz, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid())
    netD = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
    optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
    szilard.watch(netD, optimizerD, task.probe, loss_fn=criterion, out=task.out, every=task.every)  # szilard
    look(netD, lambda netD: F.pad(netD(task.probe), (1, 0)))  # sums
    losses = []
    for _ in range(task.epochs):
        for data, _ in task.loader():
            netD.zero_grad()
            errD_real = criterion(netD(data), torch.ones(len(data), 1))
            errD_real.backward()
            fake = netG(torch.randn(len(data), nz))
            errD_fake = criterion(netD(fake.detach()), torch.zeros(len(data), 1))
            errD_fake.backward()
            optimizerD.step()
            look(netD, lambda netD: F.pad(netD(task.probe), (1, 0)))  # sums
            netG.zero_grad()
            errG = criterion(netD(fake), torch.ones(len(data), 1))
            errG.backward()
            optimizerG.step()
            losses.append([errD_real.item() + errD_fake.item(), errG.item()])
    return [netD, netG, optimizerD, optimizerG, losses]
