"""The gallery at work: draws at a record, and turns samples into numbers when the record is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM, Sequential
from szilard.models.precision import Precision
from szilard.monitor.gallery.form import TEXT, TOKENS, Form
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows
from szilard.monitor.sampled.schema import GALLERY
from szilard.monitor.source import Source
from szilard.monitor.source.sparsely import Sparsely
from szilard.monitor.source.standing import Standing
from szilard.records.schema import Group

_WAITING = 16


@final
class GalleryRecorder:
    """Keeps samples at records.

    Args:
        ppm: the model.
        source: of its samples.
        form: how they are kept.
        samples: at each record.
        sampler_steps: what the source's chains relax, for the record's attributes.
        thinning: whether records grow sparser along the training.
    """

    precision = Precision("float32", torch.finfo(torch.float32).eps)
    """Nothing here rests on differences of φ."""

    def __init__(
        self, ppm: PPM, source: Source, form: Form, *, samples: int, sampler_steps: int, thinning: bool
    ) -> None:
        self._ppm = ppm
        self._source = source
        self._form = form
        self._samples = samples
        self._sampler_steps = sampler_steps
        self._sparsely = Sparsely() if thinning else None
        self._skipped: Standing | None = None
        self._waiting: list[tuple[int, Tensor, Tensor | None]] = []

    @property
    def groups(self) -> tuple[Group, ...]:
        """The group ``gallery``."""
        extents = {"row": self._samples, "place": self._form.places}
        return (Group("gallery", GALLERY, {name: tuple(map(float, range(extents[name]))) for name in extents}),)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the samples are."""
        told: dict[str, Any] = {"form": self._form.name, "shape": list(self._form.shape)}
        if hasattr(self._ppm, "relax"):
            told["sampler_steps"] = self._sampler_steps
        return {"gallery": told}

    @property
    def full(self) -> bool:
        """Whether some records wait."""
        return len(self._waiting) >= _WAITING

    def observe(self, occasion: Occasion) -> None:
        """Draws, where this record is one to keep; the last is kept at the end in any case."""
        due = self._sparsely is None or self._sparsely.due()
        if due or occasion.ragged:
            self._keep(occasion.step)
        else:
            self._skipped = Standing.of(self._ppm.module, occasion.step)

    def rows(self) -> list[Rows]:
        """The samples as numbers; waits for the device."""
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        host = [{"sample": self._form.numbers(x, alive)} for _, x, alive in waiting]
        steps = [step for step, _, _ in waiting]
        ended = frozenset({"sample"} if self._form.name in (TEXT, TOKENS) else ())
        return [Rows("gallery", steps, {}, torch.zeros(len(steps), 0, dtype=torch.float64), host, ended)]

    def finish(self) -> list[Rows]:
        """The last model's samples, where they have not been kept and it still stands where it was observed."""
        if self._skipped is None or not self._skipped.holds(self._ppm.module):
            return []
        with undisturbed(self._ppm.module, self._ppm.device):
            self._keep(self._skipped.step)
        return self.rows()

    def rehearse(self, clock: Callable[[], float]) -> float:
        """Nothing: kept records are few, and grow sparser."""
        return 0.0

    def _keep(self, step: int) -> None:
        self._source.restart()
        x = self._source.draw(self._samples).x
        alive = self._ppm.alive(x) if isinstance(self._ppm, Sequential) else None
        self._waiting.append((step, x, alive))
        self._skipped = None
