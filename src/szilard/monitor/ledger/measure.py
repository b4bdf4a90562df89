"""The default measure: the ledger of one run, by what the model's capability allows: exact sums, samples or chains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.models.ppm import PPM, Bounded, Energetic, Enumerable, Sequential, Tractable
from szilard.monitor.ledger.recorder import LedgerRecorder
from szilard.monitor.measure import Recorder

DEFAULT_PATH_INTERVALS = (1, 2, 4, 8, 16, 32)
SAMPLED_PATH_INTERVALS = (1, 2, 4)
"""Where X is sampled, each interval keeps a set of samples alive: the default is shorter."""


@final
@dataclass(frozen=True, slots=True)
class Ledger:
    """Heat, work, entropy, entropy production and length of X along training (paper Eqs. 22-25, 38-39).

    How the sums are made depends on what the PPM can do (:mod:`szilard.models.ppm`): exact sums over outcomes, sets of
    samples that serve many records by their weights, or chains of a sampler.

    Attributes:
        every: training steps between records; None: the monitor's ``every``, or what its ``budget`` affords.
        path_intervals: W, Q and L are also accumulated at these multiples of ``every``; each keeps one copy of the
            probe's logits. 1 is always among them. Where X is sampled only W, and by default at 1, 2 and 4.
        fisher: also accumulate the work by the Fisher quadratic form, for steps below the precision floor. Keeps a
            copy of the parameters and costs about two more forward passes a record. Enumerable models only.
        samples: enumerable models: labels per probe input and record for the sampled route; None: one, and at least
            256 in all. Where X is sampled: samples in a set, or chains of a sampler; None: as many as suits the
            capability (256, 16 to 64 for sequences).
        checkpoint_samples: where X is sampled: fresh samples for the entropy of the first and of the last model.
        sampler_steps: energies: τ, the steps of the sampler at each record (paper §3.3).
        reference_steps: energies: sampler steps of the reference population at each record, which stands for an ideal
            sampler; None: as many as it takes to forget, between 20 (or τ) and 100. The audit says where it is too few.
        text: sequences: given token sequences, shaped ``(count, length)``, for ``work_conditional``.

    Raises:
        SpecError: a path interval, or one of the numbers, is not a positive integer.
    """

    every: int | None = None
    path_intervals: Sequence[int] = DEFAULT_PATH_INTERVALS
    fisher: bool = False
    samples: int | None = None
    checkpoint_samples: int | None = None
    sampler_steps: int | None = None
    reference_steps: int | None = None
    text: Tensor | None = None

    def __post_init__(self) -> None:
        intervals: object = self.path_intervals
        if isinstance(intervals, str) or not isinstance(intervals, Sequence):
            raise SpecError(f"path_intervals must be a list of whole numbers, not {intervals!r}: give (1, 4).")
        given = [
            (name, getattr(self, name))
            for name in ("every", "samples", "checkpoint_samples", "sampler_steps", "reference_steps")
        ]
        for name, value in [*given, *(("each of path_intervals", multiple) for multiple in self.path_intervals)]:
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise SpecError(f"{name} must be a positive whole number, not {value!r}.")

    def start(self, ppm: PPM, seed: int = 0, optimizer: torch.optim.Optimizer | None = None) -> Recorder:
        """A recorder for this PPM; ``seed`` is that of samples alone, and no optimiser is needed.

        Raises:
            ModelError: if the PPM has none of the five capabilities, or cannot be measured as it stands.
            SpecError: for what does not fit its capability.
        """
        if isinstance(ppm, Enumerable):
            return self._exact(ppm, seed)
        if self.fisher:
            raise SpecError("the Fisher form needs every outcome, and X is sampled here: leave fisher out.")
        if isinstance(ppm, Energetic) and not isinstance(ppm, Sequential | Tractable | Bounded):
            return self._energetic(ppm, seed)
        from szilard.monitor.sampled import start

        return start(ppm, self._sampled_intervals(), self.samples, self.checkpoint_samples, self.text, seed)

    def _exact(self, ppm: Enumerable, seed: int) -> LedgerRecorder:
        intervals = tuple(sorted({1, *self.path_intervals}))
        samples = self.samples or max(1, math.ceil(256 / ppm.inputs))
        if samples * ppm.inputs < 2:
            raise SpecError("a single label has no error bar: give samples of at least 2 for a single input.")
        return LedgerRecorder(ppm, intervals, samples, self.fisher, seed)

    def _energetic(self, ppm: Energetic, seed: int) -> Recorder:
        from szilard.monitor.energetic.recorder import EnergeticRecorder
        from szilard.monitor.energetic.settings import EnergeticSettings

        given = {name: getattr(self, name) for name in ("sampler_steps", "reference_steps")} | {"chains": self.samples}
        settings = EnergeticSettings(**{name: value for name, value in given.items() if value is not None})
        return EnergeticRecorder(ppm, settings, seed)

    def _sampled_intervals(self) -> tuple[int, ...]:
        default = self.path_intervals == DEFAULT_PATH_INTERVALS
        return tuple(sorted({1, *(SAMPLED_PATH_INTERVALS if default else self.path_intervals)}))
