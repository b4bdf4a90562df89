"""The datasets' trace: whether there is one at all at the end, and none before the first step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LEVEL, NOTICEABLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Verdict
from szilard.verdicts.intervals import scaled

TRACE = Claim(
    "datasets leave a trace",
    "a prediction depends on which sample of the same task its model was trained on",
    "docs: brackets and corrections; paper §2",
    measure="contrast over ln C",
    bound=(NOTICEABLE, math.inf),
)
NO_TRACE = Claim(
    "no trace of the data at the start",
    "before the first step predictions tell nothing of the dataset: Θ_0 is independent of B",
    "paper §2, below Eq. 4",
    measure="contrast at step 0 over ln C",
    bound=(-NOTICEABLE, NOTICEABLE),
    concerns=Concern.RECORD,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, by the matched-size contrast, which is 0 in expectation without an effect."""
    return (_at_all(reading), _at_the_start(reading))


def _at_all(reading: EnsembleReading) -> Finding:
    """The permutation test alone decides nothing: it can take ``held`` back, never give it."""
    if not reading.known_at_the_end("info_dataset_contrast"):
        return TRACE.unchecked(reading.missing("info_dataset_contrast"))
    contrast, quadratic = reading.at("info_dataset_contrast"), reading.at("info_dataset_quadratic")
    p = reading.column("info_dataset_permutation_p")[-1]
    detail = (
        f"Contrast {with_error(contrast.value, contrast.error)} nat of at most {number(reading.most, 3)}; quadratic "
        f"information {with_error(quadratic.value, quadratic.error)}."
    )
    if np.isfinite(p):
        detail += f" Seeds shuffled across datasets do as well with probability {number(p)}."
    row = TRACE.tested(*scaled(contrast, reading.most), where=reading.when(), detail=detail)
    if row.verdict is Verdict.HELD and p > 1 - LEVEL:
        return _doubted(row)
    return row


def _doubted(row: Finding) -> Finding:
    said = f"{row.detail} The permutation test does not confirm the interval, so nothing is decided."
    return replace(row, verdict=Verdict.UNDECIDED, detail=said)


def _at_the_start(reading: EnsembleReading) -> Finding:
    """Before the first step Θ is independent of B, so anything here is a leak of the data, or a bias."""
    if not reading.records or reading.steps[0] != 0:
        return NO_TRACE.unchecked("The first record is not at step 0.")
    contrast = reading.at("info_dataset_contrast", 0)
    if math.isnan(contrast.value):
        return NO_TRACE.unchecked(reading.missing("info_dataset_contrast") or "The contrast at step 0 is undefined.")
    corrected = reading.at("info_dataset", 0)
    return NO_TRACE.tested(
        *scaled(contrast, reading.most),
        where=reading.when(0),
        detail=(
            f"Contrast {with_error(contrast.value, contrast.error)} nat; the corrected estimate reads "
            f"{with_error(corrected.value, corrected.error)} nat where the truth is 0."
        ),
    )
