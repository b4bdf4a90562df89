"""Curves of any length in a fixed amount of memory: thinned as they grow, and told from where they were last told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUCKETS = 512
"""Along a curve at most; each keeps its least and its greatest value."""
EARLY, GROWTH = 64, 1.03
"""So many first records are kept one by one, then each that lies this factor beyond the last one kept."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """How much of the curves somebody knows.

    Attributes:
        width: of the buckets then, in records; where it has changed all of them are told again.
        closed: buckets to which no record is added any more.
        early: early records.
        records: how many there were.
    """

    width: int = 0
    closed: int = 0
    early: int = 0
    records: int = 0


class Thinned:
    """Curves over one step axis, thinned by powers of two: no peak is lost, whatever the length.

    Records lie in buckets of equal width. When there are more than :data:`BUCKETS` of them neighbours are joined, and
    the width doubles. Of each bucket and curve the least and the greatest value are kept, with step and band. Beside
    them stand early records, evenly in the logarithm, for logarithmic step axes, and the last one.

    Args:
        curves: how many.

    Attributes:
        records: how many there were.
    """

    def __init__(self, curves: int) -> None:
        self.records, self._width = 0, 1
        shape = (curves, BUCKETS)
        self._first: Integers = np.zeros(BUCKETS, np.int64)
        self._value = {sign: np.full(shape, math.inf) for sign in (1, -1)}  # the least of sign × value
        self._step = {sign: np.zeros(shape, np.int64) for sign in (1, -1)}
        self._half = {sign: np.full(shape, math.nan) for sign in (1, -1)}
        self._early: list[tuple[int, Floats, Floats]] = []
        self._next_early = 0
        self.last: tuple[int, Floats, Floats] | None = None

    def add(self, steps: Integers, values: Floats, halves: Floats) -> None:
        """Takes further records.

        Args:
            steps: of each; shape ``(records,)``.
            values: what is not finite counts as missing; shape ``(curves, records)``.
            halves: half the width of the band about each; NaN for none; same shape.
        """
        count = len(steps)
        if not count:
            return
        while (self.records + count - 1) // self._width >= BUCKETS:
            self._join()
        left = self._width - self.records % self._width
        if left < count < self._width:  # so that nothing as long as a bucket is made for a few records
            self.add(steps[:left], values[:, :left], halves[:, :left])
            self.add(steps[left:], values[:, left:], halves[:, left:])
            return
        self._keep_early(steps, values, halves)
        start = self.records
        for sign in (1, -1):
            self._add(sign, start, steps, values, halves)
        self.records += count
        self.last = (int(steps[-1]), values[:, -1].copy(), halves[:, -1].copy())

    def _add(self, sign: int, start: int, steps: Integers, values: Floats, halves: Floats) -> None:
        """The least of ``sign × value`` in each bucket, as whole rows of buckets filled up with what is missing."""
        width, count = self._width, len(steps)
        lead, first = start % width, start // width
        begins = np.arange(first, first + -(-(lead + count) // width)) * width - start
        if lead + count <= width:
            lead, width = 0, count
        buckets = len(begins)
        padded = np.full((len(values), buckets * width), math.inf)
        inside = slice(lead, lead + count)
        np.multiply(values, sign, out=padded[:, inside], where=np.isfinite(values))
        blocks = padded.reshape(len(values), buckets, width)
        row = blocks.argmin(axis=-1) + np.arange(buckets) * width
        least = np.take_along_axis(padded, row, axis=1)
        row = np.clip(row - lead, 0, count - 1)
        span = slice(first, first + buckets)
        better = least < self._value[sign][:, span]
        for kept, fresh in (
            (self._value, least), (self._step, steps[row]), (self._half, np.take_along_axis(halves, row, axis=1)),
        ):  # fmt: skip
            np.copyto(kept[sign][:, span], fresh, where=better)
        if sign == 1:
            fresh = begins >= 0
            self._first[span][fresh] = steps[begins[fresh]]

    def _join(self) -> None:
        """Joins neighbours; the width doubles."""
        for sign in (1, -1):
            value = self._value[sign]
            second = (value[:, 1::2] < value[:, ::2]).astype(np.intp)
            pick = 2 * np.arange(BUCKETS // 2) + second
            for kept, empty in ((self._step, 0), (self._half, math.nan), (self._value, math.inf)):
                joined = np.take_along_axis(kept[sign], pick, axis=1)
                kept[sign][:, : BUCKETS // 2] = joined
                kept[sign][:, BUCKETS // 2 :] = empty
        self._first[: BUCKETS // 2] = self._first[::2]
        self._width *= 2

    def _keep_early(self, steps: Integers, values: Floats, halves: Floats) -> None:
        while self._next_early < self.records + len(steps):
            at = self._next_early - self.records
            self._early.append((int(steps[at]), values[:, at].copy(), halves[:, at].copy()))
            grown = self._next_early + 1
            self._next_early = grown if grown < EARLY else math.ceil(grown * GROWTH)

    @property
    def place(self) -> Place:
        """How much there is now."""
        return Place(self._width, self.records // self._width, len(self._early), self.records)

    def since(self, known: Place, curve: int) -> dict[str, Any]:
        """What there is of a curve beyond a place, as JSON can hold it.

        Returns:
            ``from``: index of the first point of ``even`` that is told, all later ones being new; ``even``, ``early``
            (to be added), ``last``: lists of ``[steps, values, halves]``, None where there is none.
        """
        begin = known.closed if known.width == self._width else 0
        used = -(-self.records // self._width)
        each = 1 if self._width == 1 else 2
        early = self._early[known.early :]
        last = [] if self.last is None else [self.last]
        return {
            "from": each * begin,
            "even": self._even(curve, slice(begin, used), each),
            "early": _points(early, curve),
            "last": _points(last, curve),
        }

    def _even(self, curve: int, span: slice, each: int) -> list[list[Any]]:
        """The points of buckets: least and greatest in the order of their steps."""
        if each == 1:
            value, step, half = (kept[1][curve, span] for kept in (self._value, self._step, self._half))
        else:
            steps = np.stack([self._step[sign][curve, span] for sign in (1, -1)], axis=1)
            order = np.argsort(steps, axis=1, kind="stable")
            values = np.stack([sign * self._value[sign][curve, span] for sign in (1, -1)], axis=1)
            halves = np.stack([self._half[sign][curve, span] for sign in (1, -1)], axis=1)
            step, value, half = (np.take_along_axis(kept, order, axis=1).ravel() for kept in (steps, values, halves))
        known = np.isfinite(value)
        step = np.where(known, step, np.repeat(self._first[span], each))
        return [step.tolist(), plain(np.asarray(value)), plain(np.where(known, half, math.nan))]


def _points(records: list[tuple[int, Floats, Floats]], curve: int) -> list[list[Any]]:
    return [
        [step for step, _, _ in records],
        plain(np.array([values[curve] for _, values, _ in records])),
        plain(np.array([halves[curve] for _, _, halves in records])),
    ]


def plain(values: Floats, digits: int = 7) -> list[float | None]:
    """Numbers as JSON can hold them: rounded to significant digits, None for what is not finite.

    Example:
        >>> plain(np.array([1.23456789, np.nan]))
        [1.234568, None]
    """
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values.tolist()]
