"""What all paths of a replicate share: the network as a landscape, batches, and the examples it is looked at on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor, nn

from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.models.landscape import Batch, Landscape
from szilard.studies.reversal.spec import Reversal
from szilard.training import streams
from szilard.training.training import Loss, batches

Build = Callable[[], nn.Module]


class Replicate:
    """One replicate: its data in float64, its batches and its initialisations.

    Args:
        spec: of the run.
        dataset: whose training split serves.
        number: which of the seeds.

    Raises:
        SpecError: if the data have fewer examples than the probe.
    """

    def __init__(self, spec: Reversal, dataset: Dataset, number: int) -> None:
        inputs, labels = dataset.split("train")
        if spec.probe > len(inputs):
            raise SpecError(
                f"a probe of {spec.probe} is more than the {len(inputs)} training examples of {dataset.name!r}: lower"
                " probe."
            )
        self._spec, self._number = spec, number
        self._inputs, self._labels = inputs, labels
        self.outcomes = len(dataset.classes)
        self._order = torch.randperm(len(inputs), generator=self._generator(streams.PROBE))
        self.probe: Batch = self._at(self._order[: spec.probe])

    def landscape(self, build: Build, loss: Loss, dtype: torch.dtype = torch.float64) -> Landscape:
        """A network at its initialisation, which is the same for every architecture and arithmetic of this replicate.

        Raises:
            ModelError: if its steps could not be repeated.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(streams.seed_of(self._spec.seed, f"{streams.INITIALISATION} {self._number}"))
            landscape = Landscape(build(), loss, dtype)
        landscape.check(next(self.batches("of the check")))
        return landscape

    def batches(self, purpose: str) -> Iterator[Batch]:
        """An endless run of batches, the same whenever it is asked for again."""
        order = self._generator(f"{streams.ORDER} {purpose}")
        for rows in batches(len(self._inputs), self._spec.batch_size, "replacement", order):
            yield self._at(rows)

    def first_batches(self, purpose: str, count: int) -> list[Batch]:
        """The first ``count`` of :meth:`batches`, the same for every network of the replicate."""
        return list(islice(self.batches(purpose), count))

    def examples(self, most: int) -> Iterator[Batch]:
        """At most so many different examples, one by one."""
        for row in self._order[:most].split(1):
            yield self._at(row)

    @property
    def kernel_inputs(self) -> Tensor:
        """The inputs of the tangent kernel: the first of the probe."""
        return self.probe[0][: self._spec.kernel_inputs]

    def _at(self, rows: Tensor) -> Batch:
        inputs = self._inputs[rows]
        return inputs.double() if inputs.is_floating_point() else inputs, self._labels[rows]

    def _generator(self, stream: str) -> torch.Generator:
        return streams.generator_of(self._spec.seed, f"{stream} {self._number}")
