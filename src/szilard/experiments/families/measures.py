"""What is watched in a run of a family: the ledger, a gallery of samples, and models kept along the way."""

from __future__ import annotations

from szilard.experiments.families.base import FamilySpec
from szilard.experiments.families.subject import Subject
from szilard.monitor import Ledger, Measure


def measures_of(spec: FamilySpec, subject: Subject) -> list[Measure]:
    """The measures that the spec asks for."""
    settings = {"samples": spec.samples} if spec.samples is not None else {}
    measures: list[Measure] = [Ledger(spec.every, path_intervals=spec.path_intervals, **{**settings, **subject.ledger})]
    return measures
