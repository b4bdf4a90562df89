"""A plan of Figure 3: everything that is settled before the first step, and its cutting into chunks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.ensemble.chunked_plan import ChunkedPlan
from szilard.ensemble.gradient_sums import Group
from szilard.ensemble.per_example import make_gradients
from szilard.ensemble.trainer import Cohort, suggested_chunk
from szilard.ensemble.trainer.batches import BatchOrder
from szilard.ensemble.trial import Trial, try_model
from szilard.studies.fig3.engine.chunk import NoiseChunk
from szilard.studies.fig3.engine.schedule import Schedule
from szilard.training import Training, streams


class Part(NamedTuple):
    """Members of one chunk.

    Attributes:
        batch: the place of their batch size among all of them.
        members: their numbers at that size.
    """

    batch: int
    members: range


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class NoisePlan(ChunkedPlan):
    """Ensembles at several batch sizes, ready to be trained.

    Attributes:
        trainings: how members are trained, one for each batch size; they differ in that alone.
        trials: members at each batch size.
        probe_rows: rows of the test split on which the accuracy is taken.
        schedule: when what is looked at; its records are the plan's steps.
        examples, fresh, watched: see :class:`~szilard.studies.fig3.engine.chunk.NoiseChunk`.
        paths: how many parameters' paths are kept.
        chunk: members trained together, at each batch size; None leaves it to szilard.
    """

    trainings: tuple[Training, ...]
    trials: tuple[int, ...]
    probe_rows: Int[Tensor, " inputs"]
    schedule: Schedule
    examples: int
    fresh: int
    watched: int
    paths: int
    chunk: tuple[int, ...] | None

    @property
    def batches(self) -> tuple[int, ...]:
        """Sizes of a batch."""
        return tuple(training.batch_size for training in self.trainings)

    @cached_property
    def trial(self) -> Trial:
        """What one model shows."""
        return try_model(self.model, self._seeds(streams.INITIALISATION, range(1))[0], self.data.test_inputs, "cpu")

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of parameters: all of them, then layer by layer."""
        return tuple(make_gradients(self._example, torch.nn.functional.cross_entropy).groups)

    @cached_property
    def path(self) -> tuple[str, tuple[int, ...]]:
        """The last layer's weights, and the places of the parameters in them whose paths are kept."""
        name, value = [item for item in self._example.named_parameters() if item[1].ndim > 1][-1]
        order = torch.randperm(value.numel(), generator=streams.generator_of(self.seed, "parameters of paths"))
        return name, tuple(sorted(order[: self.paths].tolist()))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The chunks. Those that take longest come first, so that no core waits for one that came last."""
        found = []
        for batch, (trials, size) in enumerate(zip(self.trials, self.chunk_sizes, strict=True)):
            found += [Part(batch, range(first, min(first + size, trials))) for first in range(0, trials, size)]
        return tuple(sorted(found, key=lambda part: (-self.batches[part.batch], part.members.start)))

    @cached_property
    def chunk_sizes(self) -> tuple[int, ...]:
        """Members in a chunk at each batch size: as asked, or few enough that their weights stay in cache."""
        if self.chunk is not None:
            return self.chunk
        inputs = self.data.train_inputs
        return tuple(
            suggested_chunk(
                self.trial.parameters * inputs.element_size(),
                batch,
                example_bytes=2 * inputs[0].nbytes,
                members=trials,
                workers=self.workers,
                device=self.device,
            )
            for batch, trials in zip(self.batches, self.trials, strict=True)
        )

    @property
    def weights(self) -> list[int]:
        """Examples that a step of each chunk is trained on."""
        return [len(part.members) * self.batches[part.batch] for part in self.parts]

    @property
    def cut(self) -> list[int]:
        """Members in a chunk at each batch size; the last one may have fewer."""
        return list(self.chunk_sizes)

    def cut_as(self, cut: Any) -> NoisePlan:
        """See :meth:`ChunkedPlan.cut_as`."""
        return self if self.chunk is not None else dataclasses.replace(self, chunk=tuple(cut or ()) or None)

    def make_chunk(self, number: int) -> NoiseChunk:
        """A chunk with its data, which all chunks share."""
        batch, members = self.parts[number]
        count, size = len(members), len(self.data.train_labels)
        labels = self.data.train_labels.expand(count, *self.data.train_labels.shape)
        return NoiseChunk(
            number=number,
            initialisation_seeds=self._seeds(streams.INITIALISATION, members),
            order_seeds=self._seeds(f"{streams.ORDER}, {self.batches[batch]} at a time,", members),
            forward_seeds=self._seeds(f"{streams.FORWARD}, {self.batches[batch]} at a time,", members),
            model=self.model,
            training=self.trainings[batch],
            cohort=Cohort(self.data.train_inputs, torch.arange(size).expand(count, size), labels),
            probe=self.data.test_inputs[self.probe_rows],
            labels=self.data.test_labels[self.probe_rows],
            schedule=self.schedule,
            examples=self.examples,
            fresh=self.fresh,
            full=max(0, min(self.watched, members.stop) - members.start),
            path=self.path,
            device=self.device,
            threads=self.threads,
        )

    def check(self) -> None:
        """Refuses what cannot be carried out, before anything is written.

        Raises:
            SpecError: if the model cannot be made, or an epoch is smaller than a batch.
            ModelError: if it does not fit the data.
        """
        self.check_outcomes()
        for training in self.trainings:
            BatchOrder(len(self.data.train_labels), training.batch_size, training.shuffle, (0,))
        assert self.groups and self.path

    @cached_property
    def _example(self) -> torch.nn.Module:
        with torch.random.fork_rng(devices=[]):
            return self.model.build()

    def _seeds(self, stream: str, members: range) -> tuple[int, ...]:
        """A member starts from the same parameters at every batch size, and goes its own way from there."""
        return tuple(streams.seed_of(self.seed, f"{stream} {member}") for member in members)
