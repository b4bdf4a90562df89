"""The ledger as a table of numbers."""

from __future__ import annotations

from szilard.page.numbers import table
from szilard.studies.sampled.figures.view import View

COLUMNS = (
    ("entropy_conditional", "S(X|θ)"),
    ("entropy_conditional_lower", "S(X|θ), lower"),
    ("energy", "U"),
    ("work", "W"),
    ("work_lower", "W, lower"),
    ("heat", "Q"),
    ("heat_lower", "Q, lower"),
    ("free_energy_change", "ΔF"),
    ("work_dissipated", "W_diss"),
    ("lag_work", "W_diss − W"),
    ("length", "L"),
    ("work_direct", "KL(p₀‖pₙ)"),
    ("fluctuation", "⟨e^−d⟩"),
    ("effective_sample_size", "ESS/N"),
    ("acceptance", "acceptance"),
    ("cross_entropy", "cross-entropy"),
    ("loss", "loss"),
)
UNITS = {"nat**0.5": "nat^½", "as given": "as given"}


def numbers(view: View) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    columns = []
    for name, symbol in COLUMNS:
        if view.has(name):
            unit = str(view.ledger[name].attrs.get("units", ""))
            unit = view.per if unit == "nat" else UNITS.get(unit, unit)
            errors = view.evidence.column(f"{name}_error") if f"{name}_error" in view.ledger else None
            columns.append(((symbol, unit), view.evidence.column(name), errors))
    return table(view.evidence.steps, columns)
