"""Attach to a training loop: when to record, what to record, and never in the way."""

from szilard.monitor.gallery import Gallery
from szilard.monitor.ledger import Ledger
from szilard.monitor.measure import Follower, Measure, Occasion, Recorder
from szilard.monitor.model_space import ModelSpace
from szilard.monitor.monitor import Monitor
from szilard.monitor.reservoir import Reservoir
from szilard.monitor.watching import watch

__all__ = [
    "Follower",
    "Gallery",
    "Ledger",
    "Measure",
    "ModelSpace",
    "Monitor",
    "Occasion",
    "Recorder",
    "Reservoir",
    "watch",
]
