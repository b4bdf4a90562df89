"""What single runs and ensembles share: the experiment as data, its probe, and what goes with each data set."""

from szilard.studies.kits.experiment.reservoir import ReservoirSettings
from szilard.studies.kits.experiment.spec import Experiment, Probe

__all__ = ["Experiment", "Probe", "ReservoirSettings"]
