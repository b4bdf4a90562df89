"""Carries a run out, and gives the rows of its record."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from forgetting.spec import GROUP, Forgetting
from szilard.data import Dataset
from szilard.records.schema import Group
from szilard.studies.life import Options, Row, Whole, carry_out_whole, seconds_each


def carry_out(spec: Forgetting, data: Dataset, out: Path, options: Options) -> None:
    carry_out_whole(Trainings(spec, data), data.name, out, options)


class Trainings(Whole):
    def __init__(self, spec: Forgetting, data: Dataset) -> None:
        self.spec, self.told, self.total, self._rows = spec, f"{spec.seeds} trainings", spec.steps, list[Row]()
        inputs, self._labels = data.split("train")
        self._inputs, generator = inputs.flatten(1), torch.Generator().manual_seed(spec.seed)
        shape = (spec.seeds, self._inputs.shape[1], len(data.classes))
        self._weights = torch.randn(shape, generator=generator, requires_grad=True)

    def seconds(self) -> float:
        return self.spec.steps * seconds_each(self._losses)

    def measure(self, advance: Callable[[int], None]) -> None:
        optimizer = torch.optim.SGD([self._weights], lr=self.spec.lr, weight_decay=self.spec.weight_decay)
        for step in range(self.spec.steps + 1):
            losses, apart = self._losses(), (self._weights - self._weights.mean(0)).flatten(1).norm(dim=1)
            row = {"distance": apart.mean(), "distance_error": apart.std() / len(apart) ** 0.5,
                   "loss": losses.mean(), "loss_error": losses.std() / len(losses) ** 0.5}  # fmt: skip
            self._rows.append(("forgetting", step, {name: each.item() for name, each in row.items()}))
            self._weights.grad = torch.autograd.grad(losses.sum(), self._weights)[0]
            optimizer.step()
            advance(1)

    def groups(self) -> tuple[Group, ...]:
        return (GROUP,)

    def rows(self) -> Iterator[Row]:
        return iter(self._rows)

    def _losses(self) -> torch.Tensor:
        return torch.stack([cross_entropy(self._inputs @ each, self._labels) for each in self._weights])
