"""What a practitioner wants to know of a sampler: how much its lag costs, and how many steps would cost little."""

from __future__ import annotations

import math

import numpy as np

from szilard.ledger.lagged import Advice, advise
from szilard.ledger.unrelaxed import Undone, excess_energies, independent_updates, undone
from szilard.numbers import with_error
from szilard.studies.sampled.reading import SampledReading

TARGET = 0.1
"""Nats of lag per update that count as little: a tenth of the scale on which two models are told apart."""


def advice_of(reading: SampledReading, target: float = TARGET) -> Advice | None:
    """The advice from the whole run; None where there is no lag to speak of, or no sampler.

    Args:
        reading: of a run with energies.
        target: nats per update.
    """
    steps, updates = reading.attributes.get("sampler_steps"), reading.records - 1
    if not isinstance(steps, int) or steps < 1 or updates < 1 or not reading.has("work", "lag_work"):
        return None
    work, lag = reading.at("work"), reading.at("lag_work")
    if not all(map(math.isfinite, (work.value, work.error, lag.value, lag.error))):
        return None
    return advise(work, lag, updates, steps, target)


def undone_of(reading: SampledReading, target: float = TARGET) -> Undone | None:
    """Heat that updates leave undone, from the relaxation inside them; None without a profile or a sampler.

    Args:
        reading: of a run with energies.
        target: nats per update.
    """
    profile, steps = reading.relaxation, reading.attributes.get("sampler_steps")
    if profile is None or not isinstance(steps, int) or not reading.has("energy", "energy_error"):
        return None
    columns = (np.asarray(profile[name].values, dtype=float) for name in ("relaxation", "relaxation_error"))
    values, errors = columns
    ideal = {
        step: (energy, error)
        for step, energy, error in zip(
            reading.steps.tolist(), reading.column("energy"), reading.column("energy_error"), strict=True
        )
    }
    at = [ideal.get(step, (math.nan, math.nan)) for step in profile["step"].values.tolist()]
    known = [
        row
        for row in range(1, len(at))  # no update leads to the first record
        if np.isfinite(values[row]).all() and np.isfinite(errors[row]).all() and np.isfinite(at[row]).all()
    ]
    sub_steps = profile["sub_step"].values.astype(float).tolist()
    if not known or float(steps) not in sub_steps:
        return None
    means, spreads = excess_energies(
        [values[row].tolist() for row in known],
        [errors[row].tolist() for row in known],
        [float(at[row][0]) for row in known],
        [float(at[row][1]) for row in known],
        _independent(reading, [int(profile["step"].values[row]) for row in known], steps),
    )
    return undone(sub_steps, means, spreads, steps, target)


def _independent(reading: SampledReading, at: list[int], sampler_steps: int) -> float:
    """How many of the updates at these training steps have chains of their own, by the energy's longest memory."""
    row = {step: number for number, step in enumerate(reading.steps.tolist())}
    between = np.diff([row[step] for step in at]).tolist()
    memory = reading.column("autocorrelation_time") if reading.has("autocorrelation_time") else np.array([])
    known = memory[np.isfinite(memory)]
    return independent_updates(between, sampler_steps, float(np.max(known)) if known.size else math.inf)


def in_words(reading: SampledReading, target: float = TARGET) -> str:
    """The advice as a sentence or two; empty where there is none.

    Example: ``"your sampler is too short: τ = 20 leaves 0.84 ± 0.02 nat of lag per update; τ ≥ 130 would leave 0.1
    (by the law of one relaxation time)."``
    """
    advice = advice_of(reading, target)
    if advice is None:
        return ""
    heat = undone_of(reading, target)
    beside = "" if heat is None else f" By the relaxation inside updates, {heat.sentence}"
    left = f"{with_error(advice.lag.value, advice.lag.error)} nat of lag per update"
    tau = f"τ = {advice.sampler_steps}"
    if advice.lag.value < -2 * advice.lag.error:
        return (
            f"{tau} costs less than an ideal sampler would ({left}): chains that lag do not follow where the updates "
            f"only shake the model to and fro, so this says nothing of whether they are long enough.{beside}"
        )
    if not advice.seen:
        most = advice.steps_high
        enough = f"; {_rounded(most)} steps would surely leave no more than {target:g}" if 1 <= most < math.inf else ""
        return f"{tau} leaves no lag that can be seen ({left}){enough}.{beside}"
    if advice.lag.value <= target:
        fewer = f"; {_rounded(advice.steps)} would leave {target:g}" if 0 < advice.steps < advice.sampler_steps else ""
        return f"your sampler is long enough: {tau} leaves {left}{fewer}."
    if not math.isfinite(advice.steps):
        return f"your sampler is too short: {tau} leaves {left}, and no number of steps can be told that would do."
    return (
        f"your sampler is too short: {tau} leaves {left}; τ ≥ {_rounded(advice.steps)} would leave {target:g} (by the "
        "law of one relaxation time, a hypothesis)."
    )


def advised(reading: SampledReading) -> str:
    """The advice as a sentence of its own, for a page; empty where there is none."""
    said = in_words(reading).replace("(-", "(−")
    return said if said.startswith("τ") else f"{said[:1].upper()}{said[1:]}"


def _rounded(steps: float) -> str:
    """To two digits, upwards: it is no more certain than that."""
    if steps < 1:
        return "1"
    unit = 10 ** max(0, math.floor(math.log10(steps)) - 1)
    return f"{math.ceil(steps / unit) * unit:,.0f}"
