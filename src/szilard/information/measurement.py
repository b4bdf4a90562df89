"""What one look at an ensemble yields: every estimate by its name, and what paired differences need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError, nearest
from szilard.estimate import Estimate
from szilard.information.nesting import Nesting


@dataclass(frozen=True, eq=False)
class Measurement:
    """The information in an ensemble at one step.

    Attributes:
        nesting: of the members counted.
        values: estimates by record name, in nats per probe input unless the name says otherwise; blocks as arrays.
        members: per member, by record name; NaN for members that were left out.
        replicates: each value with one outermost cluster deleted after another.
        saturated: where the bracket spans more than the value, which is then read off the bracket rather than trusted.
        unavailable: why a name is not among the values, in a sentence; ``NAME_error`` where only the error is missing.
        notes: what should be said beside a number, in a sentence.
        inputs: probe inputs taken in.
        per: what a value is a mean over: ``input``, or ``head`` where heads are too many to be taken jointly.
    """

    nesting: Nesting
    values: Mapping[str, Estimate]
    members: Mapping[str, Float[ndarray, " members"]]
    replicates: Mapping[str, Float[ndarray, " clusters *extra"]]
    saturated: Mapping[str, bool]
    unavailable: Mapping[str, str]
    inputs: int
    notes: Mapping[str, str] = field(default_factory=dict)
    per: str = "input"

    def __getitem__(self, name: str) -> Estimate:
        """The estimate of that name.

        Raises:
            SpecError: if there is none, with the reason.
        """
        if name in self.values:
            return self.values[name]
        reason = self.unavailable.get(name, nearest(name, self.values))
        raise SpecError(f"there is no {name}: {reason}")

    @property
    def members_counted(self) -> int:
        """How many members are in the mixtures: those without a broken number."""
        return self.nesting.members

    def bracket(self, name: str) -> tuple[float, float]:
        """``(lower, upper)``: sides that hold in expectation."""
        return float(np.asarray(self[f"{name}_lower"].value)), float(np.asarray(self[f"{name}_upper"].value))
