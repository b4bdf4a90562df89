"""The ledger as a table of numbers."""

from __future__ import annotations

from szilard.page.numbers import table
from szilard.studies.single.reading import SingleReading

COLUMNS = (
    ("entropy_conditional", "S(X|θ)", "nat"),
    ("work", "W", "nat"),
    ("heat", "Q", "nat"),
    ("length", "L", "nat^½"),
    ("work_direct", "KL(p₀‖pₙ)", "nat"),
    ("accuracy", "accuracy", "1"),
    ("cross_entropy", "cross-entropy", "nat"),
    ("loss", "loss", "as given"),
)


def numbers(reading: SingleReading) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    columns = []
    for name, symbol, unit in COLUMNS:
        if reading.has(name):
            errors = reading.column(f"{name}_error") if f"{name}_error" in reading.rows else None
            columns.append(((symbol, unit), reading.column(name), errors))
    return table(reading.steps, columns)
