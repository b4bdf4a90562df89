"""Continuous data as a density or an energy takes them: points of a known density, or dequantised images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, final

import torch
from torch import Tensor

from szilard.estimate import Kind
from szilard.studies.sampled.families.images import Dequantised
from szilard.studies.sampled.subject import HeldOut, Score
from szilard.training import Training
from szilard.training.training import batches

FITTED = 20_000
"""Draws from a known density on which a Gaussian is fitted."""
KNOWN = 4096
"""Held-out points of a known density, where the spec does not say how many."""
_PASSES = 8
"""Times that each image is dequantised."""
_SHOWN = 512
"""Held-out examples for the target in model space."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class ContinuousData:
    """What a model learns from, and is scored on.

    Attributes:
        fitted: data on which a Gaussian is fitted, shaped ``(examples, dimension)``.
        batch: a new batch for one step of training.
        held_out: the held-out examples, once for each dequantisation.
        what: the examples in words, one and many.
        cell: nats by which a density's −ln p exceeds the bound of the image's.
        kind: of the score.
        gallery: settings of the gallery.
        attributes: for the record.
        entropy: H(p*) in nats, where it is known.
    """

    fitted: Tensor
    batch: Callable[[], Tensor]
    held_out: list[Tensor]
    what: tuple[str, str] = ("point", "points")
    cell: float = 0.0
    kind: Kind = Kind.UNBIASED
    gallery: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    entropy: float | None = None

    @classmethod
    def of_images(cls, data: Dequantised, training: Training, order: torch.Generator, noise: torch.Generator) -> Self:
        """Images that are dequantised anew in each batch.

        Args:
            data: the images.
            training: says how batches are drawn.
            order: draws their order.
            noise: dequantises.
        """
        train, test = data.images.train, data.images.test
        indices = batches(len(train), training.batch_size, training.shuffle, order)
        return cls(
            fitted=torch.cat([data.continuous(train, noise) for _ in range(_PASSES)]),
            batch=lambda: data.continuous(train[next(indices)], noise),
            held_out=[data.continuous(test, noise) for _ in range(_PASSES)],
            what=("image", "images"),
            cell=data.cell,
            kind=Kind.UPPER if data.levels else Kind.UNBIASED,
            gallery={"shape": data.images.shape},
            attributes={"levels": data.levels, "dequantisation": "uniform" if data.levels else None},
        )

    @property
    def examples(self) -> Tensor:
        """Some of the held-out data: what the target is in model space."""
        return self.held_out[0][:_SHOWN]

    @property
    def space(self) -> dict[str, float]:
        """The target's entropy, where it is known: for model space and for the record."""
        return {} if self.entropy is None else {"target_entropy": self.entropy}

    def score(self, name: str, phi: Callable[[Tensor], Tensor], log_z: float = 0.0, error: float = 0.0) -> Score:
        """Mean −ln p of the held-out examples, in nats, by the model of that name.

        Args:
            name: the model's.
            phi: −ln p of examples, or their energy.
            log_z: ln Z of an energy.
            error: its standard error where it was annealed; it is then too low on average, which undoes an upper bound.
        """
        each = torch.stack([phi(x) for x in self.held_out]).mean(0) + log_z + self.cell
        return Score.over(name, each, Kind.ASYMPTOTIC if error else self.kind, error)

    def compared(self, found: Score, baseline: Score, more: Mapping[str, Any] | None = None) -> HeldOut:
        """A score beside the baseline's, with further attributes for the record."""
        one, many = self.what
        name, units = f"negative log-likelihood of held-out {many}", f"nat per {one}"
        return HeldOut(name, units, found, baseline, len(self.held_out[0]), more or {})
