"""What a monitor records of a run whose X is sampled, against the systems' answers; how often intervals hold them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.systems import EnergySystem, ProbabilisticPCA
from szilard.verify.case import named
from szilard.verify.coverage import Coverage, count
from szilard.verify.families_case import FamilyCase, family_cases
from szilard.verify.row import Comparison
from szilard.verify.watched import RelaxationMeans, WatchedRun, watch

_BOUNDS = (Kind.LOWER, Kind.UPPER)
_RELATIVE = 1e-9


def families(*names: str) -> Iterator[Comparison]:
    """Rows of every case, or of those of these names alone.

    They have the numbers of samples that a record has by default, along a path of some twenty steps.
    """
    for case in named(family_cases(), names):
        yield from compared_family(case, watch(case))


def compared_family(case: FamilyCase, watched: WatchedRun) -> Iterator[Comparison]:
    """Every variable of the last row whose truth is known; of bounds, that they lie on their side of it."""
    for name, index, truth in case.known(watched):
        estimate = watched.estimate(name, index)
        one_sided = case.capability == "bounded" and estimate.kind in _BOUNDS and not _meets(case, name)
        known = _RELATIVE * abs(truth) if float(estimate.error) == 0 else None
        yield Comparison(case.name, shown(name), truth, estimate, known, bound=one_sided)
    if watched.profile is not None:
        yield from _inside_an_update(case, watched.profile, watched.attributes["chains"] - 1)


def _inside_an_update(case: FamilyCase, profile: RelaxationMeans, degrees_of_freedom: float) -> Iterator[Comparison]:
    """Mean energies right after θ has moved, at the end of the update and long after it."""
    assert isinstance(case.system, EnergySystem)
    assert case.sampler_steps is not None
    truth = case.system.relaxation(case.path[: profile.step + 1], case.sampler_steps, max(profile.sub_steps))
    for place in sorted({0, profile.sub_steps.index(case.sampler_steps), len(profile.sub_steps) - 1}):
        after = profile.sub_steps[place]
        estimate = Estimate(profile.values[place], profile.errors[place], Kind.UNBIASED, degrees_of_freedom)
        yield Comparison(case.name, f"energy after {after} steps", truth[after], estimate)


def _meets(case: FamilyCase, name: str) -> bool:
    """Bounds of entropies under the exact posterior are the entropies themselves."""
    return isinstance(case.system, ProbabilisticPCA) and case.system.widening == 1 and name.startswith("entropy")


def shown(name: str) -> str:
    """The name of a variable as the table shows it, without underscores."""
    return name.replace("_conditional", "").replace("_", " ")


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
