"""Do the error bars of a run whose X is sampled mean what they say: nominal intervals over many watched runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.verify.coverage import Coverage, count
from szilard.verify.families import shown
from szilard.verify.families_case import FamilyCase, watch

REPLICATES = 400


def family_coverage(case: FamilyCase, *, replicates: int = REPLICATES, seed: int = 1000) -> Iterator[Coverage]:
    """Coverage of every variable of the last row whose truth is known, from runs that differ in nothing but samples."""
    runs = [watch(case, seed + replicate) for replicate in range(replicates)]
    first = runs[0]
    samples = int(first.attributes.get("chains", first.attributes.get("samples", 0)))
    for name, index, truth in case.known(first):
        estimates = [run.estimate(name, index) for run in runs]
        values, errors = (np.array([getattr(each, part) for each in estimates]) for part in ("value", "error"))
        if not errors.any():  # known without sampling
            continue
        kind = estimates[0].kind
        if case.capability != "bounded" and kind in (Kind.LOWER, Kind.UPPER):
            kind = Kind.UNBIASED  # a bound of something else: here its own expectation is the truth
        estimate = Estimate(values, errors, kind, estimates[0].degrees_of_freedom)
        yield count(case.name, shown(name), samples, truth, estimate)
