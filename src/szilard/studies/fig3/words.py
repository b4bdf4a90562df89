"""What Figure 3 says, in plain words with numbers: for the terminal and for the page.

Is the noise stationary, white, of low variance, and where is it hottest?
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from szilard.numbers import number, with_error
from szilard.studies import sentences
from szilard.studies.fig3.claims.noise import change_of, steady_from
from szilard.studies.fig3.claims.rows import at, too_few
from szilard.studies.fig3.claims.spread import ACCURACY
from szilard.studies.fig3.claims.temperature import hottest_layer
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.verdicts.audit import Audit
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Verdict

WORDS = {
    Verdict.HELD: "yes",
    Verdict.FAILED: "no",
    Verdict.UNDECIDED: "undecided",
    Verdict.UNCHECKABLE: "cannot be told",
}


def summary(reading: Fig3Reading, audit: Audit) -> str:
    """The record in a screenful of plain text: the design, noise and temperature at the end, the four answers."""
    told = [*sentences.entry("design", design(reading)), *sentences.model(reading.attributes)]
    if reading.records:
        told += ["", *_last(reading), "", *_answers(reading, audit), ""]
        told += sentences.entry("noise", said) if (said := noise(reading)) else []
    return sentences.screenful(reading, audit, told, checkpoints=not reading.records)


def paragraphs(reading: Fig3Reading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a question to lead in."""
    found = [
        ("Stationary", stationary(reading, audit)),
        ("White", white(reading, audit)),
        ("Low variance", low_variance(reading, audit)),
        ("Hottest layer", hottest(reading)),
        ("Temperature", noise(reading)),
        ("The design", design(reading)),
    ]
    trusted = f"{audit.verdict} ± is one standard error over trainings; bands and bars show 95 %, by Student’s t."
    return [*((lead, f"{text[:1].upper()}{text[1:]}.") for lead, text in found if text), ("The evidence", trusted)]


def design(reading: Fig3Reading) -> str:
    """What was trained."""
    counts = ", ".join(f"{reading.trials(batch)} at |b| = {size:,}" for batch, size in enumerate(reading.batches))
    how = {"replacement": "batches drawn with replacement", "epochs": "batches of shuffled epochs"}
    drawn = how.get(str(reading.attributes.get("shuffle")), "batches of unknown order")
    return f"trainings: {counts}; plain SGD, learning rate {reading.rate:g}, {drawn}, {reading.span()}"


def stationary(reading: Fig3Reading, audit: Audit) -> str:
    """Whether the variance stays, and from when on."""
    said = []
    for batch in range(len(reading.batches)):
        if (change := change_of(reading, batch)) is not None:
            since = steady_from(reading, batch)
            when = "never within the bound" if since is None else f"within the bound from step {since:,} on"
            factor = f"the variance changes {number(np.exp(change.signed), 3)}-fold between stretches, {when}"
            said.append((batch, answer(audit, STATIONARY, reading, batch), factor))
    return _by_size(reading, said)


def white(reading: Fig3Reading, audit: Audit) -> str:
    """Whether the noise of one step tells of another."""
    said = []
    for batch in range(len(reading.batches)):
        if (found := _largest_correlation(reading, batch)) is not None:
            value, error, lag = found
            text = f"largest ρ {with_error(value, error)} at lag {lag:,}"
            said.append((batch, answer(audit, WHITE, reading, batch), text))
    return _by_size(reading, said)


def low_variance(reading: Fig3Reading, audit: Audit) -> str:
    """How far trainings differ in accuracy."""
    said = []
    for batch in range(len(reading.batches)):
        if not too_few(reading, batch):
            mean, spread = reading.mean("accuracy", batch).value, reading.spread("accuracy", batch)
            widest = int(np.argmax(spread))
            text = (
                f"accuracy {mean[-1]:.3f} with a spread of {number(spread[-1])} over trainings at the end,"
                f" {number(spread[widest])} at its widest (step {reading.steps[widest]:,})"
            )
            said.append((batch, answer(audit, ACCURACY, reading, batch), text))
    return _by_size(reading, said)


def hottest(reading: Fig3Reading) -> str:
    """Which layer, and by how much."""
    said = [
        (batch, hot.name, f"T = {number(hot.temperature)}, {hot.over_coldest:.0f} times the coldest")
        for batch in range(len(reading.batches))
        if (hot := hottest_layer(reading, batch)) is not None
    ]
    return _by_size(reading, said)


def answer(audit: Audit, claim: Claim, reading: Fig3Reading, batch: int) -> str:
    """The verdict of a row at a batch size, in a word."""
    try:
        return WORDS[audit[at(claim, reading, batch).name].verdict]
    except KeyError:
        return WORDS[Verdict.UNCHECKABLE]


def noise(reading: Fig3Reading) -> str:
    """How far the noise goes with 1/|b|."""
    if len(reading.batches) < 2 or not reading.records:
        return ""
    ratios = []
    for row in (0, -1):
        values = [
            reading.mean("noise_variance", batch).value[row, 0]
            for batch in range(len(reading.batches))
            if reading.alive(batch).any()
        ]
        ratios.append(" : ".join(number(value / values[0], 3) for value in values))
    sizes = " : ".join(f"{size:,}" for size in reading.batches)
    return (
        f"variances at |b| = {sizes} are as {ratios[0]} at step {reading.steps[0]:,}, where the parameters are the"
        f" same, and as {ratios[1]} at step {reading.steps[-1]:,}"
    )


def _by_size(reading: Fig3Reading, said: list[tuple[int, str, str]]) -> str:
    """Answers with their details, by place of the batch size; an answer that all share is given once."""
    if not said:
        return ""
    sizes = {batch: f"|b| = {reading.batches[batch]:,}" for batch, _, _ in said}
    if len({answer for _, answer, _ in said}) == 1:
        every = "at every batch size" if len(said) > 1 else f"at {sizes[said[0][0]]}"
        return f"{said[0][1]} {every}: " + "; ".join(f"{text} ({sizes[batch]})" for batch, _, text in said)
    return "; ".join(f"{answer} at {sizes[batch]} ({text})" for batch, answer, text in said)


def _last(reading: Fig3Reading) -> list[str]:
    """Noise variance, temperature and accuracy at the last record."""
    rows = []
    for batch, size in enumerate(reading.batches):
        if not reading.alive(batch).any():
            continue
        noise, heat, right = (
            reading.mean("noise_variance", batch), reading.temperature(batch), reading.mean("accuracy", batch)
        )  # fmt: skip
        shown = (
            _amount(noise.value[-1, 0], noise.error[-1, 0]),
            _amount(heat.value[-1, 0], heat.error[-1, 0]),
            _amount(right.value[-1], right.error[-1]),
        )
        rows.append((f"|b| = {size:,}", *shown))
    if not rows:
        return ["  no batch size has a training left"]
    note = f"  step {reading.steps[-1]:,}, mean over parameters and trainings; ± standard error over trainings"
    return [note, "", *_table(("", "noise variance (nat²)", "T = r c/2 (nat)", "accuracy"), rows)]


def _answers(reading: Fig3Reading, audit: Audit) -> list[str]:
    """Stationary, white, of low variance: a word and a number for each batch size, and the hottest layer."""
    rows = []
    for batch, size in enumerate(reading.batches):
        answers = [answer(audit, claim, reading, batch) for claim in (STATIONARY, WHITE, ACCURACY)]
        numbers = (_change(reading, batch), _correlation(reading, batch), _spread(reading, batch))
        shown = [f"{one} {other}".rstrip() for one, other in zip(answers, numbers, strict=True)]
        rows.append((f"|b| = {size:,}", *shown, _layer(reading, batch)))
    note = "  (change of variance between stretches; largest ρ; spread of accuracy; × coldest)"
    return [*_table(("", "stationary?", "white?", "low variance?", "hottest layer"), rows), note]


def _change(reading: Fig3Reading, batch: int) -> str:
    change = change_of(reading, batch)
    return "" if change is None else f"(×{number(math.exp(change.signed), 3)})"


def _correlation(reading: Fig3Reading, batch: int) -> str:
    found = _largest_correlation(reading, batch)
    return "" if found is None else f"({number(found[0])})"


def _largest_correlation(reading: Fig3Reading, batch: int) -> tuple[float, float, int] | None:
    """The ρ(h) that is furthest from 0, its error and its lag; None with fewer than two members, or lag 0 alone."""
    try:
        found = reading.autocorrelation(batch)
    except ValueError:
        return None
    if len(found.value) < 2:
        return None
    worst = 1 + int(np.argmax(np.abs(found.value[1:])))
    return float(found.value[worst]), float(found.error[worst]), int(reading.lags[worst])


def _spread(reading: Fig3Reading, batch: int) -> str:
    return "" if too_few(reading, batch) else f"({number(reading.spread('accuracy', batch)[-1])})"


def _layer(reading: Fig3Reading, batch: int) -> str:
    hot = hottest_layer(reading, batch)
    return "" if hot is None else f"{hot.name.split(' (')[0]} ({hot.over_coldest:.0f}×)"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    wide = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    return ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
            for row in (heads, *rows)]  # fmt: skip


def _amount(value: float, error: float) -> str:
    return with_error(float(value), float(error)) if math.isfinite(error) else f"{number(value, 4)} (no error)"
