"""The ledger of a sampled run: work, heat and entropy, their bounds, and the training's own numbers beside them."""

from __future__ import annotations

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.page.axes import Axis, positive, spread, widened
from szilard.page.marks import JOINED
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.kits.watched.drift import spacings
from szilard.studies.sampled.figures.marks import DASHES, banded, quarters, range_of, shade
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL

QUANTITIES = (
    ("W = Σ", "work W", "work", Pen(BLUE)),
    ("Q", "heat Q absorbed", "heat", Pen(VERMILLION, "dash")),
    ("ΔS", "change of entropy ΔS(X|θ)", "entropy_change", Pen(GREEN, "dashdot")),
)
"""Of the ledger: short and long name, column and pen."""
ERRORS = {
    "sequential": "Bands: 95 %, over independent samples of text.",
    "tractable": "Bands: 95 %, over independent samples.",
    "bounded": "φ is known between bounds only: dark areas lie between the bounds, light edges are their 95 % bands.",
    "energetic": "For an ideal sampler. Bands: 95 %, over independent replicates of the reference population.",
}
SYMBOLS = ("circle", "square", "diamond", "triangle-up")
"""Of the quarters of the training, where the bounds close."""
WHAT = {
    "sequential": "how surprised the model is by text of its own, 0 when it always says the same",
    "tractable": "lower where the model is more certain; of continuous X it may be negative",
    "bounded": "between an upper and a lower bound, both from samples of the model",
    "energetic": "of the model's samples, as an ideal sampler would draw them",
}
"""What an entropy means, by what the model can do."""


def ledger(reading: SampledReading) -> Figure | None:
    """The ledger: work, heat and change of entropy along the training, with error bands or between bounds.

    None without two records.
    """
    shown = [each for each in QUANTITIES if reading.has(each[2])]
    if not reading.whole or not shown:
        return None
    plot = Plot(right=58)
    span = range_of(reading, [column for _, _, column, _ in shown])
    panel = plot.panel(f"{reading.per}, since the first record", span=span)
    for short, name, column, pen in shown:
        banded(panel, reading, column, name, pen, end=short)
    return plot.figure(
        "ledger",
        "The ledger",
        "What the optimiser did to the model (work W), what X gave off when it settled under the new model (heat "
        "Q, negative when given off), and how much the model's entropy changed (ΔS): W + Q = ΔS. With samples of "
        f"the model itself at every step, all work is entropy production Σ. {ERRORS.get(reading.capability, '')}",
        wide=True,
    )


def bounds(reading: SampledReading) -> Figure | None:
    """The gap between the bounds on the entropy against the number of draws: how it closes.

    At the ends of the quarters of the training; None where there are no bounds.
    """
    if not reading.has("entropy_gap") or "draw" not in reading.rows.dims:
        return None
    gap, half = reading.column("entropy_gap"), reading.half_width * reading.column("entropy_gap_error")
    draws = [float(draw) for draw in reading.rows["draw"].values]
    ends = [int(rows[-1]) for rows in quarters(len(gap))]
    called = [f"{draw:g}" for draw in draws]
    x = Axis("draws K from the encoder", log=True, at=draws, called=called)
    plot = Plot(x, legend="above", legend_rows=2, closest=True)
    log = bool((gap[ends] > half[ends]).all())
    span = widened(*positive(gap[ends]), 1.6) if log else None
    panel = plot.panel("gap (nat)", log=log, span=span if log else None)
    for number, row in enumerate(ends):
        pen = Pen(shade(number / max(len(ends) - 1, 1)), DASHES[number % len(DASHES)], JOINED)
        panel.points(draws, gap[row], f"step {reading.steps[row]:,}", pen, SYMBOLS[number % len(SYMBOLS)],
                     half=half[row], joined=True, unit="nat", legend=True)  # fmt: skip
    return plot.figure(
        "bounds",
        "How the bounds close",
        "Upper less lower bound of the entropy S(X|θ), against the number K of draws from the encoder: all "
        "bounds on this page are those of the largest K. Where the encoder misses the posterior the gap closes "
        "slowly. Bars: 95 %, over samples.",
    )


def entropy(reading: SampledReading) -> Figure | None:
    """Entropy of the model's own samples along the training; of an energy without ln Z, the mean energy.

    The entropy, with what it is to be compared with; None where neither entropy nor energy was recorded.
    """
    entropic = reading.has("entropy_conditional")
    column = "entropy_conditional" if entropic else "energy"
    if not reading.whole or not reading.has(column):
        return None
    name = "entropy S(X|θ)" if entropic else "mean energy ⟨E⟩"
    shown = [(column, name, Pen(GREEN), "S(X|θ)" if entropic else "ideal")]
    if not entropic and reading.has("energy_lagged"):
        shown.append(("energy_lagged", "of the lagging chains", Pen(PURPLE, "dash"), "lagging"))
    if reading.has("cross_entropy"):
        shown.append(("cross_entropy", "cross-entropy on given text", Pen(BLACK, "dash"), "given"))
    several = len(shown) > 1
    plot = Plot(right=66 if several else 16)
    panel = plot.panel(f"{name} ({reading.per})", span=range_of(reading, [each[0] for each in shown]))
    for each, said, pen, end in shown:
        banded(panel, reading, each, said, pen, end=end if several else "")
    return plot.figure(
        "entropy",
        "How much the model leaves open" if entropic else "The mean energy",
        f"{name[:1].upper()}{name[1:]}: {WHAT.get(reading.capability, '')}. A function of state: neither the "
        "way nor how often one looks matters to it. Bands: 95 %.",
    )


def score(reading: SampledReading) -> Figure | None:
    """The trained model's held-out score beside that of a simple baseline.

    Both on one scale, the model above; None unless both were recorded.
    """
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is None or baseline is None or not (held_out.known and baseline.known):
        return None
    rows = [(baseline.name, baseline, ORANGE, "square"), ("the model", held_out, BLUE, "circle")]
    halves = [float(Estimate(0.0, score.error, Kind.UNBIASED).interval(LEVEL)[1]) for _, score, _, _ in rows]
    values = [score.cost.value for _, score, _, _ in rows]
    ends = [value + sign * half for value, half in zip(values, halves, strict=True) for sign in (-1, 1)]
    plot = Plot(Axis(held_out.units, span=spread(ends, pad=0.25)), right=16, closest=True)
    panel = plot.panel("", span=(-0.6, 1.6), labelled=False, ticked=False, grid=False, zero_line=False)
    for place, (who, _, colour, symbol) in enumerate(rows):
        panel.points([values[place]], [place], who, Pen(colour), symbol, across=[halves[place]], size=13, digits=4)
        panel.aside(who, place + 0.3, colour, size=13)
    name = held_out.name
    return plot.figure(
        "score",
        "Was it trained? Held-out data under the model and a baseline",
        f"{name[:1].upper()}{name[1:]}: lower is better. Bars: 95 %, over held-out examples.",
        tall=230,
    )


def training(reading: SampledReading) -> Figure | None:
    """The training's own numbers: loss and learning rate.

    The loss, and below it the learning rate where that changes; None without a loss.
    """
    if not reading.whole or not reading.has("loss"):
        return None
    plot = Plot(right=16)
    plot.panel("training loss (as given)").line(curve(reading, "loss"), "training loss", Pen(VERMILLION))
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        below = plot.panel("learning rate (1)", from_zero=True)
        below.line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"))
    needs_not = "; of an energy it need not fall while the model learns" if reading.capability == "energetic" else ""
    return plot.figure(
        "training",
        "The loss beside it",
        f"What the optimiser saw, over the same steps{needs_not}. Band: 95 %, over the steps since the previous "
        "record.",
    )


def fluctuation(reading: SampledReading) -> Figure | None:
    """The integral fluctuation theorem, record by record: whether φ is normalised and the samples are the model's.

    ⟨e^−d⟩ along the training, about 1; None where it was not recorded.
    """
    if not reading.whole or not reading.has("fluctuation"):
        return None
    plot = Plot(right=16)
    panel = plot.panel("⟨e^−d⟩ (1)")
    panel.line(curve(reading, "fluctuation"), "⟨e^−d⟩", Pen(BLUE, width=1.6))
    panel.rule(1.0)
    sides = ", with ΔF by Bennett's ratio from chains on both sides" if reading.capability == "energetic" else ""
    return plot.figure(
        "fluctuation",
        "The integral fluctuation theorem",
        f"⟨e^−d⟩ with d = φ_t − φ_t−1 over samples of the model before{sides}, mean over the steps since the "
        "previous record: 1 where φ is normalised and the samples are the model's own. Band: 95 %.",
    )


def intervals(reading: SampledReading) -> Figure | None:
    """W(k): work per training step against the measuring interval.

    W(k)/k at the end of the run; None when no coarser interval made a jump.
    """
    if not reading.whole or not reading.has("work_by_interval", "steps_by_interval"):
        return None
    lengths = np.array(spacings(reading.rows))
    steps, work = (reading.column(name)[-1] for name in ("steps_by_interval", "work_by_interval"))
    half = reading.half_width * reading.column("work_by_interval_error")[-1]
    made = (lengths > 0) & (steps > 0)
    if made.sum() < 2:
        return None
    ticks = lengths[made].tolist()
    named = [f"{length:,}" for length in ticks]
    plot = Plot(Axis("measuring interval k (training steps)", log=True, at=ticks, called=named), right=16, closest=True)
    panel = plot.panel(f"{reading.per} and training step", from_zero=True)
    values, bars = work[made] / steps[made], half[made] / steps[made]
    panel.points(ticks, values, "work per step", Pen(BLACK, width=JOINED), half=bars, joined=True, unit="nat")
    return plot.figure(
        "intervals",
        "Work depends on how often one looks",
        "Work per training step when the same training is measured every k steps: it grows with k where the "
        "model drifts, stays where it diffuses. Bars: 95 %, over samples.",
    )
