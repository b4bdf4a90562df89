"""The gallery at work: draws at a record, and turns samples into numbers when the record is written."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from szilard.models.ppm import PPM, Sequential
from szilard.monitor.gallery.form import GALLERY, TEXT, TOKENS, SampleForm
from szilard.monitor.rows import Rows
from szilard.monitor.source import Source, SourceRecorder
from szilard.records.schema import Group

_WAITING = 16


@final
class GalleryRecorder(SourceRecorder[tuple[int, Tensor, Tensor | None]]):
    """Keeps samples at records.

    Args:
        ppm: the model.
        source: of its samples.
        form: how they are kept.
        samples: at each record.
        sampler_steps: what the source's chains relax, for the record's attributes.
        thinning: whether records grow sparser along the training.
    """

    def __init__(
        self, ppm: PPM, source: Source, form: SampleForm, *, samples: int, sampler_steps: int, thinning: bool
    ) -> None:
        super().__init__(ppm, source, thinning=thinning)
        self._form = form
        self._samples = samples
        self._sampler_steps = sampler_steps

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the group ``gallery``, one place for each number of a sample."""
        extents = {"row": self._samples, "place": self._form.places}
        return (Group("gallery", GALLERY, {name: tuple(map(float, range(extents[name]))) for name in extents}),)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: what the samples are, and how an energy's chains relax."""
        told: dict[str, Any] = {"form": self._form.name, "shape": list(self._form.shape)}
        if hasattr(self._ppm, "relax"):
            told["sampler_steps"] = self._sampler_steps
        return {"gallery": told}

    @property
    def full(self) -> bool:
        """Whether so many records wait that they are to be written."""
        return len(self._waiting) >= _WAITING

    def _keep(self, step: int) -> None:
        self._source.restart()
        x = self._source.draw(self._samples).x
        alive = self._ppm.alive(x) if isinstance(self._ppm, Sequential) else None
        self._waiting.append((step, x, alive))

    def _table(self, waiting: list[tuple[int, Tensor, Tensor | None]]) -> Rows:
        """The samples as numbers; waits for the device."""
        host = [{"sample": self._form.numbers(x, alive)} for _, x, alive in waiting]
        steps = [step for step, _, _ in waiting]
        ended = frozenset({"sample"} if self._form.name in (TEXT, TOKENS) else ())
        return Rows("gallery", steps, {}, torch.zeros(len(steps), 0, dtype=torch.float64), host, ended)
