"""A chunk of members: the unit of work, which any process can do on its own, from data that it holds whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from szilard.ensemble.design import Member
from szilard.ensemble.members_ledger import MembersLedger
from szilard.ensemble.timing import SliceClock
from szilard.ensemble.trainer import Cohort, Trainer, make_trainer
from szilard.ensemble.trainer.randomness import RANDOM
from szilard.ensemble.trial import joint_outcomes
from szilard.training import Factory, Training

State = Mapping[str, Tensor]


@final
@dataclass(frozen=True)
class Chunk:
    """Members that are trained together, and all they need.

    Attributes:
        number: of the chunk.
        members: where each stands in the design, and its seeds.
        model, training: how each is made and trained.
        cohort: what each is trained on.
        probe: inputs on which all are measured.
        labels: each member's true labels of the probe, −1 where its task has none; None without.
        supersample: inputs of the pairs of a supersample design, first halves first; None elsewhere.
        steps: at which training steps they are recorded, rising.
        epsilon: rounding unit of the forward pass.
        device: where they train.
        threads: of the CPU within an operation.
    """

    number: int
    members: tuple[Member, ...]
    model: Factory
    training: Training
    cohort: Cohort
    probe: Shaped[Tensor, "inputs ..."]
    labels: Int[Tensor, "members inputs"] | None
    supersample: Shaped[Tensor, "inputs ..."] | None
    steps: tuple[int, ...]
    epsilon: float
    device: str
    threads: int

    def train(
        self, start: State | None, save: Callable[[State], None], report: Callable[[int], None]
    ) -> Iterator[ChunkRecord]:
        """Trains all members, and yields at each record; see :func:`train_chunk`."""
        return train_chunk(self, start=start, save=save, report=report)


@final
@dataclass(frozen=True, slots=True)
class Trained:
    """That the members of a chunk were trained up to a record: all that comes back from a worker of this machine.

    Attributes:
        chunk, record: their numbers, from 0.
        strategy, why: how the members are trained, and why so.
    """

    chunk: int
    record: int
    strategy: str
    why: str


@final
@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """What a chunk yields at one record; the worker that made it writes it into a file.

    Attributes:
        trained: which record of which chunk it is.
        tensors: on the CPU, by name; columns of the record as ``columns.NAME``, leading dimension: members.
    """

    trained: Trained
    tensors: Mapping[str, Tensor]


Report = Callable[[int], None]
"""Is told how many steps the chunk has done."""


def train_chunk(
    chunk: Chunk,
    *,
    start: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    report: Report = lambda step: None,
) -> Iterator[ChunkRecord]:
    """Trains a chunk from its start, or from a checkpoint, to its end, and yields at each record.

    Its tensors are ``logits``, joint log-weights of every outcome; the ledger as columns; and at the last record of a
    supersample design ``supersample``, the logits there.

    Args:
        chunk: what to do.
        start: a checkpoint that ``save`` was given; the records before it are not yielded again.
        save: takes a checkpoint; called by the clock (:mod:`szilard.ensemble.timing`), and after the last record was
            consumed.
        report: is told the progress.

    Raises:
        SpecError, ModelError: see :func:`~szilard.ensemble.trainer.make_trainer`.
    """
    torch.set_num_threads(chunk.threads)
    with RANDOM:
        trainer = _trainer(chunk)
    alone = RANDOM if trainer.strategy == "loop" else contextlib.nullcontext()
    labels = None if chunk.labels is None else chunk.labels.to(chunk.device)
    ledger = MembersLedger(labels, chunk.epsilon)
    done = 0 if start is None else _load(start, trainer, ledger, chunk.device)
    probe = chunk.probe.to(chunk.device)
    pace = SliceClock()
    for record in range(done, len(chunk.steps)):
        step = chunk.steps[record]
        while trainer.step < step:
            with alone:
                trainer.advance(pace.steps(step - trainer.step))
            report(trainer.step)
            if trainer.step < step and pace.due():
                save(_state(trainer, ledger, record))
        last = record == len(chunk.steps) - 1
        with alone:
            tensors = {"logits": joint_outcomes(trainer.logits(probe))}
            if last and chunk.supersample is not None:
                tensors["supersample"] = joint_outcomes(trainer.logits(chunk.supersample.to(chunk.device)))
        columns = {**ledger.record(tensors["logits"]), "loss": trainer.losses()}
        tensors |= {f"columns.{name}": values for name, values in columns.items()}
        trained = Trained(chunk.number, record, trainer.strategy, trainer.why)
        yield ChunkRecord(trained, {name: values.cpu() for name, values in tensors.items()})
        if last or pace.due():
            save(_state(trainer, ledger, record + 1))
        pace.rest()


def _trainer(chunk: Chunk) -> Trainer:
    return make_trainer(
        chunk.model.build,
        chunk.training,
        chunk.cohort,
        initialisation_seeds=[member.initialisation_seed for member in chunk.members],
        order_seeds=[member.order_seed for member in chunk.members],
        forward_seeds=[member.forward_seed for member in chunk.members],
        device=chunk.device,
    )


def _state(trainer: Trainer, ledger: MembersLedger, record: int) -> dict[str, Tensor]:
    return {
        "record": torch.tensor(record),
        **{f"trainer.{name}": value for name, value in trainer.state().items()},
        **{f"ledger.{name}": value.cpu() for name, value in ledger.state().items()},
    }


def _load(state: State, trainer: Trainer, ledger: MembersLedger, device: str) -> int:
    """Puts a checkpoint back; returns the next record."""

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}

    trainer.load(part("trainer."))
    ledger.load({name: value.to(device) for name, value in part("ledger.").items()})
    return int(state["record"])
