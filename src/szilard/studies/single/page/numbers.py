"""The ledger as a table of numbers."""

from __future__ import annotations

from szilard.page.numbers import table
from szilard.studies.single.figures.view import View

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


def numbers(view: View) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    columns = []
    for name, symbol, unit in COLUMNS:
        if view.has(name):
            errors = view.evidence.column(f"{name}_error") if f"{name}_error" in view.ledger else None
            columns.append(((symbol, unit), view.evidence.column(name), errors))
    return table(view.evidence.steps, columns)
