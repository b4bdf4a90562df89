"""An experiment as data: what is trained on what, how, what is watched, from which seed; and its sizes by data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from szilard.data import Dataset
from szilard.ensemble.design import Design
from szilard.ensemble.record_at import Evenly, Geometric, steps_of
from szilard.errors import SpecError, nearest
from szilard.settings import Settings
from szilard.studies.kits.experiment.reservoir import ReservoirSettings
from szilard.studies.spec import Spec
from szilard.training import Factory, Training


@dataclass(frozen=True)
class Probe(Settings):
    """The inputs on which the model is measured; drawn from the data by the seed, without repeats.

    Attributes:
        split: ``"test"`` or ``"train"``.
        size: how many inputs; None takes 512, or the whole split where that is less.
        labelled: whether accuracy and cross-entropy are recorded too; the ledger itself needs no labels.
    """

    split: str = "test"
    size: int | None = None
    labelled: bool = True

    def check(self) -> None:
        self.require("split", self.split in ("train", "test"), "'train' or 'test'")
        self.require("size", self.size is None or self.size >= 1, "at least 1")


@dataclass(frozen=True)
class Experiment(Spec):
    """One training run, watched; or, with a ``design``, an ensemble of them and its information budget.

    Attributes:
        model: see :func:`szilard.factory`; a function or class is accepted and marked "not reconstructible".
        data: a name of :func:`szilard.data.load` or the address of a function of one's own, or a
            :class:`~szilard.data.Dataset` ("not reconstructible"); see :func:`szilard.data.from_arrays` and
            :func:`szilard.data.from_torch`.
        training: how each model is trained.
        probe: what it is measured on.
        design: what varies between the trainings of an ensemble; None is a single run.
        record_at: of an ensemble: at which training steps it is recorded, a rule or the steps themselves.
        blocks: of an ensemble: numbers of probe inputs whose labels are taken jointly, beside the mean per input.
        chunk: of an ensemble: members trained together; None leaves it to szilard. The last bits depend on it.
        workers: of an ensemble: chunks trained at the same time in this process; None takes one for each core, or one
            on a GPU.
        seed: of everything random: tasks, data sets, initialisation, order of batches, probe and sampled labels each
            have their stream, and every member of an ensemble its own.
        every: of a single run: training steps between records; None chooses it once from ``budget``, by the speed of
            the machine.
        budget: of a single run: share of the loop's time that watching may cost; used only where ``every`` is None.
        path_intervals: of a single run: multiples of ``every`` at which work, heat and length are accumulated as well.
        reservoir: of a single run: what is measured of the parameters as a heat reservoir; None leaves that out.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, …
        threads: of the CPU within an operation; None leaves them as they are for a single run and takes one for each
            worker of an ensemble. Small networks are fastest with one, and the last bits of a run depend on it.
        name: kept in the record.

    Example:
        >>> from szilard import Design, Disjoint, Experiment, Probe, factory
        >>> model = factory("nets:mlp", widths=[64, 32, 10])
        >>> experiment = Experiment(model=model, data="digits", probe=Probe(size=100),
        ...                         design=Design(datasets=Disjoint(6, size=200), seeds=3))
        >>> Experiment.from_toml(experiment.to_toml()) == experiment
        True
    """

    model: Factory
    data: str | Dataset
    training: Training = Training()  # noqa: RUF009 - frozen
    probe: Probe = Probe()
    design: Design | None = None
    record_at: Geometric | Evenly | tuple[int, ...] = Geometric()  # noqa: RUF009 - frozen
    blocks: tuple[int, ...] = (1, 2, 3)
    chunk: int | None = None
    workers: int | None = None
    seed: int = 0
    every: int | None = None
    budget: float = 0.05
    path_intervals: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    reservoir: ReservoirSettings | None = None
    device: str = "cpu"
    threads: int | None = None
    name: str = "experiment"

    def check(self) -> None:
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        self.require("every", self.every is None or self.every >= 1, "at least 1")
        self.require("every", self.every is None or self.design is None, "none for an ensemble, which has record_at")
        self.require(
            "reservoir", self.reservoir is None or self.design is None, "none for an ensemble, whose members share it"
        )
        kicked = self.reservoir is not None and getattr(self.training.optimizer, "noise", 0.0) > 0
        self.require("reservoir", not kicked, "none with SGD(noise=…), whose kicks are a heat bath of their own")
        self.require("threads", self.threads is None or self.threads >= 1, "at least 1")
        self.require("chunk", self.chunk is None or self.chunk >= 1, "at least 1")
        self.require("workers", self.workers is None or self.workers >= 1, "at least 1")
        self.require("budget", 0 < self.budget < 1, "between 0 and 1")
        for name in ("path_intervals", "blocks"):
            values = getattr(self, name)
            rising = list(values) == sorted(set(values)) and min(values, default=0) >= 1
            self.require(name, rising, "rising positive whole numbers")
        if self.design is not None:
            steps_of(self.record_at, self.training.steps)

    @property
    def study(self) -> str:
        """One run, watched, or an ensemble where there is a design."""
        return "single" if self.design is None else "ensemble"

    @property
    def resumable(self) -> bool:
        """Whether it can go on after an interruption: an ensemble can."""
        return self.design is not None

    def check_resume(self) -> None:
        """See :meth:`Spec.check_resume`."""
        if not self.resumable:
            raise SpecError(
                "a single run cannot be resumed: run it again with overwrite, or give the experiment a design."
            )

    def check_executor(self) -> None:
        """See :meth:`Spec.check_executor`: the members of an ensemble go wherever there is room for them."""
        if self.design is None:
            raise SpecError("a single run is trained in this process: leave the executor out, or give a design.")
        if self.device != "cpu" and self.chunk is None:
            raise SpecError(
                f"how many members fit on the workers' {self.device!r} cannot be seen from here: set chunk in the spec."
            )


class Size(NamedTuple):
    """Settings that go with a data set.

    Attributes:
        widths: of the network's layers, from the flattened input to the logits.
        steps: of training.
        every: of a single run: steps between records.
        probe: inputs on which models are measured.
        dataset: examples in each data set of an ensemble.
    """

    widths: tuple[int, ...]
    steps: int
    every: int
    probe: int
    dataset: int


_IMAGES_OF_28 = Size((784, 200, 200, 200, 10), steps=12_000, every=40, probe=1000, dataset=1000)
"""The paper's network."""
_SIZES = {
    "digits": Size((64, 100, 100, 10), steps=4000, every=10, probe=360, dataset=200),
    "mnist": _IMAGES_OF_28,
    "fashion-mnist": _IMAGES_OF_28,
}


def size_of(run: str, data: str) -> Size:
    """The settings of a named run on a data set.

    Raises:
        SpecError: if there are none.
    """
    if data not in _SIZES:
        raise SpecError(
            f"the run {run!r} has no settings for the data {data!r}: {nearest(data, _SIZES)} For data of your own,"
            " write a TOML file with a model that fits them."
        )
    return _SIZES[data]
