"""The audit of one run whose X is sampled: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.audit.finding import Finding
from szilard.audit.sampled import bounds_of, detailed, energies, identities, trained, weights
from szilard.audit.sampled.evidence import SampledEvidence
from szilard.audit.single import beyond, ideal, integrity, motion, rounding


def findings(evidence: SampledEvidence) -> tuple[Finding, ...]:
    """The rows of all families; those that any single run has are worded as there."""
    run = evidence.run
    rows = [*integrity.findings(run), *identities.findings(evidence)]
    if evidence.records > 1:
        rows += [*weights.findings(evidence), *bounds_of.findings(evidence), *energies.findings(evidence)]
        rows += [*detailed.findings(evidence), *rounding.findings(run), *trained.findings(evidence)]
        rows += motion.findings(run) if "work_by_interval" in run.ledger else ()
        rows += ideal.findings(run)
    return (*rows, *beyond.findings(run))
