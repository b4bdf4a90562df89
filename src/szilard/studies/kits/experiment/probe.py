"""Which inputs a model is measured on."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.studies.kits.experiment.spec import Probe
from szilard.training import streams

_DEFAULT = 512


def draw_probe(dataset: Dataset, probe: Probe, seed: int) -> Int[Tensor, " inputs"]:
    """Rows of the probe's split, drawn without repeats; independent of what is trained.

    Raises:
        SpecError: if the split has fewer inputs, or no labels where the probe is to have them.
    """
    if probe.labelled and probe.split == "test" and not dataset.test_labelled:
        raise SpecError(f"the test inputs of {dataset.name!r} have no labels: set probe.labelled to false.")
    there = len(dataset.split(probe.split)[0])
    size = min(there, _DEFAULT) if probe.size is None else probe.size
    if size > there:
        raise SpecError(
            f"a probe of {probe.size} is more than the {there} inputs of the {probe.split} split of {dataset.name!r}:"
            " lower probe.size."
        )
    return torch.randperm(there, generator=streams.generator_of(seed, streams.PROBE))[:size]
