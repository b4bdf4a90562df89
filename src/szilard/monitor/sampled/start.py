"""Which estimators for which capability."""

from __future__ import annotations

from torch import Tensor

from szilard.errors import ModelError, SpecError
from szilard.models.ppm import PPM, Bounded, Sequential, Tractable
from szilard.monitor.sampled.bounded import BoundedFamily
from szilard.monitor.sampled.family import Family
from szilard.monitor.sampled.recorder import SampledRecorder
from szilard.monitor.sampled.sample_set import SampleSizes
from szilard.monitor.sampled.sequential import SequentialFamily
from szilard.monitor.sampled.tractable import TractableFamily


def start(
    ppm: PPM,
    intervals: tuple[int, ...],
    samples: int | None,
    checkpoint_samples: int | None,
    text: Tensor | None,
    seed: int,
) -> SampledRecorder:
    """A recorder for a PPM whose X is sampled.

    Args:
        ppm: the model to watch.
        intervals: multiples of the measuring interval, the first 1.
        samples: in a set; None: what suits the capability.
        checkpoint_samples: for the entropies of the first and last model; None: what suits the capability.
        text: given token sequences, for models of sequences.
        seed: of the samples.

    Raises:
        ModelError: if the PPM has no capability to be sampled, or cannot be measured as it stands.
        SpecError: for fewer than two samples, or given text where X is no sequence.
    """
    for name, value in (("samples", samples), ("checkpoint_samples", checkpoint_samples)):
        if value is not None and value < 2:
            raise SpecError(f"a single sample has no error bar: give {name} of at least 2.")
    family: Family
    if isinstance(ppm, Sequential):
        family, sizes = SequentialFamily(ppm, text), SequentialFamily.sizes(ppm, samples, checkpoint_samples)
        return SampledRecorder(ppm, family, sizes, intervals, seed)
    if text is not None:
        raise SpecError("text is for models of sequences: leave it out here.")
    if isinstance(ppm, Tractable):
        family, sizes = TractableFamily(ppm), SampleSizes.of(samples or 512, checkpoint_samples or 4096)
    elif isinstance(ppm, Bounded):
        family, sizes = BoundedFamily(ppm), SampleSizes.of(samples or 256, checkpoint_samples or 2048)
    else:
        raise ModelError(
            f"{type(ppm).__name__} offers neither labels nor a table of outcomes nor a way to be sampled: wrap the "
            "model in szilard.Classifier, szilard.Outcomes or one of the families of docs/choosing.md, or give it the "
            "methods of a capability (docs/extending.md)."
        )
    return SampledRecorder(ppm, family, sizes, intervals, seed)
