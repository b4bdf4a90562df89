"""Ideal learning (§5): whether all that was memorised was learned, without entropy production and without a gap."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from szilard.information import jackknife
from szilard.numbers import number, with_error
from szilard.studies.ensemble.claims.processing import unbounded
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import IDEAL, LEVEL, NOTICEABLE, QUASI_STATIC
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import ratio, scaled

SOURCE = "paper §5, The Ideal Learning Process"


IDEAL_LEARNING = Claim(
    "ideal learning",
    "M-info = L-info: all that was memorised of the data was learned",
    SOURCE,
    measure="L-info over M-info, from its upper to its lower bound; the effect is over the upper",
    bound=(IDEAL, math.inf),
)
QUASI_STATIC_LEARNING = Claim(
    "quasi-static learning",
    "the conditional entropy production is nearly zero: all of Σ_X becomes learned information",
    SOURCE,
    measure="Σ(X|Θ) over Σ_X",
    bound=(-math.inf, QUASI_STATIC),
    at_interval=True,
)
GAP = Claim(
    "ideal learning by the generalisation gap",
    "nothing irrelevant was memorised: models do as well on the probe as on what they were trained on",
    "paper §2 and §5",
    measure="cross-entropy on the probe less the training loss, over ln C",
    bound=(-math.inf, NOTICEABLE),
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (_ratio(reading), _quasi_static(reading), _gap(reading))


def _ratio(reading: EnsembleReading) -> Finding:
    """L-info over both bounds of M-info; never above 1, as M-info is no less than L-info."""
    names = ("info_data", "m_info_lower", "m_info_upper")
    if not reading.known_at_the_end(*names):
        return IDEAL_LEARNING.unchecked(reading.missing(*names[:2]) or unbounded(reading))
    learned, lower = reading.at("info_data"), reading.at("m_info_lower")
    upper = float(reading.column("m_info_upper")[-1])
    low, high = (max(end, 0.0) for end in learned.interval(LEVEL))
    least = max(lower.interval(LEVEL)[0], 0.0)
    interval = (low / upper, min(high / least, 1.0) if least > 0 else 1.0)
    if any(math.isnan(end) for end in (*learned.interval(LEVEL), *lower.interval(LEVEL))):
        interval = (math.nan, math.nan)
    return IDEAL_LEARNING.tested(
        learned.value / upper,
        interval,
        where=reading.when(),
        detail=(
            f"I(X;B) = {with_error(learned.value, learned.error)} nat for one label; M-info lies in "
            f"[{number(lower.value, 4)}, {number(upper, 4)}] nat. More labels at once tell more of the data."
        ),
    )


def _quasi_static(reading: EnsembleReading) -> Finding:
    if reading.records < 2 or not reading.known_at_the_end("ep_ignorance", "ep_marginal"):
        return QUASI_STATIC_LEARNING.unchecked(reading.missing("ep_ignorance", "ep_marginal") or "One record only.")
    lost, whole, gain = (reading.at(column) for column in ("work_mean", "ep_marginal", "ep_ignorance"))
    if gain.value < 0:
        why = f"I(X;Θ) fell by {number(-gain.value, 3)} nat: there is no gain for the production to be a share of."
        return QUASI_STATIC_LEARNING.unchecked(why)
    effect, interval = ratio(lost, whole)
    return QUASI_STATIC_LEARNING.tested(
        effect,
        interval,
        where=reading.when(),
        detail=(
            f"Σ(X|Θ) = {with_error(lost.value, lost.error)} of Σ_X = "
            f"{with_error(whole.value, whole.error)} nat; efficiency {number(1 - effect)}. Another measuring "
            "interval gives another number."
        ),
    )


def _gap(reading: EnsembleReading) -> Finding:
    """Cross-entropy on the probe less the training loss, member by member."""
    why = _incomparable(reading)
    shares = reading.weights(-1) if reading.records else None
    if why or shares is None or reading.nesting is None:
        return GAP.unchecked(why or "The record does not say who is in its means.")
    kept = reading.nesting.keep(shares > 0)
    each = (reading.of_members("cross_entropy") - reading.of_members("loss"))[-1][shares > 0]
    gap = jackknife.ensemble_mean(kept, each)
    memorised = reading.at("info_dataset")
    beside = ""
    if math.isfinite(memorised.value):
        beside = f", what was memorised {with_error(memorised.value, memorised.error)} nat (info_dataset, no labels)"
    return GAP.tested(
        *scaled(gap, reading.most),
        where=reading.when(),
        detail=(
            f"The gap is {with_error(gap.value, gap.error)} nat{beside}; the loss is the mean since "
            f"{reading.when(-2) if reading.records > 1 else 'the start'}. Noise in the training labels is in the "
            "loss and not in clean labels of the probe."
        ),
    )


def _incomparable(reading: EnsembleReading) -> str:
    if not reading.records or not np.isfinite(reading.of_members("cross_entropy")[-1]).any():
        return "The probe has no labels: give it some."
    if not np.isfinite(reading.of_members("loss")[-1]).any():
        return "The training loss was not recorded."
    spec: Any = reading.attributes.get("spec")
    training = spec.get("training") if isinstance(spec, Mapping) else None
    if isinstance(training, Mapping) and training.get("loss"):
        return "The training loss is no plain cross-entropy, so the two cannot be compared."
    return ""
