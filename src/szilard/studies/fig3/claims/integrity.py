"""The record itself: whether it is whole, whether members were lost, whether two measurements of a noise agree."""

from __future__ import annotations

import numpy as np

from szilard.numbers import percent
from szilard.reservoir.replicates import mean_of
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.complete import complete_record
from szilard.verdicts.bounds import SAME_NOISE
from szilard.verdicts.finding import Concern, Finding, unchecked
from szilard.verdicts.rows import counted, tested


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of this family."""
    closed = complete_record(reading, "the record covers the whole of every training")
    return (closed, _members(reading), _twice(reading))


def _members(reading: Fig3Reading) -> Finding:
    lost = reading.attributes.get("diverged")
    lost = lost if isinstance(lost, list) else []
    trained = sum(reading.trials(batch) for batch in range(len(reading.batches)))
    when = [each["step"] for each in lost if isinstance(each, dict) and isinstance(each.get("step"), int)]
    first = f", the first at step {min(when):,}" if when else ""
    detail = f"{len(lost)} of {trained} trainings diverged{first}" + ("; they are left out." if lost else ".")
    return counted(
        "members", "every training's numbers are finite to its end", "the record", float(len(lost)), detail,
        Concern.COVERAGE,
    )  # fmt: skip


def _twice(reading: Fig3Reading) -> Finding:
    """Fresh examples against whole passes, of the same members at the same parameters, all batch sizes together."""
    name, claim = "noise measured twice", "fresh examples and the whole training set give the same noise variance"
    source = "docs: Figure 3"
    shares = []
    for batch in range(len(reading.batches)):
        full = reading.of_watched("noise_variance_full", batch)[..., 0]
        fresh = reading.of_members("noise_variance", batch)[:, : full.shape[1], 0]
        shares.append((fresh / full - 1).ravel())
    draws = np.concatenate(shares) if shares else np.empty(0)
    draws = draws[np.isfinite(draws)]
    if len(draws) < 2:
        return unchecked(name, claim, source, "no member was watched to the end.", Concern.RECORD)
    mean = mean_of(draws)
    return tested(
        name, claim, source, measure="mean of fresh/whole − 1", effect=float(mean.value), interval=mean.interval(),
        bound=(-SAME_NOISE, SAME_NOISE), where=reading.span(), concerns=Concern.RECORD,
        detail=f"{len(draws)} comparisons, each with other examples; one by one they differ by "
        f"{percent(float(draws.std(ddof=1)))}.",
    )  # fmt: skip
