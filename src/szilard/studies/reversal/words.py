"""What a reversed training says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from szilard.numbers import number
from szilard.studies import sentences
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import RETRACED
from szilard.verdicts.finding import Finding, Verdict

CHANGES = {
    "kernel_change": "tangent kernel",
    "outputs_error": "outputs, linearised",
    "losses_error": "loss, linearised (Eq. 35)",
    "gradient_change": "gradient of a batch",
}
"""What leaves its tangent: column and words."""

LAZY, LINEAR, STEP, PATH = (
    "wide is lazy", "wide makes the loss linear", "lazy is reversible, step by step",
    "lazy is reversible, along the path",
)  # fmt: skip
"""Names of the audit's rows on width."""

CONCLUSIONS = {
    LAZY: (
        "the kernel’s change falls as the network widens",
        "the kernel’s change does not fall with the width as laziness would have it",
        "whether the kernel’s change falls with the width",
    ),
    LINEAR: (
        "the loss becomes more linear with it",
        "the loss does not become linear",
        "whether the loss becomes more linear",
    ),
    STEP: (
        "a step back misses less of the step that it undoes the wider the network",
        "a step back goes on missing its share of the step that it undoes",
        "whether a step back misses less of the step that it undoes",
    ),
    PATH: (
        "the way back as a whole misses less",
        "the way back as a whole misses no less",
        "whether the way back as a whole misses less",
    ),
}
"""Of each row: as a conclusion where it held, where it failed, and as a question."""

HEADINGS = {Verdict.HELD: "Lazy goes with reversible here", Verdict.FAILED: "Lazy is not reversible"}
"""Where width made lazy, by what became of the steps back."""
OPEN = "Is lazy reversible?"
OVERFLOWS = 1e3
"""Share of the way missed beyond which the way back is said to overflow."""


def summary(reading: ReversalReading, audit: Audit) -> str:
    """The record in a screenful of plain text: the way back, laziness, both against width, and the audit."""
    if reading.whole:
        told = [*_back_in_numbers(reading), "", *_laziness_in_numbers(reading), *_width_in_numbers(reading), ""]
    else:
        told = sentences.entry("recorded", "nothing.")
    told += sentences.entry(
        "not said", "the protocol was reversed, not the transition kernel: this is no entropy production."
    )
    return sentences.screenful(reading, audit, told)


def paragraphs(reading: ReversalReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not reading.whole:
        return [("Nothing yet", "The record holds no paths.")]
    found = [
        ("The question", _question(reading)),
        ("The way back", _back(reading)),
        ("Laziness", _laziness(reading)),
        (heading(audit), _width(reading, audit)),
        ("What this is not", _limits()),
        ("The evidence", _trust(reading, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def heading(audit: Audit) -> str:
    """What width says of reversibility: a conclusion where the audit has one, otherwise the question."""
    if _verdict(audit, LAZY) is not Verdict.HELD:
        return OPEN
    return HEADINGS.get(_verdict(audit, STEP), OPEN)


def concluded(audit: Audit) -> str:
    """What the audit's rows on width come to, in a sentence or two: first what is settled, then what stays open."""
    settled, undecided = [], []
    for name, (held, failed, question) in CONCLUSIONS.items():
        verdict, exponent = _verdict(audit, name), _exponent(_row(audit, name))
        if verdict in (Verdict.HELD, Verdict.FAILED):
            settled.append(f"{held if verdict is Verdict.HELD else failed}{exponent}")
        else:
            undecided.append(f"{question}{exponent}")
    said = [_sentence("; ".join(settled))] if settled else []
    said += [_sentence(f"undecided: {'; '.join(undecided)}")] if undecided else []
    if _verdict(audit, LAZY) is Verdict.HELD and _verdict(audit, STEP) is Verdict.FAILED:
        said.append("Lazy does not imply reversible.")
    return " ".join(said)


def _question(reading: ReversalReading) -> str:
    return (
        f"The paper concludes in Appendix A that a lazy training is reversible: {reading.length} reversed inputs and "
        "gradient ascent would lead back along the path it came. Each step back takes its gradient at another point "
        "than the step it undoes, and misses by r² ‖H g‖; whether that is little is a matter of the learning rate and "
        "the curvature."
    )


def _back(reading: ReversalReading) -> str:
    parts = []
    for start, missed in zip(reading.starts, reading.missed(), strict=True):
        first = next((rate for rate in range(len(missed)) if (missed[rate:] <= RETRACED).all()), None)
        whole = missed[0] < OVERFLOWS
        told = f"{number(float(missed[0]))} of the way is missed" if whole else "the way back overflows"
        less = "" if first in (None, 0) else f", and it takes r = {number(reading.rates[first])} to stay within a tenth"
        parts.append(f"from step {start:,} {told}{less}")
    return f"At the training's own rate r = {reading.rates[0]:g}: {'; '.join(parts)}."


def _laziness(reading: ReversalReading) -> str:
    parts = []
    for place, start in enumerate(reading.starts):
        kernel, loss, gradient = (
            float(np.median(reading.at_look(name, place)))
            for name in ("kernel_change", "losses_error", "gradient_change")
        )
        parts.append(
            f"from step {start:,} the kernel changes by {number(kernel)}, the linearised loss errs by {number(loss)} "
            f"and the gradient of a batch changes by {number(gradient)}"
        )
    return f"Over the same {reading.length} steps, relative to themselves: {'; '.join(parts)}."


def _width(reading: ReversalReading, audit: Audit) -> str:
    wide = reading.width
    if wide is None:
        return ""
    kernel, way = (np.median(wide[name].values[-1], axis=0) for name in ("kernel_change", "relative_step"))
    widths = wide["width"].values
    return (
        f"From width {widths[0]} to {widths[-1]} the kernel's change goes from {number(float(kernel[0]))} to "
        f"{number(float(kernel[-1]))}, and the share of a step that one step back misses from "
        f"{number(float(way[0]))} to {number(float(way[-1]))}. {concluded(audit)} A model that is linear in θ has a "
        "kernel that never changes, and a loss that curves: laziness of the kernel by itself is no reason for the "
        "gradient to stay."
    )


def _limits() -> str:
    return (
        "Gradient ascent reverses the protocol, not the transition kernel. What a path that is retraced says of "
        "entropy production is nothing: that compares the probability of each transition with that of its reverse, and "
        "literal SGD on finite data reaches finitely many points, the way back generically not among them."
    )


def _trust(reading: ReversalReading, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(f"Numbers here are medians over {reading.seeds} seeds, in float64.")
    return " ".join(said)


def _back_in_numbers(reading: ReversalReading) -> list[str]:
    told = f"{reading.length} steps, {reading.networks[0]}; share of the way missed, median of {reading.seeds} seeds"
    found = [
        *sentences.entry("run back", told),
        "",
        "  learning rate" + "".join(f"{f'step {start:,}':>12}" for start in reading.starts),
    ]
    for rate, missed in zip(reading.rates, reading.missed().T, strict=True):
        found.append(f"  {rate:<13.3g}{_cells(missed, 12)}")
    return found


def _laziness_in_numbers(reading: ReversalReading) -> list[str]:
    step = int(reading.laziness["step"].values[reading.look])
    found = [f"  over {step} steps forward at the largest rate, relative change of"]
    for column, words in CHANGES.items():
        middle = [float(np.median(reading.at_look(column, place))) for place in range(len(reading.starts))]
        found.append(f"  {words:27}{_cells(middle, 12)}")
    return found


def _width_in_numbers(reading: ReversalReading) -> list[str]:
    wide = reading.width
    if wide is None:
        return []
    found = [
        "",
        f"  after {int(wide['step'].values[-1])} steps at one rate, against width",
        "  " + " " * 27 + "".join(f"{width:>9}" for width in wide["width"].values),
    ]
    for column, words in (*CHANGES.items(), ("relative_return", "share of the way missed")):
        found.append(f"  {words:27}{_cells(np.median(wide[column].values[-1], axis=0), 9)}")
    return found


def _cells(values: Iterable[float], width: int) -> str:
    """Numbers in short, each in a column so wide."""
    return "".join(f"{'overflow' if math.isinf(value) else number(float(value)):>{width}}" for value in values)


def _verdict(audit: Audit, name: str) -> Verdict:
    """What the audit says of a row; that it cannot be checked where there is none."""
    row = _row(audit, name)
    return Verdict.UNCHECKABLE if row is None else row.verdict


def _row(audit: Audit, name: str) -> Finding | None:
    return next((row for row in audit.rows if row.name == name), None)


def _exponent(row: Finding | None) -> str:
    if row is None or row.effect is None or row.interval is None:
        return ""
    low, high = row.interval
    return f" (exponent {number(row.effect)}, 95 %: {number(low)} to {number(high)})"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
