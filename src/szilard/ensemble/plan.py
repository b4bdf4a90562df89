"""A plan: everything about an ensemble that is settled before the first step, and its cutting into chunks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from szilard.ensemble.chunk import Chunk
from szilard.ensemble.chunked_plan import ChunkedPlan
from szilard.ensemble.datasets import Draw
from szilard.ensemble.design import Design, Member
from szilard.ensemble.tasks import Truth
from szilard.ensemble.trainer import Cohort, suggested_chunk
from szilard.ensemble.trial import Trial, try_model
from szilard.errors import SpecError
from szilard.training import SGD, Training, streams
from szilard.training.training import batches

LEAST_COINS = 4
"""Data sets of a supersample."""


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(ChunkedPlan):
    """An ensemble, ready to be trained.

    Attributes:
        training, design: see :class:`szilard.Experiment`.
        split: from which the probe was drawn: ``"train"`` or ``"test"``.
        probe_rows: the probe, as rows of that split; the same for all members.
        labelled: whether the probe's labels may be looked at.
        blocks: numbers of probe inputs that are taken jointly.
        chunk: members trained together; None leaves it to szilard.
    """

    training: Training
    design: Design
    split: str
    probe_rows: Int[Tensor, " inputs"]
    labelled: bool
    blocks: tuple[int, ...]
    chunk: int | None

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Every member of the design, seeds the fastest: task, then data set, then seed."""
        return self.design.members(self.seed)

    @cached_property
    def truths(self) -> tuple[Truth, ...]:
        """Labels of the data under each task, by the number of the task."""
        kind = self.design.task_kind
        return tuple(kind.draw(task, self.data, self.seed) for task in range(kind.count))

    @cached_property
    def draws(self) -> dict[tuple[int, int], Draw]:
        """The data set of each task and number.

        Raises:
            SpecError: if the data are too few.
        """
        classes = len(self.data.classes)
        return {
            (task, number): draw
            for task, truth in enumerate(self.truths)
            for number, draw in enumerate(self.design.dataset_kind.draw(task, truth, classes, self.seed))
        }

    @cached_property
    def probe(self) -> Shaped[Tensor, "inputs ..."]:
        """The inputs on which all members are measured, inputs leading."""
        return self.data.split(self.split)[0][self.probe_rows]

    @cached_property
    def trial(self) -> Trial:
        """What one model shows; see :func:`~szilard.ensemble.trial.try_model`."""
        return try_model(self.model, self.members[0].initialisation_seed, self.probe, self.place)

    @property
    def place(self) -> str:
        """The device, if this machine has it; members of a cluster may be trained on one that it has not."""
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError):
            return "cpu"
        return self.device

    @property
    def parameters(self) -> int:
        """Number of scalars that one member trains or holds."""
        return self.trial.parameters

    @cached_property
    def chunk_size(self) -> int:
        """Members in a chunk: as asked, or few enough that their weights stay in cache."""
        if self.chunk is not None:
            return min(self.chunk, len(self.members))
        optimizer = self.training.optimizer
        copies = 3 if not isinstance(optimizer, SGD) else 2 if optimizer.momentum else 1
        return suggested_chunk(
            self.parameters * copies * self.probe.element_size(),
            self.training.batch_size,
            example_bytes=2 * self.probe[0].nbytes,
            members=len(self.members),
            workers=self.workers,
            device=self.place,
        )

    @property
    def weights(self) -> list[int]:
        """Members of each chunk."""
        return [len(members) for members in self.members_of_chunks]

    @property
    def cut(self) -> int:
        """Members in a chunk; the last one may have fewer."""
        return self.chunk_size

    def cut_as(self, cut: Any) -> Plan:
        """See :meth:`ChunkedPlan.cut_as`."""
        return self if self.chunk is not None else dataclasses.replace(self, chunk=cut)

    @property
    def members_of_chunks(self) -> list[tuple[Member, ...]]:
        """For each chunk the members that are trained side by side in it."""
        size = self.chunk_size
        return [self.members[first : first + size] for first in range(0, len(self.members), size)]

    def make_chunk(self, number: int) -> Chunk:
        """A chunk with its data: only the examples that its members are trained on."""
        members = self.members_of_chunks[number]
        draws = [self.draws[member.task, member.dataset] for member in members]
        rows = torch.stack([draw.index for draw in draws])
        used, index = torch.unique(rows, return_inverse=True)
        cohort = Cohort(self.data.train_inputs[used], index, torch.stack([draw.labels for draw in draws]))
        pairs = draws[0].pairs
        return Chunk(
            number=number,
            members=members,
            model=self.model,
            training=self.training,
            cohort=cohort,
            probe=self.probe,
            labels=torch.stack([self._probe_labels[member.task] for member in members]) if self.labelled else None,
            supersample=None if pairs is None else self.data.train_inputs[pairs.T.flatten()],
            steps=self.steps,
            epsilon=self.trial.precision.epsilon,
            device=self.device,
            threads=self.threads,
        )

    @cached_property
    def coins(self) -> Int[Tensor, "members pairs"] | None:
        """In a supersample design which half of each pair each member was trained on."""
        chosen = [self.draws[member.task, member.dataset].chosen for member in self.members]
        known = [coins for coins in chosen if coins is not None]
        return torch.stack(known) if known else None

    @cached_property
    def _probe_labels(self) -> list[Int[Tensor, " inputs"]]:
        """True labels of the probe under each task; −1 where it has none."""
        return [
            truth.labels(self.split, self.probe_rows, streams.generator_of(self.seed, f"{streams.PROBE} {task}"))
            for task, truth in enumerate(self.truths)
        ]

    def check(self) -> None:
        """Refuses what cannot be carried out, before anything is written.

        Raises:
            SpecError: if the data are too few, or a supersample design has several tasks.
            ModelError: if the model does not fit.
        """
        if self.chunk is not None and self.chunk < 1:
            raise SpecError(f"chunk must be at least 1, not {self.chunk}: leave it out to have it chosen.")
        if len(self.members) < 2:
            raise SpecError(
                "a design of one member is no ensemble: give several tasks, datasets or seeds, or leave the design out"
                " to watch a single run."
            )
        if self.design.described()["supersample"]:
            if self.design.task_kind.count > 1:
                raise SpecError("a supersample belongs to one task: set design.tasks to 1.")
            if self.design.dataset_kind.count < LEAST_COINS:
                raise SpecError(
                    f"a supersample of {self.design.dataset_kind.count} data sets has no pair that two of them took"
                    f" either way: set datasets.count to {LEAST_COINS} or more, better 12."
                )
        sizes = {len(draw.index) for draw in self.draws.values()}
        if len(sizes) > 1:
            raise SpecError(f"data sets differ in size ({sorted(sizes)}): give datasets.size, so that all are alike.")
        batches(sizes.pop(), self.training.batch_size, self.training.shuffle, torch.Generator())
        if self.training.loss is None:
            self.check_outcomes()
        # Whatever draws at random is drawn here, in the program's own thread.
        assert self.labelled is False or self._probe_labels
