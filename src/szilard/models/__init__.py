"""What a parametric probabilistic model is (:mod:`szilard.models.ppm`) and its families, one file each."""

from szilard.models.classifier import Classifier
from szilard.models.energy import EnergyBased
from szilard.models.outcomes import Outcomes
from szilard.models.ppm import PPM, Bounded, Energetic, Enumerable, Tractable, log_normaliser, phi_of

__all__ = [
    "PPM",
    "Bounded",
    "Classifier",
    "Energetic",
    "EnergyBased",
    "Enumerable",
    "Outcomes",
    "Tractable",
    "log_normaliser",
    "phi_of",
]
