"""The columns of a burst's row, as they are added one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from szilard.estimate import Estimate
from szilard.monitor.rows import Value
from szilard.reservoir.time_average import TimeAverage


@final
class RowColumns:
    """The columns of a row as they are added, on the host.

    Args:
        values: those that are there from the start, by name.
    """

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values

    def add(self, name: str, values: Any) -> None:
        """Adds numbers as they are, in nested lists where there are several."""
        self.values[name] = np.asarray(values, dtype=np.float64).tolist()

    def add_estimate(self, name: str, estimate: Estimate) -> None:
        """Adds an estimate, its standard error beside it as ``<name>_error``."""
        self.add(name, estimate.value)
        self.add(f"{name}_error", estimate.error)

    def add_estimates(self, name: str, estimates: Sequence[Estimate]) -> None:
        """Adds an estimate a group, their errors beside them."""
        self.add(name, [float(one.value) for one in estimates])
        self.add(f"{name}_error", [float(one.error) for one in estimates])

    def add_averages(self, name: str, averages: Sequence[TimeAverage]) -> None:
        """Adds a time average a group, with autocorrelation times and effective samples."""
        self.add_estimates(name, [average.value for average in averages])
        self.add(f"{name}_autocorrelation_time", [average.autocorrelation_time for average in averages])
        self.add(f"{name}_effective_samples", [average.effective_samples for average in averages])

    def add_average(self, name: str, average: TimeAverage) -> None:
        """Adds a time average, with its autocorrelation time and effective samples."""
        self.add_estimate(name, average.value)
        self.add(f"{name}_autocorrelation_time", average.autocorrelation_time)
        self.add(f"{name}_effective_samples", average.effective_samples)
