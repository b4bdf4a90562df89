"""An audit as a whole: its rows, its overall verdict, and its table and JSON."""

from __future__ import annotations

import enum
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from szilard.numbers import number
from szilard.verdicts.finding import Basis, Concern, Finding, Verdict

if TYPE_CHECKING:
    from rich.table import Table

SYMBOLS = {Verdict.HELD: "✓", Verdict.FAILED: "✗", Verdict.UNDECIDED: "?", Verdict.UNCHECKABLE: "–"}
"""Beside the word, so that colour is never all there is."""

STYLES = {Verdict.HELD: "green", Verdict.FAILED: "bold red", Verdict.UNDECIDED: "yellow", Verdict.UNCHECKABLE: "dim"}


class Subject(enum.StrEnum):
    """What was audited."""

    RUN = "run"
    ENSEMBLE = "ensemble"


AT_BATCH = ", |b| = "
"""Between what a row is about and the batch size that it speaks of."""

WHERE_UNCHECKED = {Subject.RUN: "on a single run", Subject.ENSEMBLE: "on this ensemble"}


@dataclass(frozen=True, slots=True)
class Audit:
    """The assumptions behind a record's numbers, each held against the record.

    Attributes:
        rows: the findings: integrity, what holds by construction, what was tested, what cannot be checked; for an
            ensemble also what was worked out on an exact system.
        title: what was audited.
        subject: one run or an ensemble.
    """

    rows: tuple[Finding, ...]
    title: str = ""
    subject: Subject = Subject.RUN

    def __getitem__(self, name: str) -> Finding:
        """The row of that name.

        Raises:
            KeyError: when there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __iter__(self) -> Iterator[Finding]:
        """The rows, in their order."""
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        from szilard.verdicts.display import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from szilard.verdicts.display import as_html

        return as_html(self)

    @property
    def sound(self) -> bool:
        """Whether nothing that the numbers rest on failed."""
        return not any(row.concerns is Concern.RECORD and row.verdict is Verdict.FAILED for row in self.rows)

    @property
    def verdict(self) -> str:
        """The whole in a sentence or two."""
        counts = Counter(row.verdict for row in self.rows if row.basis is Basis.TESTED)
        constructed = [row for row in self.rows if row.basis is Basis.CONSTRUCTION]
        closed = sum(row.verdict is Verdict.HELD for row in constructed)
        identities = f"{closed} of {len(constructed)} identities close; " if constructed else ""
        said = (
            f"{identities}of what was tested {counts[Verdict.HELD]} held, "
            f"{counts[Verdict.FAILED]} failed and {counts[Verdict.UNDECIDED]} stayed undecided; "
            f"{counts[Verdict.UNCHECKABLE]} claims cannot be checked {WHERE_UNCHECKED[self.subject]}."
        )
        broken = self._names(Concern.RECORD)
        if broken:
            return f"Do not rely on these numbers ({broken} failed). {said[0].upper()}{said[1:]}"
        failed = self._names(Concern.THEORY, at_interval=False)
        here = self._names(Concern.THEORY, at_interval=True)
        said = f"{self._standing()}: {said}"
        said += f" Did not hold in this {self.subject}: {failed}." if failed else ""
        return said + (f" Did not hold at this measuring interval (another may differ): {here}." if here else "")

    def _standing(self) -> str:
        """How far the numbers reach."""
        limits = self._failed(Concern.COVERAGE)
        if not limits:
            return "The numbers stand"
        if self.subject is Subject.RUN and any(row.name == "complete record" for row in limits):
            return "The record does not cover the whole run, but what it holds stands"
        failed = listed([row.name for row in limits if not row.too_small_for])
        small = ", ".join(row.too_small_for for row in limits if row.too_small_for)
        parts = (f"{failed} failed" if failed else "", f"the design is too small for: {small}" if small else "")
        return f"The numbers stand within limits ({'; '.join(filter(None, parts))})"

    def _names(self, concern: Concern, *, at_interval: bool | None = None) -> str:
        """The names of what failed."""
        return listed([row.name for row in self._failed(concern) if at_interval in (None, row.at_interval)])

    def _failed(self, concern: Concern) -> list[Finding]:
        """What failed of the record; what was worked out on an exact system is none of its business."""
        return [
            row
            for row in self.rows
            if row.concerns is concern and row.verdict is Verdict.FAILED and row.basis is not Basis.EXACT
        ]

    def sections(self) -> list[tuple[str, list[Finding]]]:
        """The rows under headings: tested, by construction and on an exact system (if any), what cannot be checked."""
        tested = [row for row in self.rows if row.basis is Basis.TESTED and row.verdict is not Verdict.UNCHECKABLE]
        exact = [row for row in self.rows if row.basis is Basis.EXACT]
        constructed = [row for row in self.rows if row.basis is Basis.CONSTRUCTION]
        return [
            ("Tested", tested),
            *([("By construction", constructed)] if constructed else []),
            *([("On an exact system, not on this record", exact)] if exact else []),
            ("Cannot be checked here", [row for row in self.rows if row.verdict is Verdict.UNCHECKABLE]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """The audit as plain JSON values."""
        return {
            "title": self.title,
            "verdict": self.verdict,
            "sound": self.sound,
            "rows": [row.as_dict() for row in self.rows],
        }

    def to_json(self) -> str:
        """The audit as JSON text, undefined numbers as null."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def table(self) -> Table:
        """A table for the terminal, legible at 100 columns."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(self.title) if self.title else None, box=box.SIMPLE_HEAD, pad_edge=False,
                      caption=Text(self.verdict), caption_justify="left")  # fmt: skip
        table.add_column("verdict", width=11)
        table.add_column("what and why", ratio=1)
        table.add_column("effect, 95 % interval, bound, where", width=31)
        for heading, rows in self.sections():
            table.add_row("", Text(heading, style="bold underline"), "")
            for row in rows:
                what = Text.assemble((row.name, "bold"), f": {row.claim} ", (f"[{row.source}]", "dim"))
                if row.detail:
                    what.append(f"\n{row.detail}", style="italic dim")
                mark = Text(f"{SYMBOLS[row.verdict]} {short(row.verdict)}", style=STYLES[row.verdict])
                table.add_row(mark, what, Text("\n".join(filter(None, (effect_text(row), row.measure, where(row))))))
        return table


def listed(names: Sequence[str]) -> str:
    """Names of rows one after the other, apart by semicolons; those of several batch sizes are put together.

    Example:
        >>> listed(["one temperature, |b| = 1", "one temperature, |b| = 10", "lazy is reversible, step by step"])
        'one temperature (|b| = 1, 10); lazy is reversible, step by step'
    """
    together: dict[str, list[str]] = {}
    for name in names:
        kind, _, size = name.partition(AT_BATCH)
        together.setdefault(kind, []).extend([size] if size else [])
    return "; ".join(f"{kind} (|b| = {', '.join(sizes)})" if sizes else kind for kind, sizes in together.items())


def short(verdict: Verdict) -> str:
    """The verdict in one word, for narrow columns."""
    return "unchecked" if verdict is Verdict.UNCHECKABLE else str(verdict)


def effect_text(row: Finding) -> str:
    """Effect, interval and bound; empty where nothing was measured."""
    if row.effect is None:
        return ""
    if row.interval is None or row.interval[0] == row.interval[1]:
        return f"{number(row.effect)} {bound_text(row)}".strip()
    low, high = row.interval
    return f"{number(row.effect)} [{number(low)}, {number(high)}] {bound_text(row)}".strip()


def where(row: Finding) -> str:
    """Where in the training and in which layer a measured row was decided; empty where that is all of it."""
    return f"[{row.where}]" if row.effect is not None and row.where != "whole run" else ""


def bound_text(row: Finding) -> str:
    """What the effect was held against."""
    if row.bound is None:
        return ""
    low, high = row.bound
    if math.isinf(low):
        return f"(≤\u00a0{number(high)})"
    if math.isinf(high):
        return f"(counted\u00a0from\u00a0{number(low)})"
    if low == -high and high:
        return f"(±\u00a0{number(high)})"
    if low > 0:
        return f"({number(low)}\u00a0to\u00a0{number(high)})"
    return f"(≤\u00a0{number(high)})" if high else "(none\u00a0allowed)"
