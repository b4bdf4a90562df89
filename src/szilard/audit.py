"""The audit: the theory's assumptions as tests with verdicts, each with an effect, its interval and a stated bound."""

from szilard.studies.examine import audit
from szilard.studies.kits.watched.drift import DriftShare, Motion, drift_share, drift_shares
from szilard.studies.kits.watched.learning import Outcome, no_learning
from szilard.verdicts.audit import Audit, Subject
from szilard.verdicts.finding import Basis, Concern, Finding, Verdict

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
