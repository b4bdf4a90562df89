"""The budget as a table of numbers."""

from __future__ import annotations

from szilard.report.ensemble.view import View
from szilard.report.numbers import table

COLUMNS = (
    ("info_task", "learned", "nat"),
    ("info_dataset", "memorised", "nat"),
    ("info_seed", "luck", "nat"),
    ("l_info", "L-info", "nat"),
    ("cross_entropy_between", "between datasets", "nat"),
    ("cross_entropy_mean", "test loss", "nat"),
    ("accuracy_mean", "accuracy", "1"),
    ("entropy_conditional_mean", "S(X|Θ)", "nat"),
    ("work_mean", "W", "nat"),
    ("heat_mean", "Q", "nat"),
)


def numbers(view: View) -> str:
    """A table of the budget, the stopping curves and the mean ledger, with standard errors."""
    record = view.record
    found = [column for column in COLUMNS if record.records and record.has(column[0])]
    return table(
        record.steps, [((words, unit), record.column(name), record.errors(name)) for name, words, unit in found]
    )
