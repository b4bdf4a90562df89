"""Samples of a model and φ at samples, whatever the family: what a gallery shows and a model space compares."""

from szilard.monitor.source.recorder import SourceRecorder
from szilard.monitor.source.source import ModelSamples, Source, source_of

__all__ = ["ModelSamples", "Source", "SourceRecorder", "source_of"]
