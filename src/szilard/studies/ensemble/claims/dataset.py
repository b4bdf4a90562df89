"""The datasets' trace: whether there is one at all at the end, and none before the first step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LEVEL, NOTICEABLE
from szilard.verdicts.finding import Concern, Finding, Verdict, unchecked
from szilard.verdicts.rows import scaled, tested


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, by the matched-size contrast, which is 0 in expectation without an effect."""
    return (_at_all(reading), _at_the_start(reading))


def _at_all(reading: EnsembleReading) -> Finding:
    """The permutation test alone decides nothing: it can take ``held`` back, never give it."""
    name = "datasets leave a trace"
    claim = "a prediction depends on which sample of the same task its model was trained on"
    source, bound = "docs: brackets and corrections; paper §2", (NOTICEABLE, math.inf)
    if not reading.known_at_the_end("info_dataset_contrast"):
        return unchecked(name, claim, source, reading.missing("info_dataset_contrast"))
    contrast, quadratic = reading.at("info_dataset_contrast"), reading.at("info_dataset_quadratic")
    effect, interval = scaled(contrast, reading.most)
    p = reading.column("info_dataset_permutation_p")[-1]
    detail = (
        f"Contrast {with_error(contrast.value, contrast.error)} nat of at most {number(reading.most, 3)}; quadratic "
        f"information {with_error(quadratic.value, quadratic.error)}."
    )
    if np.isfinite(p):
        detail += f" Seeds shuffled across datasets do as well with probability {number(p)}."
    row = tested(
        name,
        claim,
        source,
        measure="contrast over ln C",
        effect=effect,
        interval=interval,
        bound=bound,
        where=reading.when(),
        detail=detail,
    )
    if row.verdict is Verdict.HELD and p > 1 - LEVEL:
        return _doubted(row)
    return row


def _doubted(row: Finding) -> Finding:
    said = f"{row.detail} The permutation test does not confirm the interval, so nothing is decided."
    return replace(row, verdict=Verdict.UNDECIDED, detail=said)


def _at_the_start(reading: EnsembleReading) -> Finding:
    """Before the first step Θ is independent of B, so anything here is a leak of the data, or a bias."""
    name = "no trace of the data at the start"
    claim = "before the first step predictions tell nothing of the dataset: Θ_0 is independent of B"
    source, bound = "paper §2, below Eq. 4", (-NOTICEABLE, NOTICEABLE)
    if not reading.records or reading.steps[0] != 0:
        return unchecked(name, claim, source, "The first record is not at step 0.", Concern.RECORD)
    contrast = reading.at("info_dataset_contrast", 0)
    if math.isnan(contrast.value):
        return unchecked(name, claim, source, reading.missing("info_dataset_contrast") or "The contrast at step 0 is "
                         "undefined.", Concern.RECORD)  # fmt: skip
    effect, interval = scaled(contrast, reading.most)
    corrected = reading.at("info_dataset", 0)
    return tested(
        name,
        claim,
        source,
        measure="contrast at step 0 over ln C",
        effect=effect,
        interval=interval,
        bound=bound,
        where=reading.when(0),
        detail=(
            f"Contrast {with_error(contrast.value, contrast.error)} nat; the corrected estimate reads "
            f"{with_error(corrected.value, corrected.error)} nat where the truth is 0."
        ),
        concerns=Concern.RECORD,
    )
