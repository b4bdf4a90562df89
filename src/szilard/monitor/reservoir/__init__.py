"""The parameters as a heat reservoir, as a measure: bursts in which the loop's gradients meet fresh ones."""

from szilard.monitor.reservoir.measure import Reservoir

__all__ = ["Reservoir"]
