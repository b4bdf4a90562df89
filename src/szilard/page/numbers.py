"""A table of numbers at a few steps, for readers without the figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from szilard.numbers import number, with_error
from szilard.page.safe import escape, prose

ROWS = 9

Heading = tuple[str, str]
"""Name and unit."""


def table(steps: np.ndarray, columns: Sequence[tuple[Heading, np.ndarray, np.ndarray | None]]) -> str:
    """A folded table, rows denser at the beginning; empty text without columns or rows.

    Args:
        steps: training step of each row.
        columns: each a heading, its values and their standard errors, one a row.
    """
    count = len(steps)
    if not columns or not count:
        return ""
    chosen = np.unique(np.r_[0, np.geomspace(1, max(count - 1, 1), ROWS - 1).round()].astype(int).clip(max=count - 1))
    headings = ["step", *(f"{escape(name)} ({prose(unit)})" for (name, unit), _, _ in columns)]
    rows = [
        (f"{steps[row]:,}", [_cell(values, errors, row) for _, values, errors in columns]) for row in chosen.tolist()
    ]
    return folded("The numbers at some steps, with standard errors", headings, rows)


def folded(
    summary: str, headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], label: str = "Numbers"
) -> str:
    """A table that opens at its summary, as HTML.

    Args:
        summary: what it holds.
        headings: of its columns as HTML, that of the rows' own heads first.
        rows: each its head and its cells, plain text.
        label: for those who do not see it.
    """
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{prose(cell)}</td>" for cell in cells)}</tr>'
        for first, cells in rows
    )
    return (
        f"<details><summary>{escape(summary)}</summary>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table class="numbers"><thead>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _cell(values: np.ndarray, errors: np.ndarray | None, row: int) -> str:
    value = float(values[row])
    if not np.isfinite(value):
        return "–"
    error = 0.0 if errors is None else float(errors[row])
    return with_error(value, error) if error > 0 else number(value, 4)
