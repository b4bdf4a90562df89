"""A finite population of classifiers, task → dataset → seed: every information by enumeration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require

_JOINT_OUTCOMES = 4_096


@dataclass(frozen=True)
class CategoricalTeachers:
    """Classifiers whose logits on each input are a base, plus what task, dataset, initialisation and order add.

    There are ``tasks`` tasks, for each ``datasets`` datasets, and ``initialisations`` × ``orders`` seeds for all of
    them, each equally likely; effects are normal with the standard deviation given for their level, drawn once. An
    ensemble is a sample of this population with replacement, so that what it estimates is known: sums over all of it.

    Args:
        tasks: in the population.
        datasets: of each task.
        initialisations: that a seed may have.
        orders: of batches that a seed may have.
        inputs: probe inputs.
        outcomes: C, labels.
        task: strength of the task's effect on logits.
        dataset: of the dataset's; 0 makes all datasets of a task alike.
        initialisation: of the initialisation's.
        order: of the order's.
        interaction: of what initialisation and order do only together.
        base: of what all classifiers have in common.
        population: seed of all effects.

    Raises:
        SpecError: for counts below 1 or strengths below 0.

    Example:
        >>> null = CategoricalTeachers(dataset=0.0)
        >>> null.exact()["info_dataset"] < 1e-14 < null.exact()["info_seed"]
        True
    """

    tasks: int = 1
    datasets: int = 24
    initialisations: int = 16
    orders: int = 16
    inputs: int = 4
    outcomes: int = 4
    task: float = 0.0
    dataset: float = 0.5
    initialisation: float = 0.4
    order: float = 0.4
    interaction: float = 0.0
    base: float = 1.0
    population: int = 0

    def __post_init__(self) -> None:
        for name in ("tasks", "datasets", "initialisations", "orders", "inputs"):
            value = getattr(self, name)
            require(isinstance(value, int) and value >= 1, f"{name} is {value!r}: give a whole number, 1 or more.")
        require(self.outcomes >= 2, f"outcomes is {self.outcomes}: give at least 2.")
        for name in ("task", "dataset", "initialisation", "order", "interaction", "base"):
            value = getattr(self, name)
            require(math.isfinite(value) and value >= 0, f"{name} is {value}: give a finite strength, 0 or more.")

    # Population

    @cached_property
    def log_p(self) -> Float[Tensor, "tasks datasets initialisations orders inputs outcomes"]:
        """Log-probabilities of every classifier in the population."""
        generator = torch.Generator().manual_seed(self.population)
        levels = (self.tasks, self.datasets, self.initialisations, self.orders)
        logits = torch.zeros(1, 1, 1, 1, self.inputs, self.outcomes, dtype=torch.float64)
        for strength, varies in (
            (self.base, ()),
            (self.task, (0,)),
            (self.dataset, (0, 1)),
            (self.initialisation, (2,)),
            (self.order, (3,)),
            (self.interaction, (2, 3)),
        ):
            shape = [size if level in varies else 1 for level, size in enumerate(levels)]
            effect = torch.randn(*shape, self.inputs, self.outcomes, generator=generator, dtype=torch.float64)
            if strength:  # so that nothing is larger than it must be
                logits = logits + strength * effect
        return torch.log_softmax(logits.expand(*levels, -1, -1), -1)

    # Protocol

    def ensemble(
        self,
        *,
        tasks: int = 1,
        datasets: int = 1,
        seeds: int | tuple[int, int] = 1,
        replicates: int = 1,
        seed: int = 0,
    ) -> Float[Tensor, "replicates members inputs outcomes"]:
        """Log-probabilities of nested samples, members in the order task, dataset, seed.

        ``seeds`` draws an initialisation and an order for each member; a pair crosses so many of them (order last).
        """
        rows, columns = (seeds, 1) if isinstance(seeds, int) else seeds
        generator = torch.Generator().manual_seed(seed)
        nest = (replicates, tasks, datasets, rows, columns)
        crossed = not isinstance(seeds, int)
        task = self._draw(self.tasks, (replicates, tasks, 1, 1, 1), nest, generator)
        dataset = self._draw(self.datasets, (replicates, tasks, datasets, 1, 1), nest, generator)
        row = self._draw(self.initialisations, (replicates, tasks, datasets, rows, 1), nest, generator)
        shape = (replicates, tasks, datasets, 1 if crossed else rows, columns)
        column = self._draw(self.orders, shape, nest, generator)
        return self.log_p[task, dataset, row, column].flatten(1, 4)

    @staticmethod
    def _draw(population: int, shape: tuple[int, ...], nest: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(population, shape, generator=generator).expand(nest)

    # Answers

    def exact(self, *, block: int = 1) -> Mapping[str, float]:
        """Informations and entropies in nats, means over inputs (or over disjoint blocks of inputs), by record name.

        ``info_task, info_dataset, info_seed, info_data, l_info, info_seed_initialisation, info_seed_order,
        entropy_marginal, entropy_conditional``; for single inputs also ``cross_entropy_between`` and the quadratic
        components ``E‖p − p̄‖²``.
        """
        p = self._joint(block).exp()
        means = [p, p.mean(3), p.mean((2, 3)), p.mean((1, 2, 3)), p.mean((0, 1, 2, 3))]
        member, row, dataset, task, whole = (-torch.xlogy(q, q).sum(-1).mean().item() for q in means)
        answers = {
            "info_task": whole - task,
            "info_dataset": task - dataset,
            "info_seed": dataset - member,
            "info_data": whole - dataset,
            "l_info": whole - member,
            "info_seed_initialisation": dataset - row,
            "info_seed_order": row - member,
            "entropy_marginal": whole,
            "entropy_conditional": member,
        }
        return answers if block > 1 else answers | self._pairs(p)

    def _joint(self, block: int) -> Float[Tensor, "tasks datasets initialisations orders blocks outcomes"]:
        require(
            1 <= block <= self.inputs and self.outcomes**block <= _JOINT_OUTCOMES,
            f"block is {block}: give 1 to {self.inputs} inputs with at most {_JOINT_OUTCOMES:,} joint outcomes.",
        )
        blocks = self.inputs // block
        used = self.log_p[..., : blocks * block, :].unflatten(-2, (blocks, block))
        joint = used[..., 0, :]
        for index in range(1, block):
            joint = (joint[..., None] + used[..., index, None, :]).flatten(-2)
        return joint

    def _pairs(self, p: Tensor) -> dict[str, float]:
        """What two independent members of one task, or of one dataset, have in common."""

        def square(mean: Tensor) -> float:
            return mean.square().sum(-1).mean().item()

        of_task, of_dataset = p.mean((1, 2, 3)), p.mean((2, 3))
        cross = -(of_task * self.log_p.mean((1, 2, 3))).sum(-1).mean().item()
        own, row, column, dataset = square(p), square(p.mean(3)), square(p.mean(2)), square(of_dataset)
        return {
            "cross_entropy_between": cross,
            "info_task_quadratic": square(of_task) - square(p.mean((0, 1, 2, 3))),
            "info_dataset_quadratic": dataset - square(of_task),
            "info_seed_quadratic": own - dataset,
            "info_seed_initialisation_quadratic": row - dataset,
            "info_seed_order_quadratic": column - dataset,
            "info_seed_interaction_quadratic": own - row - column + dataset,
        }
