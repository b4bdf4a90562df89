"""What predictions come to tell: of the dataset, by I(X;B), and by its proxy I(X;Θ), of which a part is luck."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import LEVEL, NEGLIGIBLE, NOTICEABLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Verdict
from szilard.verdicts.intervals import ratio, scaled

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
GROWS = Claim(
    "learned information",
    "L-info, by its proxy I(X;Θ), grows while the model learns",
    "paper Eqs. 7, 25",
    measure="ΔI(X;Θ) over ln C",
    bound=(NOTICEABLE, math.inf),
)
OF_THE_DATA = Claim(
    "learned information as I(X;B)",
    "predictions come to tell of the data: I(X;B) leaves zero",
    "paper Eq. 4",
    measure="I(X;B) over ln C",
    bound=(NOTICEABLE, math.inf),
)
PROXY = Claim(
    "I(X;Θ) is a proxy for L-info",
    "ε is negligible: what predictions tell of Θ beyond B, the luck of the seed, hardly counts",
    "paper Eqs. 6–7",
    measure="I(X;Θ|B) over I(X;Θ)",
    bound=(-math.inf, NEGLIGIBLE),
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; of the dataset by the matched-size contrast, 0 in expectation without an effect."""
    return (
        _at_all(reading),
        _at_the_start(reading),
        _grows(reading, GROWS, "ep_ignorance", "ΔI(X;Θ)"),
        _grows(reading, OF_THE_DATA, "info_data", "I(X;B)"),
        _proxy(reading),
    )


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


def _grows(reading: EnsembleReading, claim: Claim, column: str, symbol: str) -> Finding:
    if reading.records < 2 or not reading.known_at_the_end(column):
        return claim.unchecked(reading.missing(column) or "There is one record only.")
    gain = reading.at(column)
    return claim.tested(
        *scaled(gain, reading.most),
        where=reading.when(),
        detail=f"{symbol} = {with_error(gain.value, gain.error)} nat of at most {number(reading.most, 3)}.",
    )


def _proxy(reading: EnsembleReading) -> Finding:
    if not reading.known_at_the_end("info_seed", "info_data", "l_info"):
        return PROXY.unchecked(reading.missing("info_seed", "info_data", "l_info"))
    luck, whole = reading.at("info_seed"), reading.at("l_info")
    return PROXY.tested(
        *ratio(luck, whole),
        where=reading.when(),
        detail=(
            f"I(X;Θ|B) = info_seed = {with_error(luck.value, luck.error)} of "
            f"{with_error(whole.value, whole.error)} nat. The proxy counts it as learned."
        ),
    )
