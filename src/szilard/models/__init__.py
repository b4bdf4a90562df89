"""What a parametric probabilistic model is (:mod:`szilard.models.ppm`) and its families, one file each."""

from szilard.models.autoregressive import Autoregressive
from szilard.models.boltzmann_machine import RBM
from szilard.models.classifier import Classifier
from szilard.models.energy import EnergyBased
from szilard.models.flow import Flow
from szilard.models.latent import LatentVariable
from szilard.models.outcomes import Outcomes
from szilard.models.ppm import PPM, Bounded, Energetic, Enumerable, Sequential, Tractable, log_normaliser, phi_of
from szilard.models.restricted_boltzmann import RestrictedBoltzmann

__all__ = [
    "PPM",
    "RBM",
    "Autoregressive",
    "Bounded",
    "Classifier",
    "Energetic",
    "EnergyBased",
    "Enumerable",
    "Flow",
    "LatentVariable",
    "Outcomes",
    "RestrictedBoltzmann",
    "Sequential",
    "Tractable",
    "log_normaliser",
    "phi_of",
]
