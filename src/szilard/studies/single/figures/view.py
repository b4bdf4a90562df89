"""What figures and words of a single run look at: its finite rows, thinned for the screen, and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.along import Along, Rows
from szilard.studies.kits.watched.drift import DriftShare, drift_shares
from szilard.studies.kits.watched.evidence import Evidence
from szilard.studies.kits.watched.intervals import momentum_of
from szilard.studies.kits.watched.phases import Phase, phases
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import LEVEL

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class View(Along):
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
    def rows(self) -> Rows:
        """The finite ones."""
        return self.evidence

    @property
    def width(self) -> float:
        """Half the 95 % interval in standard errors over inputs."""
        return float(Estimate(0.0, 1.0, Kind.EXACT, self.evidence.degrees_of_freedom).interval(LEVEL)[1])
