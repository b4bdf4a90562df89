"""What verification yields: rows of truth against estimate, judged together, as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from szilard.estimate import Estimate, Kind

if TYPE_CHECKING:
    from rich.table import Table

FALSE_ALARM = 1e-3
"""Chance that sound code fails anywhere in the whole table, shared out evenly over the sampled rows (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One estimate beside its truth, not yet judged.

    Attributes:
        system: the exact system.
        estimator: what was estimated, and by which function.
        truth: from the system's own answers.
        estimate: value, error bar and kind.
        tolerance: for sums without sampling, the float error that is allowed; None where the error bar decides.
        bound: whether the estimate need only lie on that side of the truth from which its kind bounds it.
    """

    system: str
    estimator: str
    truth: float
    estimate: Estimate
    tolerance: float | None = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One estimate against its truth.

    Attributes:
        system: the exact system.
        estimator: what was estimated, and by which function.
        truth: from the system's own answers, never from the ledger.
        estimate: what the ledger says.
        error: the unit of z: the estimate's standard error, or for sums without sampling the float error allowed.
        z: ``(estimate − truth)/error``.
        limit: the largest |z| that passes; of a bound, the largest on the wrong side.
        kind: of the estimate.
        sampled: whether ``error`` is statistical.
        verdict: "held" or "failed".
    """

    system: str
    estimator: str
    truth: float
    estimate: float
    error: float
    z: float
    limit: float
    kind: Kind
    sampled: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Every estimator against every exact system, on this machine."""

    rows: tuple[Row, ...]

    @property
    def passed(self) -> bool:
        """Whether every row held, and there was one at least."""
        return bool(self.rows) and not self.failures

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that did not hold, in the table's order."""
        return tuple(row for row in self.rows if row.verdict != "held")

    @property
    def verdict(self) -> str:
        """The whole in a sentence: how many rows held or failed, and what to do then."""
        if self.passed:
            return f"All {len(self.rows)} rows held: the estimators agree with the exact systems on this machine."
        return (
            f"{len(self.failures)} of {len(self.rows)} rows failed: do not rely on numbers from this machine; "
            "report the failing rows with the versions of Python, torch and szilard."
        )

    def as_dict(self) -> dict[str, Any]:
        """The verification as plain JSON values, undefined numbers as None."""
        rows = [
            {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in pairs}
            for pairs in (asdict(row).items() for row in self.rows)
        ]
        return {"passed": self.passed, "verdict": self.verdict, "false_alarm": FALSE_ALARM, "rows": rows}

    def to_json(self) -> str:
        """The verification as JSON text, undefined numbers as null."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def table(self) -> Table:
        """A table for 80 columns; the error is ± one standard error, or ≤ the float error allowed."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.caption, table.caption_justify = Text(self.verdict), "left"
        table.add_column("estimator", no_wrap=True)
        for heading in ("truth", "estimate", "error", "z"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("kind", no_wrap=True)
        table.add_column("", no_wrap=True)
        previous = None
        for row in self.rows:
            if row.system != previous:
                table.add_row(Text(row.system, style="bold underline"))
                previous = row.system
            held = row.verdict == "held"
            table.add_row(
                Text(row.estimator),
                f"{row.truth:.4g}",
                f"{row.estimate:.4g}",
                f"{'±' if row.sampled else '≤'}{row.error:.1e}",
                f"{row.z:+.2f}" if abs(row.z) < 1000 else f"{row.z:+.0e}",
                str(row.kind),
                Text("✓" if held else "✗ failed", style="green" if held else "bold red"),
            )
        return table


def judge(comparisons: Sequence[Comparison], *, sampled: int | None = None) -> Verification:
    """Hold every |z| against its limit: 1 for float errors, Student's t at a shared false-alarm rate otherwise.

    Args:
        comparisons: the rows to be.
        sampled: sampled rows among which the false-alarm rate is shared; those that are given, where it is None.
    """
    from scipy import stats

    if sampled is None:
        sampled = sum(comparison.tolerance is None for comparison in comparisons)
    rows = []
    for comparison in comparisons:
        value = float(comparison.estimate.value)
        if comparison.tolerance is None:
            error = float(comparison.estimate.error)
            limit = float(stats.t.isf(FALSE_ALARM / 2 / sampled, comparison.estimate.degrees_of_freedom))
        else:
            error, limit = comparison.tolerance, 1.0
        deviation = value - comparison.truth
        z = deviation / error if error != 0 else (0.0 if deviation == 0 else math.copysign(math.inf, deviation))
        rows.append(
            Row(
                comparison.system,
                comparison.estimator,
                comparison.truth,
                value,
                error,
                z,
                limit,
                comparison.estimate.kind,
                comparison.tolerance is None,
                "held" if _beyond(z, comparison) <= limit else "failed",
            )
        )
    return Verification(tuple(rows))


def _beyond(z: float, comparison: Comparison) -> float:
    """How far the truth lies outside, in errors; NaN is never within a limit."""
    if comparison.bound and comparison.estimate.kind in (Kind.LOWER, Kind.UPPER):
        return z if comparison.estimate.kind is Kind.LOWER else -z
    return abs(z)
