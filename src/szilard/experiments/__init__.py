"""Experiments as data: specs that go to TOML and back, runs by name, and what carries them out."""

from szilard.experiments.reservoir import ReservoirSettings
from szilard.experiments.spec import Experiment, Probe

__all__ = ["Experiment", "Probe", "ReservoirSettings"]
