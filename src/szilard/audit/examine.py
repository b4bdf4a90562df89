"""The examination: every family of findings, in the order in which they matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.audit import beyond, ideal, identities, integrity, intervals, limits, rounding, routes
from szilard.audit.evidence import Evidence
from szilard.audit.outcome import Audit

if TYPE_CHECKING:
    import xarray as xr

FAMILIES = (integrity, identities, limits, routes, rounding, intervals, ideal, beyond)
"""Each has ``findings(evidence)``."""


def audit(tree: xr.DataTree) -> Audit:
    """Hold every assumption behind a single run's numbers against its record.

    Args:
        tree: groups ``ledger`` and, where there is one, ``samples``; root attributes as in the record.
    """
    evidence = Evidence.of(tree)
    name = str(evidence.attributes.get("name") or "run")
    rows = tuple(row for family in FAMILIES for row in family.findings(evidence))
    return Audit(rows, f"Audit of {name}, {evidence.span()}")
