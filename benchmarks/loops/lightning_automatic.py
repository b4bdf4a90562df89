"""Lightning, automatic optimisation: accumulation, clipping, bf16-mixed, a schedule, validation in the middle."""

import lightning as L
import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from szilard.integrations import LightningCallback  # szilard


class LitDigits(L.LightningModule):
    """A classifier."""

    def __init__(self, task: Task, look: OwnSums) -> None:
        super().__init__()
        self.net, self.look, self.losses, self.max_lr = task.network(), look, [], 0.05

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self.losses.append(F.cross_entropy(self(x), y).item())

    def configure_optimizers(self) -> dict[str, object]:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9)
        steps = self.trainer.estimated_stepping_batches
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=self.max_lr, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_train_start(self) -> None:  # sums
        self.look(self)  # sums

    def optimizer_step(self, *args: object, **kwargs: object) -> None:  # sums
        super().optimizer_step(*args, **kwargs)  # sums
        self.look(self)  # sums


def train(task: Task, look: OwnSums) -> list[object]:
    model = LitDigits(task, look)
    validation = DataLoader(TensorDataset(task.probe, task.labels), batch_size=50)
    trainer = L.Trainer(
        max_epochs=task.epochs,
        accumulate_grad_batches=2 if task.every == 1 else 1,
        gradient_clip_val=1.0,
        precision="bf16-mixed",
        val_check_interval=5 if task.every == 1 else None,
        callbacks=[LightningCallback("validation", out=task.out, every=task.every)],  # szilard
        accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, task.loader(), validation)
    return [model, trainer.optimizers, model.losses]
