"""What the run ``reversal`` does, as data, and the named run on each data set."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

from szilard.data import Dataset
from szilard.settings import Settings
from szilard.studies.kits.experiment.spec import size_of
from szilard.studies.spec import Spec
from szilard.training import Factory, factory
from szilard.training.nets import ACTIVATIONS

QUICK_SEEDS, QUICK_HALVINGS, QUICK_STARTS, QUICK_STEPS = 3, 5, 2, 20
QUICK_WINDOW, QUICK_LOOKS, QUICK_WIDTHS = 50, 2, 3


@dataclass(frozen=True)
class Wide(Settings):
    """Networks of several widths that learn equally fast: perceptrons in the tangent-kernel parametrisation.

    Attributes:
        widths: of the hidden layers.
        layers: how many of them.
        activation: between layers; a smooth one, so that no kinks stand in the way of the law of width.
        lr: learning rate, the same for all.
    """

    widths: tuple[int, ...] = (25, 50, 100, 200, 400)
    layers: int = 2
    activation: str = "tanh"
    lr: float = 0.25

    def check(self) -> None:
        rising = list(self.widths) == sorted(set(self.widths)) and min(self.widths, default=0) >= 1
        self.require("widths", rising and len(self.widths) > 1, "at least two rising positive whole numbers")
        self.require("layers", self.layers >= 1, "at least 1")
        self.require("activation", self.activation in ACTIVATIONS, f"one of {', '.join(ACTIVATIONS)}")
        self.require("lr", self.lr > 0, "positive")


@dataclass(frozen=True)
class Reversal(Spec):
    """Trains a network by plain SGD, and from several points on runs it forward and backward again.

    Attributes:
        model: the network; nothing in it may be random (dropout) or remember (batch-norm).
        data: a name of :func:`szilard.data.load`, or the address of a function of one's own.
        twin: a second network that takes the same way, with the same layers: a smooth one where ``model`` has kinks.
        loss: a factory of an ``nn.Module`` that takes outputs and labels; None is the mean cross-entropy.
        lr: learning rate of the training, and the largest of those at which paths are reversed.
        batch_size: examples in a step, drawn with replacement.
        starts: training steps after which a path begins.
        steps: of a path, n.
        halvings: each path is run at ``lr``, and at so many rates below it, each half of the one before.
        seeds: independent initialisations and orders of batches, over which errors are taken.
        window: training steps after each start over which laziness is followed.
        looks: how often within the window, beside after ``steps``.
        probe: training examples on which the linearisations of outputs and loss are measured.
        kernel_inputs: of these, how many for the tangent kernel, whose rows are inputs × outputs.
        wide: the same at several widths; None leaves it out.
        seed: of everything random.
        device: must be ``"cpu"``: the arithmetic is float64.
        threads: of the CPU within an operation; None leaves them as they are.
        name: kept in the record.

    Example:
        >>> from szilard import factory
        >>> Reversal(factory("nets:mlp", widths=[64, 32, 10]), halvings=2).rates
        (0.1, 0.05, 0.025)
    """

    kind: ClassVar[str] = "reversal"
    model: Factory
    data: str | Dataset = "digits"
    twin: Factory | None = None
    loss: Factory | None = None
    lr: float = 0.1
    batch_size: int = 20
    starts: tuple[int, ...] = (0, 500, 2000)
    steps: int = 50
    halvings: int = 9
    seeds: int = 6
    window: int = 500
    looks: int = 6
    probe: int = 256
    kernel_inputs: int = 10
    wide: Wide | None = None
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None
    name: str = "reversal"

    def check(self) -> None:
        rising = list(self.starts) == sorted(set(self.starts)) and min(self.starts, default=-1) >= 0
        self.require("starts", rising, "rising training steps, from 0 on")
        self.require("lr", self.lr > 0, "positive")
        self.require("halvings", 1 <= self.halvings <= 30, "from 1 to 30, since a law needs two rates at least")
        self.require("device", self.device == "cpu", "'cpu': everything is done in float64")
        self.require("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        self.require("threads", self.threads is None or self.threads >= 1, "at least 1")
        for field in ("batch_size", "steps", "seeds", "window", "looks", "probe", "kernel_inputs"):
            self.require(field, getattr(self, field) >= 1, "at least 1")
        self.require("kernel_inputs", self.kernel_inputs <= self.probe, "no more than the probe's examples")

    def quick(self) -> Self:
        """Fewer seeds, rates, starts and widths, and shorter paths: half a minute on the digits."""
        wide = None if self.wide is None else dataclasses.replace(self.wide, widths=self.wide.widths[:QUICK_WIDTHS])
        return dataclasses.replace(
            self, seeds=min(self.seeds, QUICK_SEEDS), halvings=min(self.halvings, QUICK_HALVINGS),
            starts=self.starts[:QUICK_STARTS], steps=min(self.steps, QUICK_STEPS),
            window=min(self.window, QUICK_WINDOW), looks=min(self.looks, QUICK_LOOKS), wide=wide,
        )  # fmt: skip

    @property
    def resumable(self) -> bool:
        """It takes minutes, and writes its record at the end."""
        return False

    @property
    def rates(self) -> tuple[float, ...]:
        """Learning rates of the paths: r, r/2, r/4, …"""
        return tuple(self.lr / 2**halving for halving in range(self.halvings + 1))

    @property
    def looks_at(self) -> tuple[int, ...]:
        """Training steps since a start at which laziness is measured: evenly in the logarithm, and after a path."""
        grid = (self.window ** (look / max(self.looks - 1, 1)) for look in range(self.looks))
        return tuple(sorted({max(1, round(step)) for step in grid} | {self.window, self.steps}))


def reversal(data: str = "digits") -> Reversal:
    """The network of the run ``single``, backward from several points of training; on the digits with a smooth twin.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("reversal", data)
    model, twin = (factory("nets:mlp", widths=size.widths, activation=name) for name in ("relu", "gelu"))
    if data == "digits":
        return Reversal(model, data, twin, wide=Wide(), threads=1)
    return Reversal(
        model, data, starts=(300,), steps=20, halvings=5, window=40, looks=2, probe=64, kernel_inputs=3,
        wide=Wide(widths=(25, 50, 100)),
    )  # fmt: skip
