"""How well the samples follow the model: what a short sampler costs, how it relaxes, and which samples count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.page.axes import STEPS, Axis
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.advice import advised
from szilard.studies.sampled.figures.marks import DASHES, over_one_another, quarters, range_of, shade, side_by_side
from szilard.studies.sampled.reading import SampledReading

IDEAL, LAGGING, SHADOW = Pen(BLUE), Pen(PURPLE, "dash"), Pen(ORANGE, "dot", 1.6)
TAU = Pen(GREY, "dot", 1.2)
"""The rule at τ, where the update ends."""
PANELS = (
    ("acceptance", "acceptance (1)", "proposals accepted", Pen(BLUE)),
    ("autocorrelation_time", "autocorrelation time (sampler steps)", "memory", Pen(GREEN)),
    ("detailed_balance", "asymmetry in time (1)", "detailed balance: 0", Pen(BLACK, width=1.6)),
)
"""Of the chains: column, title, heading and pen."""
WEIGHTED = (
    "The reference population is weighted along the training and resampled where fewer than half of its weights count."
)
DRAWN = (
    "One set of samples serves many steps by its weights; where fewer than half of them count (judged by others, which "
    "measure nothing) fresh ones are drawn. Below: how many the whole run took from the model."
)


def dissipation(reading: SampledReading) -> Figure | None:
    """Dissipated work of chains that lag behind the model, beside the work of an ideal sampler: what the lag costs.

    Both works with the area between them; None without lagging chains.
    """
    if not reading.whole or not reading.has("work", "work_dissipated"):
        return None
    ideal, lagging = curve(reading, "work"), curve(reading, "work_dissipated")
    columns = ["work", "work_dissipated"]
    plot = Plot(right=66)
    panel = plot.panel("nat, since the first record")
    if len(ideal) == len(lagging):
        panel.between(ideal.steps, ideal.values, lagging.values, LAGGING, share=0.1)
    panel.line(ideal, "work W of an ideal sampler", IDEAL, unit="nat", end="W ideal")
    panel.line(lagging, "dissipated work of the lagging chains", LAGGING, unit="nat", end="W_diss")
    if reading.has("work_shadow") and np.abs(reading.column("work_shadow")).max() > 0:
        columns.append("work_shadow")
        shadow = curve(reading, "work_shadow")
        panel.line(shadow, "of which the kernel's own (shadow work)", SHADOW, unit="nat", end="shadow")
    panel.span = range_of(reading, columns)
    steps = reading.sampler_steps
    tau = "τ sampler steps" if steps is None else f"τ = {steps:,} sampler steps"
    return plot.figure(
        "dissipation",
        "What a short sampler costs",
        f"Chains that take {tau} at each record dissipate W_diss = W_lagged − ΔF, an upper bound on their entropy "
        "production; an ideal sampler would dissipate W. The area between them is what the lag costs (or saves, "
        "where the model is only shaken and lagging chains do not follow). They train nothing. Bands: "
        "95 %, over chains and over replicates of the reference.",
    )


def relaxation(reading: SampledReading) -> Figure | None:
    """Inside an update: how the energy of the chains falls to its equilibrium, sampler step by sampler step.

    Means over quarters of the training, against the equilibrium of the same records; None without a profile.
    """
    profile = reading.relaxation
    if profile is None or "relaxation" not in profile:
        return None
    values = np.asarray(profile["relaxation"].values, dtype=float)
    errors = np.asarray(profile["relaxation_error"].values, dtype=float)
    known = np.isfinite(values).all(1)
    ideal, floor = _equilibrium(reading, values, profile["step"].values)
    known &= np.isfinite(ideal)
    if known.sum() < 1:
        return None
    values, errors = values[known] - ideal[known, None], errors[known]
    steps, sub_steps = profile["step"].values[known], profile["sub_step"].values.astype(float)
    plot = Plot(Axis("sampler steps since the update"), legend="above", legend_rows=2)
    panel = plot.panel("⟨E⟩ − ⟨E⟩ at rest (nat)")
    stretches = quarters(len(steps))
    for number, rows in enumerate(stretches):
        mean, error = values[rows].mean(0), errors[rows].mean(0) / (len(rows) ** 0.5 if floor else 1)
        pen = Pen(shade(number / max(len(stretches) - 1, 1)), DASHES[number % len(DASHES)], 2.4)
        name = f"steps {steps[rows[0]]:,} to {steps[rows[-1]]:,}"
        drawn = Curve(sub_steps, mean, reading.half_width * error)
        panel.line(drawn, name, pen, unit="nat", symbol="circle", legend=True)
    if reading.sampler_steps is not None:
        panel.upright(reading.sampler_steps, f" τ = {reading.sampler_steps:,}", TAU)
    against = "the model's equilibrium" if floor else "their own last value"
    return plot.figure(
        "relaxation",
        "Relaxation inside an update",
        f"Mean energy of the chains after an update of the parameters, over {against}, in four quarters of the "
        "training. Up to τ the chains themselves; beyond it copies go on, which nothing uses. Bands: 95 %, over "
        f"chains. {advised(reading)}",
    )


def _equilibrium(reading: SampledReading, values: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, bool]:
    """Mean energy of an ideal sampler at these steps; the profile's own end where the ledger has none."""
    if not reading.has("energy"):
        return values[:, -1], False
    known = dict(zip(reading.steps.tolist(), reading.column("energy").tolist(), strict=True))
    return np.array([known.get(int(step), np.nan) for step in steps]), True


def chains(reading: SampledReading) -> Figure | None:
    """The sampler's health: acceptance, autocorrelation and detailed balance along the training.

    A panel for each that was recorded; None where the record has no sampler.
    """
    shown = [each for each in PANELS if reading.has(each[0])]
    if not reading.whole or not shown or reading.capability != "energetic":
        return None
    plot = Plot(right=12, closest=True, places=side_by_side([1] * len(shown)))
    for column, title, heading, pen in shown:
        x = replace(STEPS, from_zero=False, most=5)
        panel = plot.panel(title, x, from_zero=column != "detailed_balance")
        panel.line(curve(reading, column), heading, pen)
        panel.heading(heading)
        if column == "autocorrelation_time" and reading.sampler_steps is not None:
            panel.rule(reading.sampler_steps, f"τ = {reading.sampler_steps:,}", right=True, inset=0.02)
        if column == "detailed_balance":
            panel.rule(0.0)
    return plot.figure(
        "chains",
        "The sampler",
        "Acceptance of its proposals; integrated autocorrelation time of the energy, beside the τ steps that the "
        "chains get at each record; asymmetry in time of pairs of states a relaxation apart, 0 in detailed balance "
        "(Eq. 20). Bands: 95 %.",
        panels=1,
        wide=True,
        tall=300,
        narrow=plot.layout(over_one_another(len(shown))),
        narrow_tall=250 * len(shown),
    )


def pool(reading: SampledReading) -> Figure | None:
    """The samples in use: how many are effective, and when fresh ones were drawn.

    The effective share, and below it what was drawn or resampled; None where it was not recorded.
    """
    if not reading.whole or not reading.has("effective_sample_size"):
        return None
    energetic = reading.capability == "energetic"
    plot = Plot(right=16)
    panel = plot.panel("effective share (1)", span=(0, 1.08))
    panel.line(curve(reading, "effective_sample_size"), "effective samples over samples", Pen(BLUE, width=1.6))
    panel.rule(0.5, "resampled below a half" if energetic else "fresh samples below a half")
    column, words = ("resamplings", "resamplings") if energetic else ("samples_drawn", "samples drawn")
    if reading.has(column):
        below = plot.panel(f"{words} (1)", from_zero=True)
        below.line(curve(reading, column), words, Pen(ORANGE, "dash", 1.8), stairs=True)
    return plot.figure("pool", "Samples in use", WEIGHTED if energetic else DRAWN)


def jarzynski(reading: SampledReading) -> Figure | None:
    """The Jarzynski average over the lagging chains, and how many of them carry it.

    The average about 1, and below it the effective chains; None where it was not recorded.
    """
    if not reading.whole or not reading.has("jarzynski"):
        return None
    plot = Plot(right=16)
    panel = plot.panel("⟨e^−(W−ΔF)⟩ (1)")
    panel.line(curve(reading, "jarzynski"), "Jarzynski average", Pen(PURPLE, width=1.6))
    panel.rule(1.0)
    if reading.has("jarzynski_effective_samples"):
        effective = curve(reading, "jarzynski_effective_samples")
        below = plot.panel("effective chains (1)", log=bool((effective.values > 0).all()))
        below.line(effective, "effective chains", Pen(ORANGE, "dash"))
    return plot.figure(
        "jarzynski",
        "The Jarzynski average",
        "Over the chains since the first record, with the reference population's ΔF: 1 in expectation however far "
        "the chains lag. Where few chains carry it (below) it says nothing, for the ones that would matter were "
        "never seen. Band: 95 %.",
    )
