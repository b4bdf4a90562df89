"""Exact systems that carry their own answers: szilard's oracles, and toys to learn the theory on (docs/systems.md)."""

from szilard.systems.base import System
from szilard.systems.categorical import Categorical
from szilard.systems.categorical_teachers import CategoricalTeachers
from szilard.systems.gaussian_mean import GaussianMean
from szilard.systems.paths import DescentPath, GreatCirclePath, MixturePath, Path

__all__ = [
    "Categorical",
    "CategoricalTeachers",
    "DescentPath",
    "GaussianMean",
    "GreatCirclePath",
    "MixturePath",
    "Path",
    "System",
]
