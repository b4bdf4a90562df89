"""Heat capacity of the reservoir: whether Θ has a much higher dimension than X."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import MANY
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

DIMENSIONS = Claim(
    "dim Θ ≫ dim X",
    "the parameters have a much higher dimension than the model's samples, hence a high heat capacity",
    "paper §3.2 and §6.1",
    measure="parameters over degrees of freedom of the probe's labels",
    bound=(MANY, math.inf),
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The row of this family. X is all labels of the probe together, C − 1 numbers for each."""
    inputs, heads, outcomes = (_count(reading, "probe", key) for key in ("inputs", "heads", "outcomes"))
    parameters = _count(reading, "model", "parameters")
    if not parameters or not inputs or outcomes < 2:
        return (DIMENSIONS.unchecked("The record does not say how many parameters or outcomes there are."),)
    of_one = max(heads, 1) * (outcomes - 1)
    effect = parameters / (inputs * of_one)
    return (
        DIMENSIONS.tested(
            effect,
            where="the probe",
            detail=(
                f"{parameters:,} parameters, {inputs:,} inputs of {of_one} degrees of freedom each. Against the labels "
                f"of one input alone it is {parameters / of_one:,.0f}: what counts as X decides."
            ),
        ),
    )


def _count(reading: EnsembleReading, section: str, key: str) -> int:
    given: Any = reading.attributes.get(section)
    value = given.get(key) if isinstance(given, Mapping) else None
    return value if isinstance(value, int) else 0
