"""The source that a model's capability allows."""

from __future__ import annotations

from szilard.errors import ModelError
from szilard.models.ppm import PPM, Bounded, Energetic, Sequential, Tractable
from szilard.monitor.source.bounded import BoundedSource
from szilard.monitor.source.energetic import EnergeticSource
from szilard.monitor.source.sequences import SequenceSource
from szilard.monitor.source.source import Source
from szilard.monitor.source.tractable import TractableSource


def source_of(ppm: PPM, seed: int, sampler_steps: int) -> Source:
    """Samples and φ of a model.

    Args:
        ppm: the model.
        seed: of the source's own random numbers.
        sampler_steps: that the chains of an energy relax before each draw; of no account elsewhere.

    Raises:
        ModelError: if the model has no samples to give.
    """
    if isinstance(ppm, Sequential):
        return SequenceSource(ppm, seed)
    if isinstance(ppm, Tractable):
        return TractableSource(ppm, seed)
    if isinstance(ppm, Bounded):
        return BoundedSource(ppm, seed)
    if isinstance(ppm, Energetic):
        return EnergeticSource(ppm, seed, sampler_steps)
    raise ModelError(
        f"{type(ppm).__name__} has no samples of X to show or compare: give a family that draws them "
        "(szilard.models.ppm: sequential, tractable, bounded or energetic), or leave this measure out."
    )
