"""Samples of a model and φ at samples, whatever the family: what a gallery shows and a model space compares."""

from szilard.monitor.source.choose import source_of
from szilard.monitor.source.source import Drawn, Source

__all__ = ["Drawn", "Source", "source_of"]
