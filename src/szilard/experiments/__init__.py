"""Experiments as data: specs that go to TOML and back, runs by name, and what carries them out."""

from szilard.experiments.factory import Factory, factory
from szilard.experiments.optimizers import SGD, Adam, AdamW
from szilard.experiments.schedules import Cosine, Decay
from szilard.experiments.spec import Experiment, Probe, Training

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Cosine",
    "Decay",
    "Experiment",
    "Factory",
    "Probe",
    "Training",
    "factory",
]
