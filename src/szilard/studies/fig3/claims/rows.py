"""A claim about each batch size: a row for each, under a name of its own."""

from __future__ import annotations

import dataclasses

from numpy import ndarray

from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.studies.kits.parameters.statements import Claim
from szilard.verdicts.audit import AT_BATCH


def at(claim: Claim, evidence: Fig3Evidence, batch: int) -> Claim:
    """The claim at a batch size, by its place."""
    return dataclasses.replace(claim, name=named(claim.name, evidence, batch))


def named(name: str, evidence: Fig3Evidence, batch: int) -> str:
    """A row's name at a batch size."""
    return f"{name}{AT_BATCH}{evidence.batches[batch]}"


def too_few(evidence: Fig3Evidence, batch: int) -> str:
    """Why nothing can be said of a batch size; empty where something can."""
    left = int(evidence.alive(batch).sum()) if evidence.records else 0
    if left < 2:
        return f"{left} of its {evidence.trials(batch)} members has finite numbers to the end: an ensemble needs two."
    return ""


def steps(evidence: Fig3Evidence, rows: ndarray) -> str:
    """The steps of some records, in words."""
    found = evidence.steps[rows]
    return f"steps {found[0]:,}–{found[-1]:,}"
