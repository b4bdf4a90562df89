"""What the record of a sampled run says: its ledger, its samples, the models that were kept, and its scores."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.model_space import Space

if TYPE_CHECKING:
    import xarray as xr

TINY = 1e-300
FAMILIES = {
    "sequential": "A language model",
    "tractable": "A model of tractable likelihood",
    "bounded": "A latent-variable model",
    "energetic": "An energy-based model",
}
"""By capability."""


def read(tree: xr.DataTree) -> SampledReading:
    """The reading of a record of kind ``sampled``."""
    return SampledReading(tree)


class Score(NamedTuple):
    """What held-out data cost one model.

    Attributes:
        name: what is scored, or the model whose score it is.
        cost: the number, lower being better; its error is 0 where the record has none.
        units: of both.
    """

    name: str
    cost: Estimate
    units: str

    @property
    def known(self) -> bool:
        """Whether the number is finite, so that it can be drawn."""
        return math.isfinite(self.cost.value)

    @property
    def error(self) -> float:
        """The standard error, 0 where it is not finite."""
        return self.cost.error if math.isfinite(self.cost.error) else 0.0


class SampledReading(WatchedReading):
    """A record of one training whose X is sampled, by rows of its ledger."""

    # What was recorded

    @cached_property
    def relaxation(self) -> xr.Dataset | None:
        """Group ``relaxation``; None where the record has none, or no row of it."""
        return self.group("relaxation")

    @cached_property
    def models(self) -> xr.Dataset | None:
        """Group ``model_space``, row by row as models were kept; None likewise."""
        return self.group("model_space")

    @cached_property
    def space(self) -> Space | None:
        """The models that were kept to the end, as a map; None where none were."""
        return Space.of(self.models, self.attributes)

    @cached_property
    def gallery(self) -> Gallery | None:
        """Samples at some records; None where none were kept."""
        return Gallery.of(self.tree)

    @property
    def capability(self) -> str:
        """``sequential``, ``tractable``, ``bounded`` or ``energetic``."""
        return str(self.attributes.get("capability"))

    @property
    def family(self) -> str:
        """What the model is, by its capability, in words to begin a sentence with."""
        return FAMILIES.get(self.capability, "A sampled model")

    @property
    def per(self) -> str:
        """The unit of the ledger: ``nat``, or ``nat per token`` of sequences."""
        return "nat per token" if self.capability == "sequential" else "nat"

    @property
    def sampler_steps(self) -> int | None:
        """τ, sampler steps of the lagging chains at each record; None where the record does not say."""
        steps = self.attributes.get("sampler_steps")
        return steps if isinstance(steps, int) else None

    # Numbers

    @property
    def degrees_of_freedom(self) -> float:
        """Islands of the reference population less one, where an energy has several; infinite otherwise."""
        islands = self.attributes.get("islands")
        few = isinstance(islands, int) and self.capability == "energetic" and islands > 1
        return float(islands - 1) if few else math.inf  # type: ignore[operator]

    @property
    def flow(self) -> float:
        """The larger of W and |ΔS| at the end, nats: the scale of what was exchanged."""
        return max(self.at("work").value, abs(self.at("entropy_change").value), TINY)

    def mean(self, name: str) -> Estimate:
        """Over records, of a column whose rows err on their own; the first row, which follows no step, aside."""
        value, error = self.column(name)[1:], self.column(f"{name}_error")[1:]
        known = np.isfinite(value) & np.isfinite(error)
        count = int(known.sum())
        if not count:
            return Estimate(math.nan, math.nan, Kind.EXACT)
        spread = math.sqrt(float((error[known] ** 2).sum())) / count
        return Estimate(float(value[known].mean()), spread, Kind.UNBIASED)

    def score(self, name: str) -> Score | None:
        """What held-out data cost the model, ``held_out``, or the ``baseline``; None where the record has no number."""
        given = self.mapping(name)
        value, error = given.get("value"), given.get("error")
        if not isinstance(value, int | float):
            return None
        spread = float(error) if isinstance(error, int | float) else 0.0
        who = given.get("name", "the baseline" if name == "baseline" else name)
        return Score(str(who), Estimate(float(value), spread, Kind.UNBIASED), str(given.get("units", "nat")))
