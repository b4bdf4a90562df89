"""The budget as a table of numbers."""

from __future__ import annotations

from szilard.page.numbers import table
from szilard.studies.ensemble import told
from szilard.studies.ensemble.figures.view import View

LOSS = "test loss"
COLUMNS = (
    ("info_task", "learned", "nat"),
    ("info_dataset", "memorised", "nat"),
    ("info_seed", "luck", "nat"),
    ("l_info", "L-info", "nat"),
    ("cross_entropy_between", "between datasets", "nat"),
    ("cross_entropy_mean", LOSS, "nat"),
    ("accuracy_mean", "accuracy", "1"),
    ("entropy_conditional_mean", "S(X|Θ)", "nat"),
    ("work_mean", "W", "nat"),
    ("heat_mean", "Q", "nat"),
)


def numbers(view: View) -> str:
    """A table of the budget, the stopping curves and the mean ledger, with standard errors."""
    record = view.record
    columns = [(name, told.loss_name(record) if words == LOSS else words, unit) for name, words, unit in COLUMNS]
    found = [column for column in columns if record.records and record.has(column[0])]
    return table(
        record.steps, [((words, unit), record.column(name), record.errors(name)) for name, words, unit in found]
    )
