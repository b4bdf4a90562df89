"""Hugging Face's Trainer: accumulation, clipping, bf16, warm-up, an evaluation after every fourth step."""

import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Examples, Task
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments

from szilard.integrations import HuggingFaceCallback  # szilard


class Pictures(Dataset[dict[str, Tensor]]):
    """Examples by the names that the model gives them."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        pixels, label = self.examples[index]
        return {"pixel_values": pixels, "labels": label}

    def __getitems__(self, indices: list[int]) -> list[dict[str, Tensor]]:
        return [{"pixel_values": pixels, "labels": label} for pixels, label in self.examples.__getitems__(indices)]


class Classifier(nn.Module):
    """As models of transformers: logits, and the loss where there are labels."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.net = task.network()

    def forward(self, pixel_values: Tensor, labels: Tensor | None = None) -> dict[str, Tensor]:
        logits = self.net(pixel_values)
        return {"logits": logits} if labels is None else {"loss": F.cross_entropy(logits, labels), "logits": logits}


class ByHand(TrainerCallback):  # sums
    def __init__(self, look: OwnSums) -> None:  # sums
        self.look = look  # sums

    def on_train_begin(self, args, state, control, model=None, **kwargs) -> None:  # sums
        self.look(model.net)  # sums

    def on_optimizer_step(self, args, state, control, model=None, **kwargs) -> None:  # sums
        self.look(model.net)  # sums


def train(task: Task, look: OwnSums) -> list[object]:
    often, accumulation = (4, 2) if task.every == 1 else (500, 1)
    arguments = TrainingArguments(
        task.out + "-trainer",
        num_train_epochs=task.epochs,
        per_device_train_batch_size=task.batch_size,
        gradient_accumulation_steps=accumulation,
        learning_rate=3e-3,
        warmup_steps=3,
        bf16=True,
        eval_strategy="steps", eval_steps=often,
        logging_steps=often, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, log_level="error",
    )  # fmt: skip
    trainer = Trainer(
        Classifier(task),
        arguments,
        train_dataset=Pictures(task.examples),
        eval_dataset=Pictures(Examples(task.probe, task.labels)),
        callbacks=[
            HuggingFaceCallback("validation", out=task.out, every=task.every),  # szilard
            ByHand(look),  # sums
        ],
    )
    trainer.train()
    losses = [[entry.get(name) for name in ("loss", "eval_loss", "grad_norm")] for entry in trainer.state.log_history]
    return [trainer.model, trainer.optimizer, trainer.lr_scheduler, losses[:-1]]
