"""Noise and accuracy as a table of numbers."""

from __future__ import annotations

from szilard.page.numbers import table
from szilard.studies.fig3.figures.view import View

COLUMNS = (("accuracy", "accuracy", "1"), ("noise_variance", "noise variance", "nat²"),
           ("signal_variance", "‖∇U_B‖²/dim", "nat²"), ("potential", "U_B", "nat"))  # fmt: skip


def numbers(view: View) -> str:
    """A table with means and standard errors over trainings."""
    columns = []
    for batch in view.batches:
        for name, words, unit in COLUMNS:
            found = view.evidence.mean(name, batch)
            values, errors = (each if each.ndim == 1 else each[:, 0] for each in (found.value, found.error))
            columns.append(((f"{words}, {view.label(batch)}", unit), values, errors))
    return table(view.evidence.steps, columns)
