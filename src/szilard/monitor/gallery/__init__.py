"""Samples kept along the training, to look at or to read."""

from szilard.monitor.gallery.measure import Gallery

__all__ = ["Gallery"]
