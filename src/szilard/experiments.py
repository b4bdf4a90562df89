"""Experiments as data: specs that go to TOML and back, runs by name, and what carries them out."""

from szilard.studies.kits.experiment.reservoir import ReservoirSettings
from szilard.studies.kits.experiment.spec import Experiment, Probe

__all__ = ["Experiment", "Probe", "ReservoirSettings"]
