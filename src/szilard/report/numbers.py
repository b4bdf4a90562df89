"""The ledger as a table of numbers at a few steps, for readers without the figures."""

from __future__ import annotations

import numpy as np

from szilard.report.safe import escape, prose, with_error
from szilard.report.view import View

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
ROWS = 9


def numbers(view: View) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    found = [column for column in COLUMNS if view.has(column[0])]
    count = view.evidence.records
    if not found or not count:
        return ""
    chosen = np.unique(np.r_[0, np.geomspace(1, max(count - 1, 1), ROWS - 1).round()].astype(int).clip(max=count - 1))
    head = "".join(f'<th scope="col">{escape(name)} ({prose(unit)})</th>' for _, name, unit in found)
    body = "".join(
        f'<tr><th scope="row">{view.evidence.steps[row]:,}</th>'
        + "".join(f"<td>{escape(_cell(view, name, row))}</td>" for name, _, _ in found)
        + "</tr>"
        for row in chosen.tolist()
    )
    return (
        "<details><summary>The numbers at some steps, with standard errors</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Numbers"><table class="numbers"><thead><tr>'
        f'<th scope="col">step</th>{head}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )


def _cell(view: View, name: str, row: int) -> str:
    value = float(view.evidence.column(name)[row])
    if not np.isfinite(value):
        return "–"
    error = float(view.evidence.column(f"{name}_error")[row]) if f"{name}_error" in view.ledger else 0.0
    return with_error(value, error) if error > 0 else f"{value:.4g}"
