"""The audit: the theory's assumptions as tests with verdicts, each with an effect, its interval and a stated bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.studies.kits.watched.drift import DriftShare, Motion, drift_share, drift_shares
from szilard.studies.kits.watched.learning import Outcome, no_learning
from szilard.studies.registry import study_of
from szilard.verdicts.audit import Audit, Subject
from szilard.verdicts.finding import Basis, Concern, Finding, Verdict

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "Audit",
    "Basis",
    "Concern",
    "DriftShare",
    "Finding",
    "Motion",
    "Outcome",
    "Subject",
    "Verdict",
    "audit",
    "drift_share",
    "drift_shares",
    "no_learning",
]


def audit(tree: xr.DataTree) -> Audit:
    """Every assumption behind a record's numbers, held against the record.

    Args:
        tree: groups and root attributes as in the record; a group ``information`` makes it an ensemble where its
            attributes do not say what it is.

    Raises:
        RecordError: if the record is of a kind that is not known.
    """
    study = study_of(tree)
    return study.audit(study.read(tree))
