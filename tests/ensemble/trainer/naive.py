"""What the trainer must agree with: one plain PyTorch loop for each member, on the same batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.ensemble.trainer import Cohort, Trainer, make_trainer
from szilard.ensemble.trainer.batches import BatchOrder
from szilard.training import Training

MEMBERS = 3


def cohort(
    members: int = MEMBERS,
    size: int = 24,
    shape: Sequence[int] = (6,),
    classes: int = 4,
    dtype: torch.dtype = torch.float64,
) -> Cohort:
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(40, *shape, generator=generator, dtype=dtype)
    index = torch.stack([torch.randperm(40, generator=generator)[:size] for _ in range(members)])
    return Cohort(inputs, index, torch.randint(classes, (members, size), generator=generator))


def perceptron(dtype: torch.dtype = torch.float64, activation: type[nn.Module] = nn.ReLU) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return nn.Sequential(
            nn.Flatten(), nn.Linear(6, 9), activation(), nn.Linear(9, 7), activation(), nn.Linear(7, 4)
        ).to(dtype)

    return build


@dataclass(frozen=True)
class Seeds:
    initialisation: tuple[int, ...]
    order: tuple[int, ...]
    forward: tuple[int, ...]

    @classmethod
    def of(cls, members: int) -> Seeds:
        each = range(members)
        return cls(tuple(100 + m for m in each), tuple(200 + m for m in each), tuple(300 + m for m in each))

    def pick(self, members: Sequence[int]) -> Seeds:
        return Seeds(*(tuple(seeds[m] for m in members) for seeds in (self.initialisation, self.order, self.forward)))


def trainer(
    build: Callable[[], nn.Module], training: Training, data: Cohort, seeds: Seeds | None = None, **options: Any
) -> Trainer:
    seeds = seeds or Seeds.of(data.members)
    return make_trainer(
        build,
        training,
        data,
        initialisation_seeds=seeds.initialisation,
        order_seeds=seeds.order,
        forward_seeds=seeds.forward,
        **options,
    )


def rows_of(data: Cohort, training: Training, order_seed: int, steps: int) -> list[Tensor]:
    """The batches of one member, as positions in its training set."""
    order = BatchOrder(data.size, training.batch_size, training.shuffle, [order_seed])
    blocks = torch.cat([order.block(number)[0] for number in range(1 + steps // order.steps)])
    return list(blocks[:steps])


def naive(
    build: Callable[[], nn.Module],
    training: Training,
    data: Cohort,
    member: int,
    steps: int,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> tuple[nn.Module, float]:
    """One member, trained as anyone would; and its mean training loss."""
    seeds = Seeds.of(data.members)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.initialisation[member])
        model = build()
    optimizer = training.optimizer.build(model.parameters())
    inputs, labels = data.inputs[data.index[member]], data.labels[member]
    lost = []
    for step, rows in enumerate(rows_of(data, training, seeds.order[member], steps)):
        if training.schedule is not None:
            rate = training.optimizer.lr * training.schedule.multiplier(step, training.steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
        value = loss(model(inputs[rows]), labels[rows])
        optimizer.zero_grad()
        value.backward()
        if training.clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), training.clip_norm)
        optimizer.step()
        lost.append(value.item())
    return model.eval(), sum(lost) / len(lost)


def assert_same_run(
    taken: Trainer,
    build: Callable[[], nn.Module],
    training: Training,
    data: Cohort,
    steps: int,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    tolerance: float = 1e-9,
    losses: bool = True,
    plain: Sequence[tuple[nn.Module, float]] = (),
) -> None:
    """Holds a trainer that has done ``steps`` against the plain loop, member by member: ``plain``, if it was run."""
    plain = plain or [naive(build, training, data, member, steps, loss) for member in range(data.members)]
    logits, lost, parameters = taken.logits(data.inputs), taken.losses(), taken.parameters()
    for member, (model, mean) in enumerate(plain):
        with torch.no_grad():
            torch.testing.assert_close(logits[member], model(data.inputs), rtol=tolerance, atol=tolerance)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(parameters[name][member], parameter.detach(), rtol=tolerance, atol=tolerance)
        assert not losses or abs(lost[member].item() - mean) < tolerance * max(1, abs(mean))
