"""The numbers of a record that a table can hold: one per quantity, at the last record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from szilard.estimate import Estimate
    from szilard.handle import Run


def final_estimates(run: Run) -> dict[str, Estimate]:
    """Each scalar estimate at the last record, by name, NaN where it is not known; empty where nothing was recorded."""
    if run.data.sizes.get("step", 0) == 0:
        return {}
    scalars = [str(name) for name, item in run.data.data_vars.items() if item.ndim == 1 and "kind" in item.attrs]
    return {name: _known(run, name) for name in scalars}


def _known(run: Run, name: str) -> Estimate:
    """The last estimate; NaN where the design cannot give it."""
    from szilard.estimate import Estimate, Kind

    if name in (run.attributes.get("unavailable") or {}) and math.isnan(float(run.data[name].values[-1])):
        return Estimate(math.nan, math.nan, Kind(run.data[name].attrs["kind"]))
    return run.estimate(name)
