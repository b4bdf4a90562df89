"""The named run ``heat-capacity``: how the loss of stationary training answers to temperature (paper §6.1)."""

from szilard.experiments.heat_capacity.spec import HeatCapacity

__all__ = ["HeatCapacity"]
