"""What was seen, in plain words with numbers: the page's first paragraphs."""

from __future__ import annotations

import math

from szilard.page.safe import with_error
from szilard.studies.kits.parameters.words import in_words as of_the_reservoir
from szilard.studies.kits.watched.curves import curve
from szilard.studies.kits.watched.drift import DriftShare, Motion
from szilard.studies.kits.watched.learning import in_words as outcome_in_words
from szilard.studies.kits.watched.phases import in_words
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import FEWEST_JUMPS, STILL


def what_was_seen(reading: SingleReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not reading.whole:
        return [
            (
                "The run",
                f"{_watched(reading)} Fewer than two records hold finite numbers, so there is nothing to account for "
                "yet.",
            )
        ]
    return [
        ("The outcome", outcome_in_words(reading.rows, reading.drift_share)),
        ("The run", f"{_watched(reading)} {_entropy(reading)}"),
        ("The cost", _ledger(reading)),
        ("The motion", _motion(reading)),
        *_reservoir(reading, audit),
        ("The evidence", _trust(reading, audit)),
    ]


def _watched(reading: SingleReading) -> str:
    model, probe, optimizer = reading.mapping("model"), reading.mapping("probe"), reading.mapping("optimizer")
    what = f"A model ({model.get('class', 'of unknown class')}"
    if isinstance(model.get("parameters"), int):
        what += f", {model['parameters']:,} parameters"
    what += f") was trained by {optimizer['class']}" if optimizer.get("class") else ") was trained"
    every = reading.attributes.get("every")
    said = f"{what} and watched at {reading.records:,} records, {reading.span()}"
    said += f", one every {_steps(every)}" if isinstance(every, int) else ""
    inputs, outcomes, heads = probe.get("inputs"), probe.get("outcomes"), probe.get("heads")
    if isinstance(inputs, int) and isinstance(outcomes, int):
        many = f"{heads} labels of " if isinstance(heads, int) and heads > 1 else ""
        noun = "input" if inputs == 1 else "inputs"
        said += f", on {inputs:,} fixed probe {noun} with {many}{outcomes:,} possible outcomes"
    return said + "."


def _entropy(reading: SingleReading) -> str:
    values = reading.column("entropy_conditional")
    change = reading.entropy_change
    low, high = change.interval()
    way = "became more certain" if high < 0 else "became less certain" if low > 0 else "stayed as certain as they were"
    if max(abs(low), abs(high)) <= STILL * values[0]:
        way = "stayed about as certain as they were"
    accuracy = ""
    if reading.has("accuracy"):
        known = curve(reading, "accuracy").values
        accuracy = f" Its accuracy on the probe went from {known[0]:.1%} to {known[-1]:.1%}."
    return (
        f"Its predictions {way}: their entropy went from {values[0]:.4g} to {values[-1]:.4g} nat per input "
        f"(ΔS = {with_error(change.value, change.error)} nat).{accuracy}"
    )


def _ledger(reading: SingleReading) -> str:
    work, heat, length = (reading.at(name) for name in ("work", "heat", "length"))
    direct = reading.at("length_direct").value if reading.has("length_direct") else math.nan
    amount = with_error(abs(heat.value), heat.error)
    flow = f"gave off {amount} nat of heat" if heat.value < 0 else f"took up {amount} nat of heat"
    said = (
        f"Moving the model took W = {with_error(work.value, work.error)} nat of work per input, and the "
        f"predictions {flow} (Q = {with_error(heat.value, heat.error)}). φ is normalised, so all of the work "
        f"is conditional entropy production. The way was {with_error(length.value, length.error)} nat^½ long"
    )
    if math.isfinite(direct):
        said += f"; the first and the last model lie {direct:.3g} nat^½ apart"
    return said + "."


def _motion(reading: SingleReading) -> str:
    share = reading.drift_share
    if share is None or share.jumps < FEWEST_JUMPS:
        return "There were too few jumps at two measuring intervals to tell drift from diffusion."
    said = _share_in_words(share)
    if apart := in_words(reading.phases):
        said += f" Phase by phase, each at its own coarsest interval: {apart}."
    return f"{said} All of this holds for a measurement every {_steps(reading.attributes.get('every'))}."


def _reservoir(reading: SingleReading, audit: Audit) -> list[tuple[str, str]]:
    """The parameters as a heat reservoir, where bursts were recorded."""
    bursts = reading.bursts
    if bursts is None:
        return []
    said = of_the_reservoir(bursts, audit.rows)
    return [("The reservoir", " ".join(f"{label[:1].upper()}{label[1:]}: {text}" for label, text in said))]


def _share_in_words(share: DriftShare) -> str:
    amount = with_error(share.share.value, share.share.error)
    at = f"measured every {_steps(share.interval)}, drift's share of the work is {amount}"
    if share.less_alike:
        ratios = f"R = {share.work_ratio:.2f} against r = {share.noise_ratio:.2f}"
        return f"The model's jumps are less alike than momentum alone would make white noise ({ratios}): {at}."
    hidden = "jumps that undo one another can hide a drift beneath them"
    return {
        Motion.DRIFT: f"The model moved in a direction: {at}.",
        Motion.DIFFUSION: f"The model diffused: {at}, which is next to nothing.",
        Motion.NO_DRIFT: f"No net drift shows: {at}, but {hidden}.",
        Motion.RESTORING: f"The model's jumps undid one another, as about a minimum: {at} (negative), and {hidden}.",
        Motion.UNDECIDED: f"Over the whole run drift cannot be told from diffusion: {at}.",
    }[share.motion]


def _trust(reading: SingleReading, audit: Audit) -> str:
    residual = abs(
        reading.column("work") + reading.column("heat") - reading.column("energy") + reading.column("energy")[0]
    ).max()
    said = f"{audit.verdict} The first law closes to {residual:.0e} nat at every record."
    samples = reading.samples
    if samples is not None and samples.sizes["step"] > 1 and "work_discrepancy" in samples:
        gap, error = (float(samples[name].values[-1]) for name in ("work_discrepancy", "work_discrepancy_error"))
        differs = with_error(gap, error)
        said += f" An independent route, labels sampled from the model, gives a W that differs by {differs} nat."
    return said + " ± is one standard error; bands and bars on this page show 95 %."


def _steps(count: object) -> str:
    if not isinstance(count, int):
        return "an unknown number of steps"
    return "training step" if count == 1 else f"{count:,} training steps"
