"""Exact systems that carry their own answers: szilard's oracles, and toys to learn the theory on (docs/systems.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.doors import door

_HOMES = {
    "BoltzmannMachine": "boltzmann_machine",
    "Categorical": "categorical",
    "CategoricalTeachers": "categorical_teachers",
    "DescentPath": "categorical",
    "DraggedTrap": "dragged_trap",
    "EnergySystem": "energies",
    "EnumeratedEnergy": "energies",
    "GaussianMean": "gaussian_mean",
    "GreatCirclePath": "categorical",
    "Gyrator": "gyrator",
    "HeavyBall": "heavy_ball",
    "Ising": "ising",
    "LaggedGaussian": "lagged_gaussian",
    "LinearRegression": "linear_regression",
    "MarkovText": "markov_text",
    "MixturePath": "categorical",
    "Motion": "parameter_system",
    "ParameterSystem": "parameter_system",
    "Path": "categorical",
    "ProbabilisticPCA": "probabilistic_pca",
    "ShuffledQuadratic": "shuffled_quadratic",
    "System": "base",
}
"""Where each public name lives."""

__all__ = [
    "BoltzmannMachine",
    "Categorical",
    "CategoricalTeachers",
    "DescentPath",
    "DraggedTrap",
    "EnergySystem",
    "EnumeratedEnergy",
    "GaussianMean",
    "GreatCirclePath",
    "Gyrator",
    "HeavyBall",
    "Ising",
    "LaggedGaussian",
    "LinearRegression",
    "MarkovText",
    "MixturePath",
    "Motion",
    "ParameterSystem",
    "Path",
    "ProbabilisticPCA",
    "ShuffledQuadratic",
    "System",
]

if TYPE_CHECKING:
    from szilard.systems.base import System
    from szilard.systems.boltzmann_machine import BoltzmannMachine
    from szilard.systems.categorical import Categorical, DescentPath, GreatCirclePath, MixturePath, Path
    from szilard.systems.categorical_teachers import CategoricalTeachers
    from szilard.systems.dragged_trap import DraggedTrap
    from szilard.systems.energies import EnergySystem, EnumeratedEnergy
    from szilard.systems.gaussian_mean import GaussianMean
    from szilard.systems.gyrator import Gyrator
    from szilard.systems.heavy_ball import HeavyBall
    from szilard.systems.ising import Ising
    from szilard.systems.lagged_gaussian import LaggedGaussian
    from szilard.systems.linear_regression import LinearRegression
    from szilard.systems.markov_text import MarkovText
    from szilard.systems.parameter_system import Motion, ParameterSystem
    from szilard.systems.probabilistic_pca import ProbabilisticPCA
    from szilard.systems.shuffled_quadratic import ShuffledQuadratic
else:
    __getattr__, __dir__ = door(__name__, _HOMES)
