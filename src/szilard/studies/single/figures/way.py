"""The way of a single run: how much of it was drift, how long it was, and how straight."""

from __future__ import annotations

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.page.axes import Axis, spread
from szilard.page.curve import Curve, thinned
from szilard.page.marks import JOINED
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.kits.watched.drift import Motion, spacings
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import DRIFT, LEVEL

PENS = {
    Motion.DRIFT: (Pen(BLUE), "diamond"),
    Motion.DIFFUSION: (Pen(VERMILLION), "square"),
    Motion.NO_DRIFT: (Pen(ORANGE), "triangle-left"),
    Motion.RESTORING: (Pen(PURPLE), "triangle-down"),
    Motion.UNDECIDED: (Pen(GREEN), "circle-open"),
}


def intervals(reading: SingleReading) -> Figure | None:
    """W(k): work per training step against the measuring interval, drift and diffusion apart.

    None when no coarser interval made a jump.
    """
    if not reading.has("work_by_interval") or reading.records < 2:
        return None
    lengths = np.array(spacings(reading.rows))
    steps = np.asarray(reading.rows["steps_by_interval"].values, dtype=float)[-1]
    work = np.asarray(reading.rows["work_by_interval"].values, dtype=float)[-1]
    errors = np.zeros_like(work)
    if "work_by_interval_error" in reading.rows:
        errors = np.asarray(reading.rows["work_by_interval_error"].values, dtype=float)[-1]
    made = (lengths > 0) & (steps > 0)
    if made.sum() < 2:
        return None
    across = Axis("measuring interval k (training steps)", log=True, at=lengths[made],
                  called=[str(length) for length in lengths[made]])  # fmt: skip
    plot = Plot(across, legend="above", closest=True)
    panel = plot.panel("nat per input and training step", from_zero=True)
    half = reading.half_width * errors[made] / steps[made]
    panel.points(lengths[made], work[made] / steps[made], "work per step", Pen(BLACK, width=JOINED), half=half,
                 joined=True, unit="nat", legend=True)  # fmt: skip
    if reading.drift_shares:
        _draw_parts(reading, panel)
    return plot.figure(
        "intervals",
        "Work depends on how often one looks",
        "Work per training step when the same training is measured every k steps, and its parts: drift (jumps in "
        "a row point the same way; grows with k; negative where they are less alike than those of noise) and "
        "diffusion (flat). Bars: 95 %; of the total over probe inputs, of the parts over blocks of equal work.",
    )


def _draw_parts(reading: SingleReading, panel: Panel) -> None:
    """Drift's and diffusion's work per step at each interval that has a recorded multiple, set a little apart."""
    intervals = np.array([share.interval for share in reading.drift_shares], dtype=float)
    rate = np.array([share.work / share.steps for share in reading.drift_shares])
    share = np.array([item.share.value for item in reading.drift_shares])
    half = np.array([item.share.interval(LEVEL)[1] - item.share.value for item in reading.drift_shares]) * rate
    for shift, values, name, pen, symbol in (
        (1.04, rate * share, "of which drift", Pen(BLUE, "dash", JOINED), "diamond"),
        (0.96, rate * (1 - share), "diffusion", Pen(VERMILLION, "dot", JOINED), "square"),
    ):
        panel.points(intervals * shift, values, name, pen, symbol, half=half, joined=True, unit="nat", legend=True)


def phases(reading: SingleReading) -> Figure | None:
    """Drift's share of the work in each phase of the training.

    None without two phases that can be judged.
    """
    stretches = [(f"{phase.first:,}–{phase.last:,}<br>k = {phase.share.interval}", phase) for phase in reading.phases]
    if len(stretches) < 2:
        return None
    names = [where for where, _ in stretches]
    across = Axis("training steps", categories=names, span=(-0.5, len(stretches) - 0.35))
    plot = Plot(across, legend="above", closest=True)
    panel = plot.panel("drift's share of the work", zero_line=True)
    panel.band(-DRIFT, DRIFT)
    for motion, (pen, symbol) in PENS.items():
        chosen = [(where, phase) for where, phase in stretches if phase.motion is motion]
        if not chosen:
            continue
        values = np.array([phase.share.share.value for _, phase in chosen])
        half = np.array([phase.share.share.interval(phase.level)[1] for _, phase in chosen]) - values
        panel.points([where for where, _ in chosen], values, motion.value, pen, symbol, half=half, legend=True)
    return plot.figure(
        "phases",
        "What moved the model, phase by phase",
        "Drift's share of the work: 1 is straight motion, 0 diffusion; below 0 jumps are less alike than those of "
        "noise, or undo one another, which can hide a drift. "
        "Grey: diffusion, within ±0.1. Each phase is judged at its coarsest interval k of 16 jumps or more. "
        "Bars: 95 % for all phases together.",
    )


def length(reading: SingleReading) -> Figure | None:
    """Length against the speed limits: the least work for the way travelled.

    None without two records.
    """
    if not reading.whole:
        return None
    rows = thinned(reading.records)
    steps, length = reading.steps[rows], reading.column("length")[rows]
    jumps = rows.tolist()
    work = reading.column("work")[rows]
    paid = 0.5 * (work + reading.column("work_reverse")[rows])
    least = np.array([speed_limit(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    looser = np.array([speed_limit_one_sided(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    costs = [
        ("paid", "paid: (W + W_rev)/2", paid, Pen(BLUE)),
        ("least", "least: 4n[1 − cos(L/2n)]", least, Pen(VERMILLION, "dash")),
        ("W", "paid: W", work, Pen(BLACK, "dot", 1.8)),
        ("least W", "least W: −2n ln cos(L/2n)", looser, Pen(GREEN, "dashdot")),
    ]
    way = curve(reading, "length")
    plot = Plot(right=76)
    panel = plot.panel("work (nat per input)", span=spread(*(values for _, _, values, _ in costs)))
    for short, name, values, pen in costs:
        panel.line(Curve(steps, values), name, pen, unit="nat", end=short)
    panel = plot.panel("length L (nat^½)", span=spread(way.high, [0.0]))
    panel.line(way, "length L", Pen(BLACK), unit="nat^½", end="L")
    return plot.figure(
        "length",
        "The way and the least it could have cost",
        "Above: work paid, (W + W_rev)/2, and the least for the same length in as many jumps. "
        "The paid curves never fall below their limits, for any model. Below: the statistical length L of the way.",
    )


def directness(reading: SingleReading) -> Figure | None:
    """Direct against actual: what one jump from the first model would have cost, and how straight the way was.

    None without the columns of the direct way.
    """
    if not reading.has("work_direct", "length_direct") or reading.records < 2:
        return None
    actual, direct = curve(reading, "work"), curve(reading, "work_direct")
    length, straight = reading.column("length"), reading.column("length_direct")
    rows = np.flatnonzero(length > 0)
    rows = rows[thinned(len(rows))]
    directness = Curve(reading.steps[rows], (straight[rows] / length[rows]) ** 2)
    plot = Plot(right=76)
    panel = plot.panel("work (nat per input)", span=spread(actual.values, direct.values))
    panel.line(actual, "actual work W", Pen(BLUE), unit="nat", end="actual W")
    panel.line(direct, "direct: KL(p₀‖pₙ)", Pen(VERMILLION, "dash"), unit="nat", end="one jump")
    panel = plot.panel("directness", log=True, span=spread(directness.values, [1.0], log=True))
    panel.line(directness, "directness L(p₀,pₙ)²/L²", Pen(GREEN, "dashdot"))
    panel.rule(1.0, "a straight way")
    return plot.figure(
        "directness",
        "How straight the way was",
        "Above: the work done step by step, and that of a single jump from the first model to the present one. "
        "Below: the squared ratio of the straight distance to the way travelled; 1 for a straight way, small where "
        "training wandered.",
    )
