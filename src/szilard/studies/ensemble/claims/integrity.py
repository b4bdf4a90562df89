"""The record itself: whether it is whole, without gaps, and whether every member came through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.kits.complete import COMPLETE as OF_ANY
from szilard.studies.kits.complete import complete_record
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

COMPLETE = replace(OF_ANY, claim="the record covers the whole run and every ensemble mean in it is finite")
NO_GAPS = Claim(
    "no gaps",
    "every record starts where the one before ended, and every row of the information has its ledger",
    "the record",
    concerns=Concern.RECORD,
)
DIVERGED = Claim(
    "members that diverged",
    "every training stayed finite, so the mixtures are of all of them",
    "the record",
    concerns=Concern.COVERAGE,
)
INDEPENDENT = Claim(
    "probe independent of the data",
    "no member was trained on the probe's inputs: the probe is from the test split",
    "the record",
    concerns=Concern.COVERAGE,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; the effect counts faults, and none are allowed."""
    return (_complete(reading), _gaps(reading), _diverged(reading), _independent(reading))


def _complete(reading: EnsembleReading) -> Finding:
    left_out = f"{reading.undefined} records without finite ensemble means were set aside."
    return complete_record(
        reading,
        COMPLETE,
        set_aside=reading.undefined,
        told=left_out if reading.undefined else "",
    )


def _gaps(reading: EnsembleReading) -> Finding:
    ledger = reading.ledger
    steps = np.diff(ledger["step"].values)
    backwards = int((steps <= 0).sum())
    gaps = int((np.asarray(ledger["interval"].values)[1:] != steps).sum()) if "interval" in ledger else 0
    apart = int((~np.isin(reading.steps, ledger["step"].values)).sum())
    return NO_GAPS.counted(
        backwards + gaps + apart,
        f"{backwards} steps out of order, {gaps} records whose interval does not reach back to the one before, "
        f"{apart} rows of information without a ledger.",
    )


def _diverged(reading: EnsembleReading) -> Finding:
    lost = _lost(reading.attributes.get("diverged"))
    members = int(reading.ledger.sizes.get("member", 0))
    if "finite" in reading.ledger and reading.ledger.sizes["step"]:
        finite = np.asarray(reading.ledger["finite"].values)
        for member in np.flatnonzero((finite == 0).any(0)):
            first = int(reading.ledger["step"].values[(finite[:, member] == 0).argmax()])
            lost.setdefault(int(member), first)
    told = ", ".join(f"{member} at step {step:,}" for member, step in sorted(lost.items())[:5])
    more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
    detail = f"All {members} members stayed finite."
    if lost:
        detail = (
            f"{len(lost)} of {members} members diverged (member {told}{more}) and were left out of the mixtures: "
            "what follows speaks of those that did not, which are no random choice."
        )
    return DIVERGED.counted(len(lost), detail)


def _independent(reading: EnsembleReading) -> Finding:
    probe = reading.attributes.get("probe")
    split = probe.get("split") if isinstance(probe, Mapping) else None
    if split not in ("train", "test"):
        return INDEPENDENT.unchecked("The record does not say where the probe is from.")
    detail = "The probe was drawn from the test split, which trains no member."
    if split == "train":
        detail = (
            "The probe was drawn from the training split: members may have been trained on its inputs, so every "
            "info_* and the stopping point are in-sample. Draw the probe from the test split."
        )
    return INDEPENDENT.counted(split == "train", detail)


def _lost(given: Any) -> dict[int, int]:
    """Members that the record's attributes name, with the step at which they went."""
    return {
        int(item["member"]): int(item.get("step", -1))
        for item in (given if isinstance(given, list | tuple) else ())
        if isinstance(item, Mapping) and "member" in item
    }
