"""A few models kept along the training and held against one another: the map of the paper's Figure 1."""

from szilard.monitor.model_space.measure import ModelSpace

__all__ = ["ModelSpace"]
