"""What the run ``heat-capacity`` does, as data, and the named run on each data set."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.studies.kits.experiment.spec import size_of
from szilard.studies.spec import Spec
from szilard.training import Factory, factory

FEWEST = 3
"""States that a line needs."""
QUICK_SEEDS, QUICK_STEPS, QUICK_LOOKS = 3, 2000, 10


class State(NamedTuple):
    """Trainings that are alike but for their seeds.

    Attributes:
        width: of the hidden layers.
        rate: learning rate.
        batch: examples in a step.
    """

    width: int
    rate: float
    batch: int


@dataclass(frozen=True)
class HeatCapacity(Spec):
    """Trains networks by plain SGD with weight decay until they are stationary, at several batch sizes and rates.

    Attributes:
        model: a factory with an argument ``widths``, as ``nets:mlp``; all between its first and last are hidden.
        data: a name of :func:`szilard.data.load`, or the address of a function of one's own.
        size: the first so many examples of the shuffled training split are the training set.
        loss: a factory of an ``nn.Module`` that takes outputs and labels; None is the mean cross-entropy.
        weight_decay: λ; without it a network that fits its data never stops learning, and nothing is stationary.
        batches: sizes of a batch, drawn with replacement: what the temperature is changed by.
        rates: learning rates, each with all batch sizes: the other thing it is changed by.
        widths: of the hidden layers, beside that of the model; these at the first rate only.
        seeds: independent trainings in each state, over which errors are taken.
        burn: training steps before the looks, at the largest rate (at half of it twice as many): several times 1/(rλ).
        window: training steps over which they are taken, likewise.
        looks: passes over the training set within the window.
        seed: of everything random.
        device: must be ``"cpu"``.
        threads: of the CPU within an operation; None leaves them as they are.
        name: kept in the record.

    Example:
        >>> from szilard import factory
        >>> spec = HeatCapacity(factory("nets:mlp", widths=[64, 30, 10]), rates=(0.2,), widths=(60,))
        >>> len(spec.states), spec.states[-1]
        (8, State(width=60, rate=0.2, batch=40))
    """

    kind: ClassVar[str] = "heat-capacity"
    model: Factory
    data: str | Dataset = "digits"
    size: int = 1000
    loss: Factory | None = None
    weight_decay: float = 0.01
    batches: tuple[int, ...] = (5, 10, 20, 40)
    rates: tuple[float, ...] = (0.2, 0.1)
    widths: tuple[int, ...] = (25, 50, 200)
    seeds: int = 5
    burn: int = 5000
    window: int = 5000
    looks: int = 30
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None
    name: str = "heat-capacity"

    def check(self) -> None:
        self.require("device", self.device == "cpu", "'cpu'")
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        self.require("threads", self.threads is None or self.threads >= 1, "at least 1")
        self.require("size", self.size >= 2, "at least 2")
        self.require("weight_decay", self.weight_decay > 0, "positive, since nothing is stationary without it")
        rising = list(self.batches) == sorted(set(self.batches)) and min(self.batches, default=0) >= 1
        self.require("batches", rising and len(self.batches) >= FEWEST, "at least three rising positive whole numbers")
        self.require("rates", len(self.rates) >= 1 and min(self.rates) > 0, "at least one positive number")
        self.require("rates", len(set(self.rates)) == len(self.rates), "different from one another")
        self.require("widths", list(self.widths) == sorted(set(self.widths)) and min(self.widths, default=1) >= 1,
                     "rising positive whole numbers")  # fmt: skip
        self.require("seeds", self.seeds >= 2, "at least 2, since errors are taken over them")
        self.require("burn", self.burn >= 2, "at least 2")
        self.require("looks", self.looks >= 2, "at least 2")
        self.require("window", self.window >= self.looks, "at least as many steps as looks")
        self._hidden()

    def quick(self) -> Self:
        """Fewer states, seeds, steps and looks: half a minute on the digits."""
        return dataclasses.replace(
            self, batches=self.batches[:FEWEST], rates=self.rates[:1], widths=self.widths[:1],
            seeds=min(self.seeds, QUICK_SEEDS), burn=min(self.burn, QUICK_STEPS), window=min(self.window, QUICK_STEPS),
            looks=min(self.looks, QUICK_LOOKS),
        )  # fmt: skip

    @property
    def resumable(self) -> bool:
        """It takes minutes, and writes its record at the end."""
        return False

    @property
    def width(self) -> int:
        """Of the model's own first hidden layer."""
        return int(self._hidden()[0])

    @property
    def states(self) -> tuple[State, ...]:
        """The model's own width at every rate and batch size, then the other widths at the first rate."""
        own = [State(self.width, rate, batch) for rate in self.rates for batch in self.batches]
        others = [State(width, self.rates[0], batch) for width in self.widths if width != self.width
                  for batch in self.batches]  # fmt: skip
        return (*own, *others)

    def slow(self, state: State) -> int:
        """How many times more steps a state takes than one at the largest rate."""
        return max(1, round(max(self.rates) / state.rate))

    def of_width(self, width: int) -> Factory:
        """The model with all its hidden layers of that width."""
        widths = list(self.model.arguments["widths"])
        return Factory(
            self.model.target, {**self.model.arguments, "widths": [widths[0], *[width] * (len(widths) - 2), widths[-1]]}
        )

    def _hidden(self) -> list[Any]:
        widths = self.model.arguments.get("widths")
        if not isinstance(widths, list | tuple) or len(widths) < 3:
            raise SpecError(
                "the model must have widths with at least one hidden layer, since their width is varied: give"
                " factory('nets:mlp', widths=[64, 100, 10]), for instance."
            )
        return list(widths[1:-1])


def heat_capacity(data: str = "digits") -> HeatCapacity:
    """A perceptron with two hidden layers of 100 (of 50 on larger images) and weight decay, on 1,000 examples.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    features = size_of("heat-capacity", data).widths[0]
    if data == "digits":
        return HeatCapacity(factory("nets:mlp", widths=[features, 100, 100, 10]), data, threads=1)
    model = factory("nets:mlp", widths=[features, 50, 50, 10])
    return HeatCapacity(model, data, rates=(0.1,), widths=(25, 100), burn=4000, window=4000, looks=25, threads=1)
