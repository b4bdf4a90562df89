"""Exact systems that carry their own answers: szilard's oracles, and toys to learn the theory on (docs/systems.md)."""

from szilard.systems.base import System
from szilard.systems.categorical import Categorical
from szilard.systems.categorical_teachers import CategoricalTeachers
from szilard.systems.dragged_trap import DraggedTrap
from szilard.systems.gaussian_mean import GaussianMean
from szilard.systems.gyrator import Gyrator
from szilard.systems.heavy_ball import HeavyBall
from szilard.systems.linear_regression import LinearRegression
from szilard.systems.parameter_system import Motion, ParameterSystem
from szilard.systems.paths import DescentPath, GreatCirclePath, MixturePath, Path
from szilard.systems.shuffled_quadratic import ShuffledQuadratic

__all__ = [
    "Categorical",
    "CategoricalTeachers",
    "DescentPath",
    "DraggedTrap",
    "GaussianMean",
    "GreatCirclePath",
    "Gyrator",
    "HeavyBall",
    "LinearRegression",
    "MixturePath",
    "Motion",
    "ParameterSystem",
    "Path",
    "ShuffledQuadratic",
    "System",
]
