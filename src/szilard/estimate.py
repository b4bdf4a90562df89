"""What every number of szilard is: a value, an error bar and a kind."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any

from szilard.distributions import student_quantile
from szilard.notebook.html import escape, framed
from szilard.numbers import number, with_error


class Kind(enum.StrEnum):
    """What stands between an estimate and the quantity it names."""

    EXACT = "exact"
    """Exact up to float error (for the stated probe set, where there is one)."""
    UNBIASED = "unbiased"
    """Its expectation is the quantity."""
    LOWER = "lower"
    """Its expectation lies at or below the quantity."""
    UPPER = "upper"
    """Its expectation lies at or above the quantity."""
    ASYMPTOTIC = "asymptotic"
    """Its bias vanishes as the sample grows."""
    HYPOTHESIS = "hypothesis"
    """An assumption of the paper stands between the number and its name."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error and its kind.

    Attributes:
        value: the estimate; a float, or a tensor/array whose leading dimensions are members.
        error: its standard error (one sigma), same shape and unit as ``value``; 0 where nothing is sampled.
        kind: see :class:`Kind`.
        degrees_of_freedom: of the error itself; ``inf`` where it is known rather than estimated.

    Example:
        >>> work = Estimate(0.25, 0.01, Kind.UNBIASED)
        >>> print(work)
        0.250 ± 0.010 (unbiased)
        >>> low, high = work.interval(0.95)
        >>> round(low, 3), round(high, 3)
        (0.23, 0.27)
    """

    value: Any
    error: Any
    kind: Kind
    degrees_of_freedom: float = math.inf

    def interval(self, level: float = 0.95) -> tuple[Any, Any]:
        """The two-sided interval ``value ± t·error`` with Student's t (normal where the error is known).

        Raises:
            ValueError: if ``level`` is not strictly between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie strictly between 0 and 1, not {level}: give 0.95 for a 95 % interval.")
        half = self._quantile(0.5 + level / 2) * self.error
        return self.value - half, self.value + half

    def z(self, truth: Any) -> Any:
        """How many of its own errors the estimate lies from ``truth``: ``(value − truth)/error``."""
        return (self.value - truth) / self.error

    def _quantile(self, probability: float) -> float:
        return student_quantile(probability, self.degrees_of_freedom)

    def __str__(self) -> str:
        try:
            value, error = float(self.value), float(self.error)
        except (TypeError, ValueError, RuntimeError):
            return f"{self.value} ± {self.error} ({self.kind})"
        return f"{with_error(value, error)} ({self.kind})"

    def _repr_html_(self) -> str:
        """The same in a notebook, with its interval where there is one."""
        said, _, kind = str(self).rpartition(" (")
        try:
            low, high = map(float, self.interval())
            within = f"95 % interval [{number(low, 4)}, {number(high, 4)}]" if high > low else ""
        except (TypeError, ValueError, RuntimeError):
            within = ""
        word = f'<span class="chip none">{escape(kind.removesuffix(")"))}</span>'
        return framed(f'<span class="number">{escape(said)}</span>{word} <small>{within}</small>')
