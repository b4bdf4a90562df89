"""Attach to a training loop: when to record, what to record, and never in the way."""

from szilard.monitor.ledger import Ledger
from szilard.monitor.measure import Follower, Measure, Occasion, Recorder
from szilard.monitor.monitor import Monitor
from szilard.monitor.reservoir import Reservoir

__all__ = ["Follower", "Ledger", "Measure", "Monitor", "Occasion", "Recorder", "Reservoir"]
