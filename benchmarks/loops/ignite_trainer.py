"""Ignite's supervised trainer: accumulated batches, a schedule, an evaluator that runs after every fifth iteration."""

import torch
import torch.nn.functional as F
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.handlers import LRScheduler
from ignite.metrics import Accuracy
from loops.own_sums import OwnSums
from loops.task import Task
from torch.utils.data import DataLoader, TensorDataset

from szilard.integrations import IgniteHandler  # szilard


def train(task: Task, look: OwnSums) -> list[object]:
    model = task.network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    accumulation, often = (2, 5) if task.every == 1 else (1, 500)
    trainer = create_supervised_trainer(model, optimizer, F.cross_entropy, gradient_accumulation_steps=accumulation)
    evaluator = create_supervised_evaluator(model, metrics={"accuracy": Accuracy()})
    validation = DataLoader(TensorDataset(task.probe, task.labels), batch_size=50)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.7)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, LRScheduler(scheduler))
    sets = {"validation": validation}  # szilard
    watching = IgniteHandler(model, optimizer, "validation", sets=sets, out=task.out, every=task.every)  # szilard
    watching.attach(trainer)  # szilard
    look(model)  # sums
    losses = []

    @trainer.on(Events.ITERATION_COMPLETED)  # sums
    def by_hand(engine: Engine) -> None:  # sums
        if engine.state.iteration % accumulation == 0:  # sums
            look(model)  # sums

    @trainer.on(Events.ITERATION_COMPLETED(every=often))
    def log(engine: Engine) -> None:
        evaluator.run(validation)
        losses.append([engine.state.output, evaluator.state.metrics["accuracy"]])

    trainer.run(task.loader(), max_epochs=task.epochs)
    return [model, optimizer, losses]
