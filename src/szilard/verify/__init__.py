"""Every estimator against every exact system, on the machine at hand: truth, estimate, error bar, z."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from szilard.errors import SpecError, nearest
from szilard.verify.case import Case, Named, cases, named, nested_cases
from szilard.verify.coverage import ensemble
from szilard.verify.families import families
from szilard.verify.families_case import family_cases
from szilard.verify.information import informations
from szilard.verify.reservoir import reservoirs
from szilard.verify.reservoir_case import reservoir_cases
from szilard.verify.row import FALSE_ALARM, Comparison, Row, Verification, judge
from szilard.verify.sampled import compared, exact_sums, first_law, work_quadratic
from szilard.verify.watched import watched

__all__ = ["FALSE_ALARM", "Case", "Comparison", "Row", "Verification", "cases", "compare", "judge", "verify"]


def verify(*systems: str) -> Verification:
    """Hold ledger, information, reservoir and the records of sampled runs against the exact systems.

    Seeds are fixed, so the same machine gives the same table.

    Args:
        systems: names of those to judge, as the table shows them; all of them, where none is named.

    Returns:
        A row for every estimator and system, each with its verdict.

    Raises:
        SpecError: if there is no system of a name.

    Example:
        >>> from szilard.verify import verify
        >>> verify("great circle", "heavy ball").passed
        True
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors are small: more threads cost more than they bring
    try:
        paths = (comparison for case in named(cases(), systems) for comparison in compare(case))
        rows = [*paths, *informations(*systems), *reservoirs(*systems), *families(*systems)]
    finally:
        torch.set_num_threads(threads)
    for name in set(systems) - {row.system for row in rows}:
        known: list[Named] = [*cases(), *nested_cases(), *reservoir_cases(), *family_cases()]
        raise SpecError(f"no exact system {name!r}: {nearest(name, [case.name for case in known])}")
    return judge(rows)


def compare(case: Case) -> Iterator[Comparison]:
    """Every comparison that the ledger allows of one case: exact, sampled, over ensembles and watched."""
    yield from exact_sums(case)
    yield first_law(case)
    yield from work_quadratic(case)
    yield from compared(case)
    yield from ensemble(case)
    yield from watched(case)
