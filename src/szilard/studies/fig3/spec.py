"""Figure 3 as data: ensembles of a network under plain SGD at several batch sizes, and how closely they are watched.

The paper prints neither learning rate, initialisation nor the scaling of inputs; docs/figure-3.md says how the ones
here were found.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

from szilard.data import Dataset
from szilard.studies.kits.experiment.spec import Probe, size_of
from szilard.studies.spec import Spec
from szilard.training import SGD, Factory, Training, factory

INITIALISATION, RATE = "glorot", 1e-4
"""With standardised inputs, what comes closest to the ranges that the paper prints."""
QUICK_TRIALS, QUICK_STEPS, QUICK_RECORDS = 10, 20_000, 20


@dataclass(frozen=True)
class Figure3(Spec):
    """Ensembles at several batch sizes, and the noise of their gradients.

    Attributes:
        model, data, seed, device, name: see :class:`szilard.Experiment`.
        standardised: whether inputs have their mean over all training inputs taken off and are divided by their
            standard deviation; otherwise they are as the data have them.
        batch: sizes of a batch.
        trials: members at each of them: one number for all, or one for each.
        steps: of training.
        lr: learning rate of plain SGD.
        shuffle: ``"replacement"`` or ``"epochs"``; see :class:`szilard.Training`.
        records: how often noise, force and accuracy are measured, evenly along training, and some times more early on.
        points: of the paths of single parameters.
        paths: how many parameters of the last layer have their path kept.
        examples: fresh ones that noise and force are measured on at a record.
        watched: members whose force is measured on the whole training set at each record; 0 leaves that out.
        starts: steps at which correlations begin; one more ends with the training.
        lags: from 0 to this; where an epoch is short, lags about its length are added.
        window: steps from each start on over which a correlation is averaged.
        fresh: examples of each of the two fresh samples of a correlation.
        probe: test inputs that the accuracy is taken on.
        chunk: members trained together, at each batch size; None leaves it to szilard. The last bits depend on it.
        workers: chunks trained at the same time; None takes one for each core, or one on a GPU.
        threads: of the CPU within an operation.

    Example:
        >>> spec = Figure3(model=factory("nets:mlp", widths=[64, 10]), data="digits", trials=(5,))
        >>> spec.members, spec.quick().members
        ((5, 5, 5), (10, 10, 10))
    """

    kind: ClassVar[str] = "fig3"
    model: Factory
    data: str | Dataset
    standardised: bool = True
    batch: tuple[int, ...] = (1, 10, 100)
    trials: tuple[int, ...] = (50,)
    steps: int = 100_000
    lr: float = RATE
    shuffle: str = "replacement"
    records: int = 40
    points: int = 500
    paths: int = 4
    examples: int = 1024
    watched: int = 2
    starts: tuple[int, ...] = (100, 1000, 10_000)
    lags: int = 10
    window: int = 16
    fresh: int = 256
    probe: Probe = Probe()  # noqa: RUF009 - frozen
    chunk: tuple[int, ...] | None = None
    workers: int | None = None
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    name: str = "fig3"

    def check(self) -> None:
        rising = list(self.batch) == sorted(set(self.batch)) and min(self.batch, default=0) >= 1
        self.require("batch", rising, "rising positive whole numbers")
        for name in ("trials", "chunk"):
            counts = getattr(self, name)
            fits = counts is None or (len(counts) in (1, len(self.batch)) and min(counts) >= 1)
            self.require(name, fits, "one positive whole number, or one for each batch size")
        for name in ("steps", "records", "points", "paths", "window", "threads"):
            self.require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("examples", "fresh"):
            self.require(name, getattr(self, name) >= 2, "at least 2, for a variance")
        self.require("watched", self.watched >= 0, "at least 0")
        self.require("lags", self.lags >= 0, "at least 0")
        self.require("lr", self.lr > 0, "positive")
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        self.require("workers", self.workers is None or self.workers >= 1, "at least 1")
        self.require("probe", self.probe.split == "test" and self.probe.labelled, "labelled inputs of the test split")
        assert self.trainings

    @property
    def members(self) -> tuple[int, ...]:
        """Trials at each batch size."""
        return self.trials * len(self.batch) if len(self.trials) == 1 else self.trials

    @property
    def trainings(self) -> tuple[Training, ...]:
        """How members are trained at each batch size."""
        optimizer = SGD(lr=self.lr)
        return tuple(Training(optimizer, batch, self.steps, self.shuffle) for batch in self.batch)

    def quick(self) -> Self:
        """Fewer trials, steps, records and whole passes: minutes on two cores."""
        return dataclasses.replace(self, trials=(QUICK_TRIALS,), steps=QUICK_STEPS, records=QUICK_RECORDS, watched=1)


def fig3(data: str = "mnist") -> Figure3:
    """The paper's network (784-200-200-200-10 on MNIST): 50 trials at |b| = 1, 10 and 100, 10⁵ steps.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("fig3", data)
    model = factory("nets:mlp", widths=size.widths, initialisation=INITIALISATION)
    return Figure3(model=model, data=data, probe=Probe(size=size.probe))
