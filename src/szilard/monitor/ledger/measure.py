"""The default measure: the ledger of one run, by exact sums and beside them an independent sampled route."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch

from szilard.errors import ModelError, SpecError
from szilard.models.ppm import PPM, Enumerable
from szilard.monitor.ledger.recorder import LedgerRecorder

DEFAULT_PATH_INTERVALS = (1, 2, 4, 8, 16, 32)


@final
@dataclass(frozen=True, slots=True)
class Ledger:
    """Heat, work, entropy, entropy production and length of X along training (paper Eqs. 22-25, 38-39).

    Attributes:
        every: training steps between records; None: the monitor's ``every``, or what its ``budget`` affords.
        path_intervals: W, Q and L are also accumulated at these multiples of ``every``; each keeps one copy of the
            probe's logits. 1 is always among them.
        fisher: also accumulate the work by the Fisher quadratic form, for steps below the precision floor. Keeps a
            copy of the parameters and costs about two more forward passes a record.
        samples: labels per probe input and record for the sampled route; None: one, and at least 256 in all.

    Raises:
        SpecError: a path interval, ``every`` or ``samples`` is not a positive integer.
    """

    every: int | None = None
    path_intervals: Sequence[int] = DEFAULT_PATH_INTERVALS
    fisher: bool = False
    samples: int | None = None

    def __post_init__(self) -> None:
        intervals: object = self.path_intervals
        if isinstance(intervals, str) or not isinstance(intervals, Sequence):
            raise SpecError(f"path_intervals must be a list of whole numbers, not {intervals!r}: give (1, 4).")
        given = [("every", self.every), ("samples", self.samples)]
        for name, value in [*given, *(("each of path_intervals", multiple) for multiple in self.path_intervals)]:
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise SpecError(f"{name} must be a positive whole number, not {value!r}.")

    def start(self, ppm: PPM, seed: int = 0, optimizer: torch.optim.Optimizer | None = None) -> LedgerRecorder:
        """A recorder for an enumerable PPM; ``seed`` is that of the sampled route alone, and no optimiser is needed."""
        if not isinstance(ppm, Enumerable):
            raise ModelError(
                f"{type(ppm).__name__} offers neither labels nor a table of outcomes, so its sums cannot be exact: "
                "wrap the model in szilard.Classifier or szilard.Outcomes."
            )
        intervals = tuple(sorted({1, *self.path_intervals}))
        samples = self.samples or max(1, math.ceil(256 / ppm.inputs))
        if samples * ppm.inputs < 2:
            raise SpecError("a single label has no error bar: give samples of at least 2 for a single input.")
        return LedgerRecorder(ppm, intervals, samples, self.fisher, seed)
