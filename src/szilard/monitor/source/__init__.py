"""Samples of a model and φ at samples, whatever the family: what a gallery shows and a model space compares."""

from szilard.monitor.source.families import source_of
from szilard.monitor.source.recorder import SourceRecorder
from szilard.monitor.source.source import ModelSamples, Source

__all__ = ["ModelSamples", "Source", "SourceRecorder", "source_of"]
