"""Experiments as data: specs that go to TOML and back, runs by name, and what carries them out."""

from szilard.studies.kits.experiment import Experiment, Probe
from szilard.studies.kits.reservoir_settings import ReservoirSettings

__all__ = ["Experiment", "Probe", "ReservoirSettings"]
