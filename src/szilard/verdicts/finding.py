"""One row of an audit: a claim, what was measured against it, and the verdict."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

Interval = tuple[float, float]


class Verdict(enum.StrEnum):
    """What the evidence says of a claim."""

    HELD = "held"
    """The interval of the effect lies inside the stated bound."""
    FAILED = "failed"
    """The interval of the effect lies outside the bound."""
    UNDECIDED = "undecided"
    """Too little evidence: the interval straddles the bound, or there is none."""
    UNCHECKABLE = "cannot be checked here"
    """No record of this kind can tell; the detail names the design that would."""


class Basis(enum.StrEnum):
    """Whether the record could have come out otherwise."""

    CONSTRUCTION = "by construction"
    """An identity of the definitions: a failure means that the record or the code is wrong, never the theory."""
    TESTED = "tested"
    """An empirical statement about what was recorded."""
    EXACT = "on an exact system"
    """A statement of the theory worked out where every answer is known; it says nothing of this record."""


class Concern(enum.StrEnum):
    """Whom a failure would embarrass."""

    RECORD = "record"
    """The numbers themselves: a failure says not to trust them."""
    COVERAGE = "coverage"
    """How much of the run the numbers speak of: a failure says that something is missing, not that it is wrong."""
    THEORY = "theory"
    """An assumption or claim of the theory: a failure is a result."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several that a row judged together, such as a layer.

    Attributes:
        name: of it.
        effect: as the row's.
        interval: of the effect; those of all parts of a row hold together at 95 %.
        verdict: on this part alone.
    """

    name: str
    effect: float
    interval: Interval
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of an audit.

    Attributes:
        name: short, unique within the audit.
        claim: what is held to be true, as a sentence.
        source: where the claim stands ("paper Eq. 25").
        basis: see :class:`Basis`.
        concerns: see :class:`Concern`.
        measure: what the effect is, with its unit.
        effect: the measured departure; None where nothing was measured.
        interval: 95 % interval of the effect (both ends equal where it is exact).
        bound: where the interval must lie for ``held``; an end may be infinite.
        verdict: see :class:`Verdict`.
        where: what it speaks of, mostly steps.
        at_interval: whether another measuring interval may turn the verdict.
        detail: the evidence in a sentence or two.
        too_small_for: where a failure says that the design is too small, for what, in words.
        parts: what was judged together, one by one; empty where there was but one, or they have no verdicts of their
            own.
    """

    name: str
    claim: str
    source: str
    basis: Basis
    concerns: Concern
    verdict: Verdict
    detail: str
    measure: str = ""
    effect: float | None = None
    interval: Interval | None = None
    bound: Interval | None = None
    where: str = "whole run"
    at_interval: bool = False
    too_small_for: str = ""
    parts: tuple[Part, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The row as plain JSON values; infinite and undefined numbers become None."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def judge(interval: Interval | None, bound: Interval) -> Verdict:
    """``held`` inside the bound, ``failed`` outside it, ``undecided`` across its edge or without an interval.

    Example:
        >>> str(judge((-0.01, 0.02), (-0.1, 0.1))), str(judge((-0.05, 0.3), (-0.1, 0.1)))
        ('held', 'undecided')
    """
    if interval is None or any(math.isnan(end) for end in interval):
        return Verdict.UNDECIDED
    low, high = interval
    if bound[0] <= low and high <= bound[1]:
        return Verdict.HELD
    if high < bound[0] or low > bound[1]:
        return Verdict.FAILED
    return Verdict.UNDECIDED


def parts_of(
    names: Sequence[str], effects: Sequence[float], intervals: Sequence[Interval], bound: Interval
) -> tuple[Part, ...]:
    """Each judged by its own interval.

    Example:
        >>> [str(part.verdict) for part in parts_of(["a", "b"], [0.0, 2.0], [(-0.1, 0.1), (1.5, 2.5)], (-1.0, 1.0))]
        ['held', 'failed']
    """
    return tuple(
        Part(name, float(effect), (float(low), float(high)), judge((low, high), bound))
        for name, effect, (low, high) in zip(names, effects, intervals, strict=True)
    )


def told(parts: Sequence[Part], kind: str = "layers") -> str:
    """How many of several parts held and failed, as a sentence; empty for fewer than two.

    Example:
        >>> told(parts_of(["a", "b"], [0.0, 2.0], [(-0.1, 0.1), (1.5, 2.5)], (-1.0, 1.0)))
        'Held in 1 of 2 layers, failed in 1.'
    """
    if len(parts) < 2:
        return ""
    held, failed = (sum(part.verdict is verdict for part in parts) for verdict in (Verdict.HELD, Verdict.FAILED))
    return f"Held in {held} of {len(parts)} {kind}{f', failed in {failed}' if failed else ''}."


def _plain(value: Any) -> Any:
    if isinstance(value, enum.StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
