"""Every estimator against every exact system, on the machine at hand: truth, estimate, error bar, z."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from szilard.verify.case import Case, cases
from szilard.verify.ensembles import ensemble
from szilard.verify.exact_sums import exact_sums, first_law, work_quadratic
from szilard.verify.families import families
from szilard.verify.information import informations
from szilard.verify.reservoir import reservoirs
from szilard.verify.row import FALSE_ALARM, Comparison, Row, Verification, judge
from szilard.verify.sampled import compared
from szilard.verify.watched import watched

__all__ = ["FALSE_ALARM", "Case", "Comparison", "Row", "Verification", "cases", "compare", "judge", "verify"]


def verify() -> Verification:
    """Hold ledger, information, reservoir and the records of sampled runs against the exact systems.

    Seeds are fixed, so the same machine gives the same table.

    Example:
        >>> from szilard.verify import verify
        >>> verify().passed
        True
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors are small: more threads cost more than they bring
    try:
        paths = (comparison for case in cases() for comparison in compare(case))
        return judge([*paths, *informations(), *reservoirs(), *families()])
    finally:
        torch.set_num_threads(threads)


def compare(case: Case) -> Iterator[Comparison]:
    """Everything the ledger can say of one case."""
    yield from exact_sums(case)
    yield first_law(case)
    yield from work_quadratic(case)
    yield from compared(case)
    yield from ensemble(case)
    yield from watched(case)
