"""The record itself: whether it is whole, whether members were lost, whether two measurements of a noise agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.numbers import percent
from szilard.reservoir.replicates import mean_of
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.complete import COMPLETE as OF_ANY
from szilard.studies.kits.complete import complete_record
from szilard.verdicts.bounds import SAME_NOISE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

COMPLETE = replace(OF_ANY, claim="the record covers the whole of every training")
MEMBERS = Claim("members", "every training's numbers are finite to its end", "the record", concerns=Concern.COVERAGE)
TWICE = Claim(
    "noise measured twice",
    "fresh examples and the whole training set give the same noise variance",
    "docs: Figure 3",
    measure="mean of fresh/whole − 1",
    bound=(-SAME_NOISE, SAME_NOISE),
    concerns=Concern.RECORD,
)


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of this family."""
    closed = complete_record(reading, COMPLETE)
    return (closed, _members(reading), _twice(reading))


def _members(reading: Fig3Reading) -> Finding:
    lost = reading.attributes.get("diverged")
    lost = lost if isinstance(lost, list) else []
    trained = sum(reading.trials(batch) for batch in range(len(reading.batches)))
    when = [each["step"] for each in lost if isinstance(each, dict) and isinstance(each.get("step"), int)]
    first = f", the first at step {min(when):,}" if when else ""
    detail = f"{len(lost)} of {trained} trainings diverged{first}" + ("; they are left out." if lost else ".")
    return MEMBERS.counted(len(lost), detail)


def _twice(reading: Fig3Reading) -> Finding:
    """Fresh examples against whole passes, of the same members at the same parameters, all batch sizes together."""
    shares = []
    for batch in range(len(reading.batches)):
        full = reading.of_watched("noise_variance_full", batch)[..., 0]
        fresh = reading.of_members("noise_variance", batch)[:, : full.shape[1], 0]
        shares.append((fresh / full - 1).ravel())
    draws = np.concatenate(shares) if shares else np.empty(0)
    draws = draws[np.isfinite(draws)]
    if len(draws) < 2:
        return TWICE.unchecked("no member was watched to the end.")
    spread = percent(float(draws.std(ddof=1)))
    return TWICE.tested(
        mean_of(draws),
        where=reading.span(),
        detail=f"{len(draws)} comparisons, each with other examples; one by one they differ by {spread}.",
    )
