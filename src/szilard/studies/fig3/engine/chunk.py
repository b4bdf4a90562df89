"""A chunk of members at one batch size: trained together, and looked at by a schedule."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from jaxtyping import Shaped
from torch import Tensor

from szilard.ensemble.chunk import ChunkRecord, State, Trained
from szilard.ensemble.gradient_sums import Gradients, GradientSums
from szilard.ensemble.per_example import make_gradients
from szilard.ensemble.timing import SliceClock
from szilard.ensemble.trainer import Cohort, Trainer, make_trainer
from szilard.ensemble.trainer.randomness import RANDOM
from szilard.errors import ModelError
from szilard.studies.fig3.engine.burst import Burst, Means
from szilard.studies.fig3.engine.observation import Fresh, exact, sampled, thinning
from szilard.studies.fig3.engine.schedule import Schedule
from szilard.training import Factory, Training

FULL_PASS = 2048
"""Examples of a pass over the whole training set that are looked up at once."""


@final
@dataclass(frozen=True)
class NoiseChunk:
    """Members that are trained together, and all they need.

    Attributes:
        number: of the chunk.
        initialisation_seeds, order_seeds, forward_seeds: of the members.
        model, training: how each is made and trained.
        cohort: what each is trained on.
        probe, labels: inputs and labels on which the accuracy is taken.
        schedule: when what is looked at.
        examples: fresh ones for noise and force at a record.
        fresh: examples in each of the two fresh samples of a correlation.
        full: how many of the members, the first ones, have passes over their whole training set at each record.
        path: parameters whose paths are kept: the name of the tensor, and places in it.
        device: where they train.
        threads: of the CPU within an operation.
    """

    number: int
    initialisation_seeds: tuple[int, ...]
    order_seeds: tuple[int, ...]
    forward_seeds: tuple[int, ...]
    model: Factory
    training: Training
    cohort: Cohort
    probe: Shaped[Tensor, "inputs ..."]
    labels: Shaped[Tensor, " inputs"]
    schedule: Schedule
    examples: int
    fresh: int
    full: int
    path: tuple[str, tuple[int, ...]]
    device: str
    threads: int

    def train(
        self, start: State | None, save: Callable[[State], None], report: Callable[[int], None]
    ) -> Iterator[ChunkRecord]:
        """Trains all members, and yields at each record; see :func:`train_noise_chunk`."""
        return train_noise_chunk(self, start=start, save=save, report=report)


def train_noise_chunk(
    chunk: NoiseChunk,
    *,
    start: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    report: Callable[[int], None] = lambda step: None,
) -> Iterator[ChunkRecord]:
    """Trains a chunk from its start, or from a checkpoint, to its end, and yields at each record.

    Its columns are those of the record, each shaped ``(members, …)``; ``theta``, of the points since the record before,
    ``(members, points, parameters)``; ``noise_covariance.START``, of bursts that ended since then, ``(members, groups,
    lags)``.

    Args:
        chunk: what to do.
        start: a checkpoint that ``save`` was given; the records before it are not yielded again.
        save: takes a checkpoint; called by the clock (:mod:`szilard.ensemble.timing`) at records, but for those within
            a correlation, and after the last record was consumed.
        report: is told how many steps are done.

    Raises:
        SpecError, ModelError: see :func:`~szilard.ensemble.trainer.make_trainer`.
    """
    torch.set_num_threads(chunk.threads)
    trainer = make_chunk_trainer(chunk)
    alone = RANDOM if trainer.strategy == "loop" else contextlib.nullcontext()
    record = 0
    if start is not None:
        trainer.load({name.removeprefix("trainer."): value for name, value in start.items() if "trainer." in name})
        record = int(start["record"])
    observer = NoiseObserver(chunk, trainer)
    pace, schedule = SliceClock(), chunk.schedule
    done = schedule.records[record - 1] if record else -1
    for step in (event for event in schedule.events if event > done):
        while trainer.step < step:
            with alone:
                trainer.advance(pace.steps(step - trainer.step))
            report(trainer.step)
        observer.look()
        if step != schedule.records[record]:
            continue
        columns = {f"columns.{name}": values for name, values in observer.columns().items()}
        yield ChunkRecord(Trained(chunk.number, record, trainer.strategy, trainer.why), columns)
        record += 1
        if record == len(schedule.records) or (not observer.busy and pace.due()):
            save(
                {"record": torch.tensor(record), **{f"trainer.{name}": each for name, each in trainer.state().items()}}
            )
        pace.rest()


def make_chunk_trainer(chunk: NoiseChunk) -> Trainer:
    """What trains a chunk's members, from their start."""
    with RANDOM:
        return make_trainer(
            chunk.model.build,
            chunk.training,
            chunk.cohort,
            initialisation_seeds=chunk.initialisation_seeds,
            order_seeds=chunk.order_seeds,
            forward_seeds=chunk.forward_seeds,
            device=chunk.device,
        )


@final
class NoiseObserver:
    """What is seen of a chunk's members while they train.

    Args:
        chunk: theirs.
        trainer: trains them.

    Raises:
        ModelError: if the gradients of single examples cannot be had.
    """

    def __init__(self, chunk: NoiseChunk, trainer: Trainer) -> None:
        self._chunk = chunk
        self._trainer = trainer
        self._cohort = chunk.cohort.to(chunk.device)
        with RANDOM, torch.random.fork_rng(devices=[]):
            model = chunk.model.build()
        self.gradients: Gradients = make_gradients(model, chunk.training.criterion(), chunk.training.loss is None)
        seeds = chunk.order_seeds
        self._records, self._firsts, self._seconds = (
            Fresh(self._cohort, seeds, purpose) for purpose in ("record", "correlation", "correlation again")
        )
        self._bursts: list[Burst] = []
        self._found: dict[str, Tensor] = {}
        self._points: list[Tensor] = []
        self._probe = chunk.probe.to(chunk.device)
        self._labels = chunk.labels.to(chunk.device)

    @property
    def busy(self) -> bool:
        """Whether a correlation is under way, which no checkpoint holds."""
        return bool(self._bursts)

    @torch.no_grad()
    def look(self) -> None:
        """Takes in what the schedule has at the present step, but for records."""
        step, schedule = self._trainer.step, self._chunk.schedule
        if step in schedule.starts:
            self._bursts.append(Burst(schedule, step, self.gradients.groups))
        if step in schedule.points:
            name, places = self._chunk.path
            self._points.append(self._trainer.parameter(name).flatten(1)[:, list(places)].double().cpu())
        wanting = [burst for burst in self._bursts if burst.wants(step)]
        if wanting:
            taken = self._take()
            for burst in wanting:
                burst.observe(step, *taken)
        for burst in [burst for burst in self._bursts if burst.over]:
            self._found[f"noise_covariance.{burst.start}"] = burst.covariance()
            self._bursts.remove(burst)

    @torch.no_grad()
    def columns(self) -> dict[str, Tensor]:
        """What is recorded at the present step, and what was found since the record before."""
        chunk, groups = self._chunk, self.gradients.groups
        share = thinning(self._cohort.size, chunk.training.batch_size, chunk.training.shuffle)
        share /= chunk.training.batch_size
        parameters = self._trainer.parameters()
        inputs, labels = self._records.at(self._trainer.step, chunk.examples)
        seen = sampled(groups, self.gradients(parameters, inputs, labels, True), share)
        if chunk.full:
            seen |= exact(groups, self._full(parameters), share)
        seen["accuracy"] = self._accuracy()
        seen |= self._found
        if self._points:
            seen["theta"] = torch.stack(self._points, 1)
        self._found, self._points = {}, []
        return {name: value.cpu() for name, value in seen.items()}

    def _take(self) -> tuple[Means, Means, Means]:
        parameters, step = self._trainer.parameters(), self._trainer.step
        mean = partial(_mean, self.gradients, parameters)
        count = self._chunk.fresh
        own = mean(*self._trainer.upcoming())
        return own, mean(*self._firsts.at(step, count)), mean(*self._seconds.at(step, count))

    def _full(self, parameters: Mapping[str, Tensor]) -> GradientSums:
        """A pass over the whole training sets of the first members."""
        few = {name: value[: self._chunk.full] for name, value in parameters.items()}
        cohort, sums = self._cohort, None
        for places in torch.arange(cohort.size, device=cohort.index.device).split(FULL_PASS):
            rows = cohort.index[: self._chunk.full, places]
            inputs = cohort.inputs.index_select(0, rows.reshape(-1)).view(*rows.shape, *cohort.inputs.shape[1:])
            part = self.gradients(few, inputs, cohort.labels[: self._chunk.full, places], True)
            sums = part if sums is None else sums + part
        assert sums is not None
        return sums

    def _accuracy(self) -> Tensor:
        """Share of the probe that each member gets right; of one whose logits are not finite, NaN."""
        logits = self._trainer.logits(self._probe)
        if logits.ndim != 3:
            raise ModelError("the model has several heads, of which none is the answer: take one with one head.")
        right = (logits.argmax(-1) == self._labels).double().mean(1)
        return torch.where(logits.isfinite().flatten(1).all(1), right, torch.nan)


def _mean(gradients: Gradients, parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor) -> Means:
    sums = gradients(parameters, inputs, labels, False)
    return {name: value / sums.examples for name, value in sums.gradient.items()}
