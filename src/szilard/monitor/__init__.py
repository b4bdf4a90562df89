"""Attach to a training loop: when to record, what to record, and never in the way."""

from szilard.monitor.ledger import Ledger
from szilard.monitor.measure import Measure, Occasion, Recorder
from szilard.monitor.monitor import Monitor

__all__ = ["Ledger", "Measure", "Monitor", "Occasion", "Recorder"]
