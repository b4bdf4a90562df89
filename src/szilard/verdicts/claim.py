"""A claim as data: what is held to be true, where that stands, and against which bound a measured effect is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from types import ModuleType

import numpy as np

from szilard.estimate import Estimate
from szilard.verdicts.bounds import FLOAT, LEVEL
from szilard.verdicts.finding import Basis, Concern, Finding, Interval, Part, Verdict, judge, parts_of, told
from szilard.verdicts.intervals import decisive


@dataclass(frozen=True, slots=True)
class Claim:
    """What the rows of a claim have in common; each method judges a record and returns one row.

    Attributes:
        name: of its row, short, unique within an audit.
        claim: what is held to be true, as a sentence.
        source: where the claim stands ("paper Eq. 25").
        design: what it would take to check it, a sentence; for records that cannot tell.
        measure: what the effect is, with its unit.
        bound: where the interval of the effect must lie; none is allowed where nothing is said.
        concerns: whom a failure would embarrass.
        basis: whether the record could have come out otherwise.
        at_interval: whether another measuring interval may turn the verdict.
        too_small_for: where a failure says that the design is too small, for what, in words.

    Example:
        >>> falls = Claim("learned", "the loss falls", "gradient descent", measure="fall, nat", bound=(0.0, 10.0))
        >>> str(falls.tested(2.0, (1.0, 3.0)).verdict), falls.unchecked("no loss was recorded.").detail
        ('held', 'No loss was recorded.')
    """

    name: str
    claim: str
    source: str
    design: str = ""
    _: KW_ONLY
    measure: str = ""
    bound: Interval = (0.0, 0.0)
    concerns: Concern = Concern.THEORY
    basis: Basis = Basis.TESTED
    at_interval: bool = False
    too_small_for: str = ""

    def about(self, *words: object) -> Claim:
        """The claim with ``words`` in the gaps ``{}`` of its name, its sentence and what a design is too small for."""
        name, claim, small = (text.format(*words) for text in (self.name, self.claim, self.too_small_for))
        return replace(self, name=name, claim=claim, too_small_for=small)

    def at(self, place: str) -> Claim:
        """The claim under its name followed by ``place``, where an audit has a row for each of several."""
        return replace(self, name=f"{self.name}{place}")

    def unchecked(self, why: str = "", concerns: Concern | None = None) -> Finding:
        """The row of a record that cannot tell: ``why`` says what is missing; else the design that would tell."""
        detail = why or self.design
        return Finding(
            name=self.name, claim=self.claim, source=self.source, basis=Basis.TESTED,
            concerns=concerns or self.concerns, verdict=Verdict.UNCHECKABLE, detail=f"{detail[0].upper()}{detail[1:]}",
        )  # fmt: skip

    def tested(
        self,
        effect: Estimate | float | None,
        interval: Interval | None = None,
        *,
        where: str = "whole run",
        detail: str = "",
        measure: str = "",
        bound: Interval | None = None,
        concerns: Concern | None = None,
        verdict: Verdict | None = None,
        parts: tuple[Part, ...] = (),
        among: str = "",
    ) -> Finding:
        """The row of a record that can tell, judged by its interval alone.

        Args:
            effect: None where nothing was measured.
            interval: of the effect; without it that of the estimate at LEVEL, or none beside an exact number.
            where: what it speaks of, mostly steps.
            detail: the evidence in a sentence or two.
            measure: in place of the claim's own, where it depends on the record.
            bound: as ``measure``.
            concerns: as ``measure``.
            verdict: in place of the interval's, where more than the interval decides.
            parts: what was judged together; fewer than two are none.
            among: what the parts are ("layers"), where ``detail`` is to end with how many of them held.
        """
        value = effect.value if isinstance(effect, Estimate) else effect
        if interval is None and value is not None:
            interval = effect.interval(LEVEL) if isinstance(effect, Estimate) else (value, value)
        limits = bound or self.bound
        return Finding(
            name=self.name,
            claim=self.claim,
            source=self.source,
            basis=self.basis,
            concerns=concerns or self.concerns,
            measure=measure or self.measure,
            effect=None if value is None else float(value),
            interval=None if interval is None else (float(interval[0]), float(interval[1])),
            bound=limits,
            verdict=verdict or judge(interval, limits),
            where=where,
            detail=f"{detail} {told(parts, among)}".strip() if among else detail,
            at_interval=self.at_interval,
            too_small_for=self.too_small_for,
            parts=parts if len(parts) > 1 else (),
        )

    def decisive(self, intervals: Sequence[Interval]) -> int:
        """Which of several intervals speaks for all: see :func:`~szilard.verdicts.intervals.decisive`."""
        return decisive(intervals, self.bound)

    def parts(self, names: Sequence[str], effects: Sequence[float], intervals: Sequence[Interval]) -> tuple[Part, ...]:
        """What is judged together, each by its own interval."""
        return parts_of(names, effects, intervals, self.bound)

    def counted(self, faults: float, detail: str) -> Finding:
        """Faults, of which none are allowed."""
        return self.tested(float(faults), measure="faults", bound=(0.0, 0.0), detail=detail)

    def identity(self, residual: np.ndarray, steps: np.ndarray, *, along: str = "", detail: str = "") -> Finding:
        """What holds by construction: the largest residual, against :data:`~szilard.verdicts.bounds.FLOAT`.

        A row in which everything is undefined (NaN) cannot be checked.

        Args:
            residual: relative already, shape (step, …).
            steps: of its rows.
            along: what its second dimension is ("member"), where the worst of it is to be named.
            detail: the evidence in a sentence or two.
        """
        size = np.abs(residual)
        known = ~np.isnan(size)
        if not known.any():
            return self.unchecked("The record has no numbers to hold this against.", Concern.RECORD)
        worst = np.unravel_index(int(np.where(known, size, -1).argmax()), size.shape)
        largest = float(size[worst])
        where = f"worst at step {steps[worst[0]]:,}" + (f", {along} {worst[1]}" if along else "")
        claim = replace(self, basis=Basis.CONSTRUCTION, concerns=Concern.RECORD, bound=(0.0, FLOAT))
        return claim.tested(
            largest,
            measure=f"largest relative residual of {int(known.sum())}",
            where=where if largest > 0 else "whole run",
            detail=detail,
        )


def claims_of(*modules: ModuleType) -> tuple[Claim, ...]:
    """Every claim that is a constant of one of ``modules``, alone or in a tuple, each once, in the order found."""
    found: dict[Claim, None] = {}
    for module in modules:
        for value in vars(module).values():
            several: Iterable[object] = value if isinstance(value, tuple) else (value,)
            found |= {each: None for each in several if isinstance(each, Claim)}
    return tuple(found)
