"""What the run ``tradeoff`` does, as data, and the named run on each data set."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from szilard.data import Dataset
from szilard.studies.spec import Spec

MOST_PIXELS, MOST_HIDDEN = 12, 8
"""So that all states can be counted: 4,096 times 256."""
QUICK_UPDATES, QUICK_STEPS = 100, 4
"""A quick run has no more of either."""


class State(NamedTuple):
    """Trainings that are alike but for their data and seeds.

    Attributes:
        updates: n, how many steps the parameters take.
        sampler_steps: τ, block-Gibbs steps of the chains after each of them.
        chains: persistent chains that make the gradient; None is infinitely many, the law ρ itself.
    """

    updates: int
    sampler_steps: int
    chains: int | None = None

    @property
    def compute(self) -> int:
        """Sampler steps of a chain in all, ``n τ``."""
        return self.updates * self.sampler_steps


@dataclass(frozen=True)
class TradeOff(Spec):
    """Trains ensembles of small RBMs with every pair of a number of updates and a number of sampler steps.

    The training time ``r n`` is the same for all, so that fewer updates are larger ones and every state goes the same
    way; its compute is ``n τ`` sampler steps of a chain.

    Attributes:
        data: a name of :func:`szilard.data.load`, or the address of a function of one's own; images.
        shape: rows and columns to which they are reduced, at most 12 pixels, each made black or white at its mean.
        hidden: hidden bits, at most 8.
        size: examples in each data set; data sets share none.
        datasets: how many there are; errors are taken over them.
        seeds: trainings on each, from initialisations of their own.
        distance: r n, learning rate times updates.
        updates: numbers n of updates, rising.
        sampler_steps: numbers τ of block-Gibbs steps after each update, rising.
        batch: examples of an update, drawn with replacement; None takes the whole data set.
        chains: persistent chains of each training in the second half of the states; the first half has infinitely
            many, the law of the chains itself. None leaves the second half out.
        records: how often each training is looked at, beside its start.
        seed: of everything random.
        device: must be ``"cpu"``.
        workers: states that are trained at the same time; None takes one for each core.
        threads: of the CPU within an operation of each of them.
        name: kept in the record.

    Example:
        >>> spec = TradeOff(updates=(100, 200), sampler_steps=(1, 4), chains=None)
        >>> [(state.updates, state.compute) for state in spec.states]
        [(100, 100), (100, 400), (200, 200), (200, 800)]
    """

    kind: ClassVar[str] = "tradeoff"
    data: str | Dataset = "digits"
    shape: tuple[int, ...] = (4, 3)
    hidden: int = 5
    size: int = 60
    datasets: int = 6
    seeds: int = 2
    distance: float = 60.0
    updates: tuple[int, ...] = (50, 100, 200, 400)
    sampler_steps: tuple[int, ...] = (1, 2, 4, 8, 16)
    batch: int | None = None
    chains: int | None = 200
    records: int = 10
    seed: int = 0
    device: str = "cpu"
    workers: int | None = None
    threads: int = 1
    name: str = "tradeoff"

    def check(self) -> None:
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        self.require("device", self.device == "cpu", "'cpu', since all is counted on the processor")
        self.require("shape", len(self.shape) == 2 and min(self.shape) >= 1 and 2 <= self.pixels <= MOST_PIXELS,
                     f"rows and columns of 2 to {MOST_PIXELS} pixels in all, whose states can be counted")  # fmt: skip
        self.require("hidden", 1 <= self.hidden <= MOST_HIDDEN,
                     f"from 1 to {MOST_HIDDEN}, so that all states can be counted")  # fmt: skip
        self.require("size", self.size >= 2, "at least 2")
        self.require("datasets", self.datasets >= 3, "at least 3, since errors are taken over them")
        self.require("seeds", self.seeds >= 1, "at least 1")
        self.require("distance", self.distance > 0, "positive")
        for name in ("updates", "sampler_steps"):
            values = list(getattr(self, name))
            self.require(name, values == sorted(set(values)) and min(values, default=0) >= 1,
                         "rising positive whole numbers, at least one")  # fmt: skip
        self.require("batch", self.batch is None or self.batch >= 1, "at least 1")
        self.require("chains", self.chains is None or self.chains >= 2, "at least 2, or none")
        self.require("records", 2 <= self.records <= self.updates[0], "from 2 to the smallest number of updates")
        self.require("workers", self.workers is None or self.workers >= 1, "at least 1")
        self.require("threads", self.threads >= 1, "at least 1")

    def quick(self) -> Self:
        """Fewer updates and sampler steps: half a minute on the digits."""
        return dataclasses.replace(
            self,
            updates=tuple(each for each in self.updates if each <= QUICK_UPDATES) or self.updates[:1],
            sampler_steps=tuple(each for each in self.sampler_steps if each <= QUICK_STEPS) or self.sampler_steps[:1],
            records=min(self.records, 5),
        )

    @property
    def resumable(self) -> bool:
        """It takes minutes, and writes its record at the end."""
        return False

    @property
    def pixels(self) -> int:
        """Pixels of an image: the visible bits of a machine."""
        return math.prod(self.shape)

    @property
    def states(self) -> tuple[State, ...]:
        """By chains (infinitely many first), then updates, then sampler steps."""
        kinds = (None,) if self.chains is None else (None, self.chains)
        return tuple(
            State(updates, steps, chains)
            for chains in kinds
            for updates in self.updates
            for steps in self.sampler_steps
        )

    @property
    def steps(self) -> tuple[int, ...]:
        """Updates of the fewest at which rows are taken, 0 among them."""
        return tuple(round(self.updates[0] * record / self.records) for record in range(self.records + 1))

    def records_of(self, state: State) -> tuple[int, ...]:
        """The same points of the way in a state's own updates."""
        return tuple(round(state.updates * record / self.records) for record in range(self.records + 1))

    def others(self, state: State) -> tuple[int, ...]:
        """Sampler steps of chains that follow a state's way without a say in it; none where chains make noise."""
        return self.sampler_steps if state.chains is None else ()


def tradeoff(data: str = "digits") -> TradeOff:
    """RBMs of 12 pixels and 5 hidden bits on 6 data sets of 60 images; any data of images will do."""
    return TradeOff(data)
