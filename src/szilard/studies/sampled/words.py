"""What a sampled run says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate
from szilard.numbers import number, percent, with_error
from szilard.studies import sentences
from szilard.studies.kits.watched.between import between
from szilard.studies.kits.watched.words import (
    NOT_DEFINED,
    NOTHING_YET,
    ledger_table,
    motion,
    set_aside,
)
from szilard.studies.sampled.advice import advised, in_words
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.audit import Audit

QUANTITIES = (
    ("W", "work", "work"),
    ("Q", "heat absorbed", "heat"),
    ("ΔS", "change of conditional entropy", "entropy_change"),
    ("Σ", "conditional entropy production", "ep_conditional"),
    ("L", "statistical length", "length"),
    ("S", "conditional entropy at the end", "entropy_conditional"),
    ("ΔF", "change of free energy", "free_energy_change"),
    ("W_diss", "dissipated work of lagging chains", "work_dissipated"),
)
_PER = {"sequential": ", per token"}


def summary(reading: SampledReading, audit: Audit) -> str:
    """The record in a screenful of plain text: outcome, what was watched, ledger, sampler, and what held."""
    told = [*sentences.entry("outcome", said), ""] if (said := outcome(reading)) else []
    told += _recorded(reading)
    if reading.records:
        note = f"since the first record{_PER.get(reading.capability, '')}; ± one standard error over samples"
        moved = motion(reading) if reading.has("work_by_interval") else ""
        told += ["", *ledger_table(reading, QUANTITIES, note), ""]
        for label, text in (*_samples(reading), *_sampler_steps(reading), ("motion", moved)):
            told += sentences.entry(label, text) if text else []
    else:
        told += sentences.entry("ledger", NOT_DEFINED)
    return sentences.screenful(reading, audit, told, remarks=set_aside(reading))


def paragraphs(reading: SampledReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not reading.whole:
        return [("The run", f"{_watched(reading)} {NOTHING_YET}")]
    found = [
        ("The outcome", outcome(reading)),
        ("The run", _watched(reading)),
        ("The cost", _cost(reading)),
        ("The sampler", _sampler(reading)),
        ("The way", _way(reading)),
        ("The bounds", _bounds(reading)),
        ("The evidence", f"{audit.verdict} ± is one standard error; bands and bars on this page show 95 %."),
    ]
    return [(lead, text) for lead, text in found if text]


def outcome(reading: SampledReading) -> str:
    """Held-out score against the baseline, as a sentence; empty where the record has none."""
    found, other = reading.score("held_out"), reading.score("baseline")
    if found is None:
        return ""
    said = f"Held-out data cost the model {_short(found.cost)} {found.units}"
    if other is None:
        return said + "."
    gap, spread = other.cost.value - found.cost.value, math.hypot(found.cost.error, other.cost.error)
    verdict = "the model is better" if gap > 2 * spread else "the model is worse" if gap < -2 * spread else "a tie"
    return f"{said}, and the baseline ({other.name}) {_short(other.cost)}: {verdict}."


def _recorded(reading: SampledReading) -> list[str]:
    steps, every = reading.steps, reading.attributes.get("every")
    covered = f"steps {steps[0]:,} to {steps[-1]:,} in {len(steps):,} records" if len(steps) else "nothing yet"
    interval = f"every k = {every:,} steps" if isinstance(every, int) else "the interval was not fixed yet"
    family = str(reading.attributes.get("family") or reading.mapping("probe").get("family") or "")
    return [
        *sentences.model(reading.attributes),
        *(sentences.entry("family", f"{family} ({reading.capability})") if family else []),
        *sentences.entry("recorded", f"{covered}; {interval}"),
    ]


def _short(estimate: Estimate) -> str:
    return with_error(estimate.value, estimate.error)


def _samples(reading: SampledReading) -> list[tuple[str, str]]:
    """How many samples it took, and what they are worth."""
    if not reading.has("refreshes", "samples_drawn"):
        return []
    drawn, times = (int(reading.rows[name].values[-1]) for name in ("samples_drawn", "refreshes"))
    least = float(np.nanmin(reading.column("effective_sample_size")))
    return [
        (
            "samples",
            f"{drawn:,} drawn, refreshed {_times(times)}; never worth less than {percent(least)} of their number",
        )
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _sampler_steps(reading: SampledReading) -> list[tuple[str, str]]:
    """The sampler of an energy, and whether it is long enough."""
    if reading.capability != "energetic":
        return []
    accepted, memory = reading.mean("acceptance"), reading.column("autocorrelation_time")
    remembered = memory[np.isfinite(memory)]
    steps = reading.sampler_steps
    said = "" if steps is None else f"τ = {steps} steps a record, "
    said += f"acceptance {percent(accepted.value)}"
    if remembered.size:
        said += f", energy remembered for {number(np.median(remembered), 3)} steps"
    return [("sampler", said + "."), ("lag", in_words(reading))]


def _watched(reading: SampledReading) -> str:
    model, optimizer = reading.mapping("model"), reading.mapping("optimizer")
    what = f"{reading.family} ({model.get('class', 'of unknown class')}"
    if isinstance(model.get("parameters"), int):
        what += f", {model['parameters']:,} parameters"
    what += ") was trained"
    if optimizer.get("class"):
        what += f" by {optimizer['class']}"
    every = reading.attributes.get("every")
    said = f"{what} and watched at {reading.records:,} records, {reading.span()}"
    if isinstance(every, int):
        said += f", one every {f'{every:,} training steps' if every > 1 else 'training step'}"
    if reading.has("samples_drawn"):
        said += f", from {reading.column('samples_drawn')[-1]:,.0f} samples of the model in all"
    return said + "."


def _cost(reading: SampledReading) -> str:
    if (bounds := between(reading, "work")) is not None:
        low, high = bounds.below, bounds.above
        below, above = with_error(low.value, low.error), with_error(high.value, high.error)
        if bounds.vacuous:
            return (
                f"Moving the model took at most {above} {reading.per} of work: φ of a latent-variable model is known "
                "between bounds only, and so far apart here that the one from below says nothing; more draws would."
            )
        return (
            f"Moving the model took between {below} and {above} {reading.per} of work: φ of a latent-variable model is "
            "known between bounds only, and so is whatever follows from it."
        )
    work, heat, change = (reading.at(name) for name in ("work", "heat", "entropy_change"))
    flow = "gave off" if heat.value < 0 else "took up"
    said = (
        f"Moving the model took W = {with_error(work.value, work.error)} {reading.per} of work; X {flow} "
        f"{with_error(abs(heat.value), heat.error)} as heat, and the model's entropy changed by "
        f"{with_error(change.value, change.error)}. With an ideal sampler all of the work is entropy production."
    )
    if reading.has("length"):
        length = reading.at("length")
        said += f" The way was {with_error(length.value, length.error)} nat^½ long."
    return said


def _sampler(reading: SampledReading) -> str:
    if not reading.has("work_dissipated", "lag_work"):
        return ""
    spent, lag = reading.at("work_dissipated"), reading.at("lag_work")
    beyond = "beyond an ideal sampler" if lag.value >= 0 else "less than an ideal sampler would have"
    said = (
        f"Chains that lag behind the model dissipated {with_error(spent.value, spent.error)} nat, "
        f"{with_error(abs(lag.value), lag.error)} {beyond}."
    )
    advice = advised(reading)
    return f"{said} {advice}" if advice else said


def _way(reading: SampledReading) -> str:
    space = reading.space
    if space is None or space.map is None:
        return ""
    said = f"On the map of {len(space.steps)} models kept along the way"
    ends = float(np.linalg.norm(space.map.points[-1] - space.map.points[0]))
    said += f" the first and the last lie {number(ends)} nat^½ per √{space.unit} apart"
    if space.cross_entropy is None:
        return said + "."
    values, errors = space.cross_entropy
    best = int(values.argmin())
    said += (
        f". Held-out data cost the model {with_error(values[0], errors[0])} nat per {space.unit}{space.factor} at the "
        "first record "
        f"and {with_error(values[best], errors[best])} at best (step {space.steps[best]:,})"
    )
    if math.isfinite(space.entropy):
        left = with_error(values[best] - space.entropy, errors[best])
        said += f"; H(p*) = {number(space.entropy, 4)} is the least that any model could reach, so {left} are left"
    return said + "."


def _bounds(reading: SampledReading) -> str:
    if not reading.has("entropy_gap") or "draw" not in reading.rows.dims:
        return ""
    gap = reading.rows["entropy_gap"].values[-1]
    error = reading.rows["entropy_gap_error"].values[-1]
    draws = reading.rows["draw"].values
    return (
        f"At the end the bounds on the entropy lie {with_error(float(gap[0]), float(error[0]))} nat apart with "
        f"K = {draws[0]:g} draws from the encoder, and {with_error(float(gap[-1]), float(error[-1]))} with "
        f"K = {draws[-1]:g}."
    )
