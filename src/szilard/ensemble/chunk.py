"""A chunk of members: the unit of work, which any process can do on its own, from data that it holds whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int, Shaped
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


@final
@dataclass(frozen=True)
class ChunkRecord:
    """What training a chunk yields at one record: predictions and ledger of its members.

    Attributes:
        chunk, record, step: which.
        logits: joint log-weights of every outcome, on the CPU.
        columns: the ledger of its members, by the record's names; each shaped ``(members,)``.
        supersample: logits on the supersample, at the last record of such a design.
        strategy, why: how its members are trained, and why so.
    """

    chunk: int
    record: int
    step: int
    strategy: str
    why: str
    logits: Float[Tensor, "members inputs outcomes"]
    columns: Mapping[str, Float[Tensor, " members"]]
    supersample: Float[Tensor, "members inputs outcomes"] | None

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name, as files keep them until every chunk has its own; columns as ``columns.NAME``."""
        kept = {"logits": self.logits, **{f"columns.{name}": values for name, values in self.columns.items()}}
        return kept if self.supersample is None else {**kept, "supersample": self.supersample}


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
        beyond = None
        with alone:
            logits = joint_outcomes(trainer.logits(probe))
            if last and chunk.supersample is not None:
                beyond = joint_outcomes(trainer.logits(chunk.supersample.to(chunk.device))).cpu()
        columns = {**ledger.record(logits), "loss": trainer.losses()}
        on_host = {name: values.cpu() for name, values in columns.items()}
        yield ChunkRecord(chunk.number, record, step, trainer.strategy, trainer.why, logits.cpu(), on_host, beyond)
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
