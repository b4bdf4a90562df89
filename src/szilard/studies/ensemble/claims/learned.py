"""L-info: whether it grows, by its proxy I(X;Θ) and as I(X;B), and how much of the proxy is luck."""

from __future__ import annotations

import math

from szilard.numbers import number, with_error
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import NEGLIGIBLE, NOTICEABLE
from szilard.verdicts.finding import Finding, unchecked
from szilard.verdicts.rows import ratio, scaled, tested


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (
        _grows(reading, "learned information", "L-info, by its proxy I(X;Θ), grows while the model learns",
               "paper Eqs. 7, 25", "ep_ignorance", "ΔI(X;Θ)"),
        _grows(reading, "learned information as I(X;B)", "predictions come to tell of the data: I(X;B) leaves zero",
               "paper Eq. 4", "info_data", "I(X;B)"),
        _proxy(reading),
    )  # fmt: skip


def _grows(reading: EnsembleReading, name: str, claim: str, source: str, column: str, symbol: str) -> Finding:
    if reading.records < 2 or not reading.known_at_the_end(column):
        return unchecked(name, claim, source, reading.missing(column) or "There is one record only.")
    gain = reading.at(column)
    effect, interval = scaled(gain, reading.most)
    return tested(
        name,
        claim,
        source,
        measure=f"{symbol} over ln C",
        effect=effect,
        interval=interval,
        bound=(NOTICEABLE, math.inf),
        where=reading.when(),
        detail=f"{symbol} = {with_error(gain.value, gain.error)} nat of at most {number(reading.most, 3)}.",
    )


def _proxy(reading: EnsembleReading) -> Finding:
    name, source = "I(X;Θ) is a proxy for L-info", "paper Eqs. 6–7"
    claim = "ε is negligible: what predictions tell of Θ beyond B, the luck of the seed, hardly counts"
    if not reading.known_at_the_end("info_seed", "info_data", "l_info"):
        return unchecked(name, claim, source, reading.missing("info_seed", "info_data", "l_info"))
    luck, whole = reading.at("info_seed"), reading.at("l_info")
    effect, interval = ratio(luck, whole)
    return tested(
        name,
        claim,
        source,
        measure="I(X;Θ|B) over I(X;Θ)",
        effect=effect,
        interval=interval,
        bound=(-math.inf, NEGLIGIBLE),
        where=reading.when(),
        detail=(
            f"I(X;Θ|B) = info_seed = {with_error(luck.value, luck.error)} of "
            f"{with_error(whole.value, whole.error)} nat. The proxy counts it as learned."
        ),
    )
