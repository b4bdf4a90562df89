"""The numbers of a record that a table can hold: one per quantity, at the last record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from szilard.estimate import Estimate
    from szilard.handle import Run


def final_estimates(run: Run) -> dict[str, Estimate]:
    """Each scalar estimate of the ledger at the last record, by name; empty where nothing was recorded."""
    if run.data.sizes.get("step", 0) == 0:
        return {}
    scalars = [str(name) for name, item in run.data.data_vars.items() if item.ndim == 1 and "kind" in item.attrs]
    return {name: run.estimate(name) for name in scalars}
