"""First and second moments of the transitions of a path, block by block, and the jackknife over blocks.

Everything that is estimated from a sampled path here is a function of these moments; a block left out is a subtraction.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind

FEWEST_BLOCKS, MOST_BLOCKS = 10, 60
RELAXATION_TIMES = 10
"""A block is to be this many relaxation times long, where the path is long enough for the fewest blocks."""


@dataclass(frozen=True)
class PathMoments:
    """Sums of ``z zᵀ`` over transitions, ``z = (1, first, second)``, for each block; first and second are centred.

    Attributes:
        sums: for each block.
        counts: transitions in each block.
        centre: what was subtracted from both halves of z; the same for all blocks, so that nothing depends on it.
    """

    sums: Float[ndarray, "blocks size size"]
    counts: Float[ndarray, " blocks"]
    centre: Float[ndarray, " both"]

    @classmethod
    def of(cls, path: Float[ndarray, "*members points dimension"], *, blocks: int | None = None) -> PathMoments:
        """Moments of (θ, θ') over the transitions of one path or of independent members."""
        path = checked("path", path)
        flat = path.reshape(-1, *path.shape[-2:])
        if flat.shape[1] < 3:
            raise RecordError(f"the path has {flat.shape[1]} points: give at least three.")
        centre = np.tile(flat.mean((0, 1)), 2)
        pairs = np.concatenate([flat[:, :-1], flat[:, 1:]], -1) - centre
        return cls._cut(pairs, blocks or choose_blocks(path), centre)

    @classmethod
    def of_two(
        cls,
        first: Float[ndarray, "*members points dimension"],
        second: Float[ndarray, "*members points dimension"],
        *,
        blocks: int | None = None,
    ) -> PathMoments:
        """Moments of two series at equal times, such as θ and ∇U(θ)."""
        first, second = checked("first", first), checked("second", second)
        if first.shape != second.shape:
            raise RecordError(f"series shaped {first.shape} and {second.shape} do not pair: give equal shapes.")
        both = np.concatenate([first, second], -1)
        both = both.reshape(-1, *both.shape[-2:])
        centre = both.mean((0, 1))
        return cls._cut(both - centre, blocks or choose_blocks(first), centre)

    @classmethod
    def _cut(cls, pairs: Float[ndarray, "members times both"], blocks: int, centre: ndarray) -> PathMoments:
        members, times, _ = pairs.shape
        per_member = min(math.ceil(blocks / members), times)
        rows = np.concatenate([np.ones((members, times, 1)), pairs], -1)
        edges = np.linspace(0, times, per_member + 1).round().astype(int)
        sums, counts = [], []
        for low, high in itertools.pairwise(edges):
            piece = rows[:, low:high]
            sums.append(np.einsum("mti,mtj->mij", piece, piece, optimize=True))
            counts.append(np.full(members, high - low, dtype=np.float64))
        return cls(np.concatenate(sums), np.concatenate(counts), centre)

    @property
    def blocks(self) -> int:
        """How many blocks the transitions were cut into."""
        return len(self.counts)

    @property
    def steps(self) -> int:
        """How many transitions there are in all blocks together."""
        return int(self.counts.sum())

    @property
    def dimension(self) -> int:
        """The dimension d of each half: of a state and of the one after it."""
        return (self.sums.shape[-1] - 1) // 2

    def whole(self) -> Float[ndarray, "size size"]:
        """The mean of ``z zᵀ`` over all transitions, shape (1 + 2d, 1 + 2d), z = (1, state, next)."""
        return self.sums.sum(0) / self.counts.sum()

    def left_out(self) -> Float[ndarray, "blocks size size"]:
        """The mean of ``z zᵀ`` with each block left out, shape (blocks, 1 + 2d, 1 + 2d)."""
        total, count = self.sums.sum(0), self.counts.sum()
        return (total - self.sums) / (count - self.counts)[:, None, None]

    def each(self) -> Float[ndarray, "blocks size size"]:
        """The mean of ``z zᵀ`` over each block alone, shape (blocks, 1 + 2d, 1 + 2d)."""
        return self.sums / self.counts[:, None, None]

    def merged(self, blocks: int) -> PathMoments:
        """The same transitions in so many blocks, at most as many as there are, of neighbours each."""
        starts = np.linspace(0, self.blocks, blocks + 1).round().astype(int)[:-1]
        return PathMoments(np.add.reduceat(self.sums, starts), np.add.reduceat(self.counts, starts), self.centre)

    def covariances(self) -> tuple[ndarray, ndarray, ndarray]:
        """The covariances of the first half, of the second, and of the second with the first, over all transitions."""
        return covariances(self.whole())

    def jackknife(
        self, statistic: Callable[[ndarray], ndarray], kind: Kind = Kind.ASYMPTOTIC, *, squares: int | None = None
    ) -> Estimate:
        """A function of the mean moments, freed of its bias of order 1/blocks, with its error on blocks − 1.

        Args:
            statistic: takes mean moments (\\*batch, size, size), returns (\\*batch, …).
            kind: of the estimate.
            squares: see :func:`jackknifed`.
        """
        whole, left = np.asarray(statistic(self.whole())), np.asarray(statistic(self.left_out()))
        return jackknifed(whole, left, kind, squares=squares)


def jackknifed(
    whole: ndarray, left: Float[ndarray, "blocks ..."], kind: Kind, *, squares: int | None = None
) -> Estimate:
    """``B·θ − (B−1)·⟨θ₋⟩`` and ``error² = (B−1)⟨(θ₋ − ⟨θ₋⟩)²⟩`` from the whole and what each left-out block gives.

    A sum of ``squares`` squares of means has, where these are 0, a bias b and a spread b√(2/squares), of which the
    jackknife sees little just when the squares came out small: that spread is added to the error, which is too wide
    where the squares are 0 and as it was where they are large. Squares of unequal size count as fewer.
    """
    blocks = len(left)
    if blocks < 2:
        raise RecordError("one block has no jackknife error: give a longer path, or more blocks or members.")
    value = blocks * whole - (blocks - 1) * left.mean(0)
    error = np.sqrt((blocks - 1) * np.square(left - left.mean(0)).mean(0))
    if squares is not None:
        error = np.hypot(error, np.abs(whole - value) * math.sqrt(2 / squares))
    if value.ndim == 0:
        return Estimate(float(value), float(error), kind, float(blocks - 1))
    return Estimate(value, error, kind, float(blocks - 1))


def covariances(moments: Float[ndarray, "*batch size size"]) -> tuple[ndarray, ndarray, ndarray]:
    """Covariances (first, first), (second, second) and (second, first) from mean moments."""
    d = (moments.shape[-1] - 1) // 2
    mean = moments[..., 0, 1:]
    centred = moments[..., 1:, 1:] - mean[..., :, None] * mean[..., None, :]
    return centred[..., :d, :d], centred[..., d:, d:], centred[..., d:, :d]


def choose_blocks(path: Float[ndarray, "*members points dimension"]) -> int:
    """Blocks of :data:`RELAXATION_TIMES` relaxation times, as many as fit between the fewest and the most.

    The relaxation time is that of the slowest coordinate's correlation from one point to the next. A path shorter than
    a hundred relaxation times still gets ten blocks, whose errors are then too small.
    """
    flat = path.reshape(-1, *path.shape[-2:])
    centred = flat - flat.mean((0, 1))
    square = np.square(centred).mean((0, 1))
    moving = square > 0
    if not moving.any():
        return FEWEST_BLOCKS
    lagged = (centred[:, 1:] * centred[:, :-1]).mean((0, 1))
    slowest = float((lagged[moving] / square[moving]).max())
    time = 1.0 if slowest <= 0 else -1 / math.log(min(slowest, 1 - 1e-12))
    length = flat.shape[0] * flat.shape[1]
    return int(np.clip(length / (RELAXATION_TIMES * max(time, 1.0)), FEWEST_BLOCKS, MOST_BLOCKS))


def checked(name: str, series: Float[ndarray, ...]) -> Float[ndarray, "*members points dimension"]:
    """``series`` as float64 with a time and a dimension, finite, or :class:`~szilard.errors.RecordError`."""
    series = np.asarray(series, dtype=np.float64)
    if series.ndim < 2:
        raise RecordError(f"{name} is shaped {series.shape}: give (points, dimension), members leading.")
    if not np.isfinite(series).all():
        raise RecordError(f"{name} holds numbers that are not finite: cut it before the first of them.")
    return series
