"""Lightning, manual optimisation: a GAN, whose discriminator is watched as one logit, yes or no."""

import lightning as L
import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn

from szilard.integrations import LightningCallback  # szilard


class GAN(L.LightningModule):
    """As in Lightning's own example."""

    def __init__(self, task: Task, look: OwnSums) -> None:
        super().__init__()
        self.automatic_optimization = False
        size = task.probe[0].numel()
        self.generator = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, size))
        self.discriminator = nn.Sequential(nn.Flatten(), nn.Linear(size, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
        self.look, self.probe, self.losses = look, task.probe, []

    def forward(self, imgs: Tensor) -> Tensor:
        return self.discriminator(imgs)

    def adversarial_loss(self, imgs: Tensor, real: float) -> Tensor:
        logits = self.discriminator(imgs)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        imgs, _ = batch
        optimizer_g, optimizer_d = self.optimizers()
        z = torch.randn(len(imgs), 8)
        self.toggle_optimizer(optimizer_g)
        g_loss = self.adversarial_loss(self.generator(z), 1.0)
        self.manual_backward(g_loss)
        optimizer_g.step()
        optimizer_g.zero_grad()
        self.untoggle_optimizer(optimizer_g)
        self.toggle_optimizer(optimizer_d)
        fake = self.adversarial_loss(self.generator(z).detach(), 0.0)
        d_loss = (self.adversarial_loss(imgs, 1.0) + fake) / 2
        self.manual_backward(d_loss)
        self.clip_gradients(optimizer_d, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        optimizer_d.step()
        optimizer_d.zero_grad()
        self.untoggle_optimizer(optimizer_d)
        self.losses.append([g_loss.detach(), d_loss.detach()])
        self.look(self.discriminator, self.yes_or_no)  # sums

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        parts = [self.generator, self.discriminator]
        return [torch.optim.Adam(part.parameters(), lr=2e-3, betas=(0.5, 0.999)) for part in parts]

    def yes_or_no(self, discriminator: nn.Module) -> Tensor:  # sums
        return F.pad(discriminator(self.probe), (1, 0))  # sums

    def on_train_start(self) -> None:  # sums
        self.look(self.discriminator, self.yes_or_no)  # sums


def train(task: Task, look: OwnSums) -> list[object]:
    model = GAN(task, look)
    said = F.binary_cross_entropy_with_logits  # szilard
    watching = LightningCallback(task.probe, loss_fn=said, out=task.out, every=task.every)  # szilard
    trainer = L.Trainer(
        max_epochs=task.epochs,
        callbacks=[watching],  # szilard
        accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, task.loader())
    return [model, trainer.optimizers, model.losses]
