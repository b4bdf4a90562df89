"""The audit: the theory's assumptions as tests with verdicts, each with an effect, its interval and a stated bound."""

from szilard.audit.drift import DriftShare, Motion, drift_share, drift_shares
from szilard.audit.examine import audit
from szilard.audit.finding import Basis, Concern, Finding, Verdict
from szilard.audit.learning import Outcome, no_learning
from szilard.audit.outcome import Audit, Subject

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
