"""Keeps a few models along the training, and measures how far they lie from one another and from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.errors import ModelError, SpecError
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM, Energetic
from szilard.monitor.model_space.recorder import ModelSpaceRecorder
from szilard.monitor.source import source_of

_STREAM = 9_001
"""Keeps these random numbers apart from those of other measures with the same seed."""
_MOST = 64
_TRIED, _ROUNDING = 5, 1e-9
"""Steps of an energy's kernel before the run, and shadow work in nats that counts for none."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class ModelSpace:
    """The training's way through the space of models (group ``model_space``; the paper's Figure 1, from data).

    A few models are kept: when there are ``most``, that one is let go whose neighbours lie closest to one another, so
    that they spread evenly over the way. Samples of each are evaluated under all the others, which gives the Jeffreys
    divergence of every pair, the free-energy difference and the two sides of the detailed fluctuation theorem
    (Eq. 22) from each model to the next. Memory: ``most`` copies of the parameters, on the CPU where the model is
    large. Time: ``2 most`` evaluations of all samples at a record.

    Attributes:
        every: training steps between records; None: at the first records, then ever more sparsely (each further by a
            fifth), and at the last.
        samples: of each model.
        most: models kept at a time.
        data: held-out data, shaped like samples, for the cross-entropy of the target p* to each model; None: without.
        target_entropy: H(p*) in nats per sample, where it is known: then p*'s distance from the family is known too.
        sampler_steps: that an energy's chains relax from one kept model to the next.

    Raises:
        SpecError: a number makes no sense, or the data have not two samples.

    Example:
        >>> ModelSpace(samples=64, most=8).most
        8
    """

    every: int | None = None
    samples: int = 256
    most: int = 12
    data: Tensor | None = None
    target_entropy: float | None = None
    sampler_steps: int = 500

    def __post_init__(self) -> None:
        for name, least in (("every", 1), ("samples", 2), ("most", 3), ("sampler_steps", 1)):
            value = getattr(self, name)
            if value is None and name == "every":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise SpecError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        if self.most > _MOST:
            raise SpecError(f"most is {self.most}, but every pair is compared: keep {_MOST} models or fewer.")
        if self.data is not None and (not isinstance(self.data, Tensor) or self.data.ndim < 1 or len(self.data) < 2):
            raise SpecError("data must be a tensor of at least two held-out samples: give it the shape of samples.")

    def start(self, ppm: PPM, seed: int = 0, optimizer: torch.optim.Optimizer | None = None) -> ModelSpaceRecorder:
        """A recorder for any model that draws samples; ``seed`` is that of its samples, and no optimiser is needed.

        Raises:
            ModelError: if the model has no samples to give, or those of another law.
        """
        source = source_of(ppm, seed + _STREAM, self.sampler_steps)
        if isinstance(ppm, Energetic):
            _check_kernel(ppm, torch.Generator(device=ppm.device).manual_seed(seed + _STREAM))
        return ModelSpaceRecorder(
            ppm,
            source,
            samples=self.samples,
            most=self.most,
            thinning=self.every is None,
            data=None if self.data is None else self.data.detach().to(ppm.device),
            target_entropy=self.target_entropy,
        )


def _check_kernel(ppm: Energetic, generator: torch.Generator) -> None:
    """Every number here compares samples of ``e^{−E}`` themselves, with no weights to mend another law."""
    with undisturbed(ppm.module, ppm.device):
        shadow = ppm.relax(ppm.start(2, generator), _TRIED, generator).shadow_work
    if float(shadow.abs().max()) > _ROUNDING:
        raise ModelError(
            f"the kernel of {type(ppm).__name__} is unadjusted (its shadow work is not 0), and its samples are of "
            "another law than the energy's: give one that leaves it invariant, such as MALA, or leave ModelSpace out."
        )
