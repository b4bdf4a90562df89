"""What figures and words of a single run look at: its finite rows, thinned for the screen, and the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.audit import Audit, DriftShare, drift_shares
from szilard.audit.bounds import LEVEL
from szilard.audit.evidence import Evidence
from szilard.audit.intervals import momentum_of
from szilard.audit.phases import Phase, phases
from szilard.estimate import Estimate, Kind
from szilard.report.curve import Curve, thinned

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class View:
    """One record, ready to be drawn.

    Attributes:
        evidence: its finite rows.
        audit: the audit's rows.
        momentum: the optimiser's β, 0 without.
        shares: drift's share of the work at each measuring interval.
        phases: the same, stretch by stretch.
        entropy_change: ΔS(X|Θ).
    """

    evidence: Evidence
    audit: Audit
    momentum: float
    shares: tuple[DriftShare, ...]
    phases: tuple[Phase, ...]
    entropy_change: Estimate

    @classmethod
    def of(cls, tree: xr.DataTree, audit: Audit) -> View:
        """Of a record as the reader returns it."""
        evidence = Evidence.of(tree)
        momentum = momentum_of(evidence.attributes.get("optimizer"))
        return cls(
            evidence,
            audit,
            momentum,
            drift_shares(evidence.ledger, momentum),
            phases(evidence.ledger, momentum),
            evidence.at_end("entropy_change"),
        )

    @property
    def ledger(self) -> xr.Dataset:
        """Group ``ledger``, finite rows only."""
        return self.evidence.ledger

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's root attributes."""
        return self.evidence.attributes

    @property
    def width(self) -> float:
        """Half the 95 % interval in standard errors over inputs."""
        return float(Estimate(0.0, 1.0, Kind.EXACT, self.evidence.degrees_of_freedom).interval(LEVEL)[1])

    def has(self, *names: str) -> bool:
        """Whether all these columns exist and hold a finite number each."""
        return all(
            name in self.ledger and np.isfinite(np.asarray(self.ledger[name].values, dtype=float)).any()
            for name in names
        )

    def curve(self, name: str) -> Curve:
        """A ledger column along the training, thinned, with its 95 % interval where it has an error."""
        values = self.evidence.column(name)
        known = np.flatnonzero(np.isfinite(values))
        rows = known[thinned(len(known))]
        half = self.width * self.evidence.column(f"{name}_error")[rows] if f"{name}_error" in self.ledger else None
        return Curve(self.evidence.steps[rows], values[rows], half)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested attribute; empty where it is missing or no mapping."""
        value = self.attributes.get(name)
        return value if isinstance(value, Mapping) else {}
