"""L-info: whether it grows, by its proxy I(X;Θ) and as I(X;B), and how much of the proxy is luck."""

from __future__ import annotations

import math

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import NEGLIGIBLE, NOTICEABLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio, scaled

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
    """The rows of this family, at the last record."""
    return (
        _grows(reading, GROWS, "ep_ignorance", "ΔI(X;Θ)"),
        _grows(reading, OF_THE_DATA, "info_data", "I(X;B)"),
        _proxy(reading),
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
