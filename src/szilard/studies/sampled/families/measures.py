"""What is watched in a run of a family: the ledger, a gallery of samples, and models kept along the way."""

from __future__ import annotations

from szilard.monitor import Ledger, Measure
from szilard.monitor.gallery import Gallery
from szilard.monitor.model_space import ModelSpace
from szilard.studies.sampled.families.subject import Subject
from szilard.studies.sampled.spec import FamilySpec


def measures_of(spec: FamilySpec, subject: Subject) -> list[Measure]:
    """The measures that the spec asks for, with the settings that the family knows."""
    settings = {"path_intervals": spec.path_intervals, "samples": spec.samples, **subject.ledger}
    measures: list[Measure] = [Ledger(spec.every, **settings)]
    if spec.gallery:
        measures.append(Gallery(spec.gallery_every, spec.gallery, **subject.gallery))
    if spec.kept:
        measures.append(ModelSpace(**{"most": spec.kept, "data": subject.examples, **subject.model_space}))
    return measures
