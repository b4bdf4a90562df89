"""Carries chunks out in this process, one after the other: memory stays that of one chunk."""

from __future__ import annotations

from collections.abc import Callable

import torch

from szilard.ensemble.chunk import Harvest, harvests
from szilard.ensemble.plan import Plan
from szilard.ensemble.scratch import Scratch


def carry_out(
    plan: Plan, scratch: Scratch, take: Callable[[Harvest], None], report: Callable[[int, int], None]
) -> None:
    """Trains every chunk from its last checkpoint to its end.

    Args:
        plan: of the ensemble.
        scratch: where checkpoints are kept.
        take: is given each harvest.
        report: is told a chunk's number and how many steps it has done.
    """
    threads = torch.get_num_threads()
    try:
        for number in range(plan.chunks):
            if scratch.finished(number, len(plan.steps)):
                report(number, plan.steps[-1])
                continue
            start = scratch.checkpoint(number)
            for harvest in harvests(
                plan.make_chunk(number),
                start=start,
                save=lambda state, number=number: scratch.save(number, state),  # type: ignore[misc]
                report=lambda step, number=number: report(number, step),  # type: ignore[misc]
            ):
                take(harvest)
    finally:
        torch.set_num_threads(threads)
