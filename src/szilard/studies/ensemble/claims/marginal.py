"""The marginal view: the entropy of the mixture along training, and its entropy production."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import NOTICEABLE, RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of, scaled

FALLING = Claim(
    "falling marginal entropy",
    "ΔS_X < 0 for a model initialised at random",
    "paper §7",
    measure="ΔS_X over ln C",
    bound=(-math.inf, -NOTICEABLE),
)
NEVER_RISES = Claim(
    "marginal entropy never rises",
    "ΔS_X is negative at every record of the training",
    "paper §7",
    measure="over ln C, at the record that decides",
    bound=(-math.inf, NOTICEABLE),
)
TOWARDS_THE_DATA = Claim(
    "marginal entropy tends to the data's",
    "S_X ends at the entropy of the labels that were trained on",
    "paper §7",
    measure="S_X less the entropy of the labels, over ln C",
    bound=(-RELATION, RELATION),
)
POSITIVE = Claim(
    "marginal entropy production is positive",
    "Σ_X ≥ 0 at every record",
    "the second law, taken for the marginal view",
    measure="over ln C, at the record that decides",
    bound=(-NOTICEABLE, math.inf),
)
PAYS = Claim(
    "marginal entropy production pays for the information",
    "Σ_X ≥ Δl_info at every record, whatever the sign of either",
    "paper Eqs. 25–26",
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; entropies in units of ln C, the most that a label can hold."""
    if reading.records < 2:
        return ()
    return (
        _falling(reading),
        _throughout(reading, NEVER_RISES, "entropy_marginal_change", "largest"),
        _towards_the_data(reading),
        _throughout(reading, POSITIVE, "ep_marginal", "smallest"),
        _covers(reading),
    )


def _falling(reading: EnsembleReading) -> Finding:
    if not reading.known_at_the_end("entropy_marginal_change"):
        return FALLING.unchecked(reading.missing("entropy_marginal_change"))
    change = reading.at("entropy_marginal_change")
    start, end = (reading.at("entropy_marginal", row) for row in (0, -1))
    return FALLING.tested(
        *scaled(change, reading.most),
        where=reading.when(),
        detail=(
            f"S_X goes from {number(start.value, 4)} to {number(end.value, 4)} nat, ΔS_X = "
            f"{with_error(change.value, change.error)} nat."
        ),
    )


def _throughout(reading: EnsembleReading, claim: Claim, column: str, extreme: str) -> Finding:
    """All records after the first, judged together; the row shows the one that decides."""
    if not reading.known_at_the_end(column):
        return claim.unchecked(reading.missing(column))
    level = level_of(reading.records - 1)
    rows = range(1, reading.records)
    intervals = []
    for row in rows:
        low, high = reading.at(column, row).interval(level)
        intervals.append((low / reading.most, high / reading.most))
    chosen = claim.decisive(intervals)
    row = rows[chosen]
    values = reading.column(column)[1:]
    found = int(np.nanargmax(values) if extreme == "largest" else np.nanargmin(values)) + 1
    return claim.tested(
        reading.at(column, row).value / reading.most,
        intervals[chosen],
        where=reading.when(row),
        detail=(
            f"The {extreme} of {len(intervals)} records is {number(reading.column(column)[found], 4)} nat, at "
            f"{reading.when(found)}; all are judged together."
        ),
    )


def _towards_the_data(reading: EnsembleReading) -> Finding:
    """Only where the record knows how uncertain the labels are given an input (0 for clean ones)."""
    truth = reading.attributes.get("label_entropy")
    if not isinstance(truth, int | float):
        why = "The entropy of the labels given an input is not known: it takes many labels of each input, or a teacher."
        return TOWARDS_THE_DATA.unchecked(why)
    if not reading.known_at_the_end("entropy_marginal"):
        return TOWARDS_THE_DATA.unchecked(reading.missing("entropy_marginal"))
    entropy = reading.at("entropy_marginal")
    low, high = entropy.interval()
    scale = reading.most
    return TOWARDS_THE_DATA.tested(
        (entropy.value - truth) / scale,
        ((low - truth) / scale, (high - truth) / scale),
        where=reading.when(),
        detail=f"S_X = {with_error(entropy.value, entropy.error)} nat, the labels {number(truth, 4)} nat per input.",
    )


def _covers(reading: EnsembleReading) -> Finding:
    """What holds instead of Σ_X ≥ 0, because Σ(X|Θ) cannot be negative."""
    production, information = reading.column("ep_marginal"), reading.column("ep_ignorance")
    scale = np.nan_to_num(np.abs(np.stack([production, information, reading.column("l_info")]))).max(0)
    scale = np.maximum.accumulate(scale).clip(np.finfo(float).tiny)
    return PAYS.identity(np.maximum(information - production, 0) / scale, reading.steps)
