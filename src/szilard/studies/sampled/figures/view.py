"""What figures and words of a sampled run look at: the ledger, the gallery, the map of models, and the audit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.along import Along, Rows
from szilard.studies.sampled.evidence import SampledEvidence
from szilard.studies.sampled.figures.gallery import Gallery
from szilard.studies.sampled.figures.model_space import Space
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import LEVEL

if TYPE_CHECKING:
    import xarray as xr

FAMILIES = {
    "sequential": "A language model",
    "tractable": "A model of tractable likelihood",
    "bounded": "A latent-variable model",
    "energetic": "An energy-based model",
}
"""By capability, where the record does not name its family."""


@dataclass(frozen=True)
class View(Along):
    """One record, ready to be drawn.

    Attributes:
        evidence: its finite rows.
        audit: the audit's rows.
        gallery: samples at some records; None without.
        space: the models that were kept; None without, or where they are too few.
    """

    evidence: SampledEvidence
    audit: Audit
    gallery: Gallery | None
    space: Space | None

    @classmethod
    def of(cls, tree: xr.DataTree, audit: Audit) -> View:
        """Of a record as the reader returns it."""
        evidence = SampledEvidence.of(tree)
        return cls(evidence, audit, Gallery.of(tree), Space.of(evidence.space, evidence.attributes))

    @property
    def rows(self) -> Rows:
        """The finite ones."""
        return self.evidence

    @property
    def capability(self) -> str:
        """``sequential``, ``tractable``, ``bounded`` or ``energetic``."""
        return self.evidence.capability

    @property
    def family(self) -> str:
        """What the model is, in words."""
        return FAMILIES.get(self.capability, "A sampled model")

    @property
    def version(self) -> str:
        """Of szilard, as the record has it."""
        return str(self.attributes.get("szilard_version", ""))

    @property
    def per(self) -> str:
        """The unit of the ledger."""
        return "nat per token" if self.capability == "sequential" else "nat"

    @cached_property
    def width(self) -> float:
        """Half the 95 % interval in standard errors: Student's where these are over few replicates."""
        islands = self.attributes.get("islands")
        few = isinstance(islands, int) and self.capability == "energetic" and islands > 1
        degrees = float(islands - 1) if few else math.inf  # type: ignore[operator]
        return float(Estimate(0.0, 1.0, Kind.UNBIASED, degrees).interval(LEVEL)[1])

    @property
    def enough(self) -> bool:
        """Whether there is a way to draw."""
        return self.evidence.records > 1

    def score(self, name: str) -> tuple[str, float, float, str] | None:
        """``held_out`` or ``baseline``: its name, value, error and units; None where the record has none."""
        given = self.mapping(name)
        value, error = given.get("value"), given.get("error")
        if not isinstance(value, int | float) or not math.isfinite(value):
            return None
        spread = float(error) if isinstance(error, int | float) and math.isfinite(error) else 0.0
        return str(given.get("name", name)), float(value), spread, str(given.get("units", "nat"))
