"""The ledger of a single run: work, heat and entropy beside the training's own numbers, and how well they close."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.page.axes import spread
from szilard.page.curve import Curve, thinned
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FLOAT

PANELS = (
    ("loss", "training loss (as given)", "training loss", Pen(VERMILLION), ""),
    ("cross_entropy", "cross-entropy (nat)", "cross-entropy on the probe", Pen(BLUE), "nat"),
    ("accuracy", "accuracy (1)", "accuracy on the probe", Pen(GREEN), ""),
)
FLOOR = 1e-18
"""Where an exact zero is drawn."""


def ledger(reading: SingleReading) -> Figure | None:
    """The ledger: work, heat, change of entropy and entropy production along the training.

    None without two records.
    """
    if reading.records < 2:
        return None
    work, heat, production = curve(reading, "work"), curve(reading, "heat"), curve(reading, "ep_conditional")
    entropy = curve(reading, "entropy_conditional")
    change = Curve(entropy.steps, entropy.values - reading.column("entropy_conditional")[0])
    quantities = [
        ("W", "work W", work, Pen(BLUE)),
        ("Q", "heat Q absorbed", heat, Pen(VERMILLION, "dash")),
        ("ΔS", "change of entropy ΔS(X|Θ)", change, Pen(GREEN, "dashdot")),
    ]
    plot = Plot()
    panel = plot.panel("nat per input, since the first record")
    for short, name, drawn, pen in quantities:
        panel.line(drawn, name, pen, unit="nat", end="W = Σ" if short == "W" else short)
    bare = Curve(production.steps, production.values)
    panel.line(bare, "entropy production Σ(X|Θ)", Pen(BLACK, "dot", 1.6), unit="nat")
    # The bands of cumulative quantities are widest at the end; all of them are inside the picture.
    panel.span = spread(*(end for _, _, drawn, _ in quantities for end in (drawn.low, drawn.high)))
    return plot.figure(
        "ledger",
        "The ledger",
        "What the optimiser did to the model (work W), what the model's predictions gave off when they settled "
        "(heat Q, negative when given off), and how much their entropy changed (ΔS). W + Q = ΔS at every record. "
        "Entropy production Σ (dotted) lies on W, as it must. Bands: 95 %, over probe inputs.",
        wide=True,
    )


def training(reading: SingleReading) -> Figure | None:
    """Loss, cross-entropy and accuracy beside the ledger's step axis.

    A panel for each that was recorded; None for none, or without two records.
    """
    found = [panel for panel in PANELS if reading.has(panel[0])]
    if not found or reading.records < 2:
        return None
    plot = Plot()
    for column, title, name, pen, unit in found:
        actual = curve(reading, column)
        if column != "cross_entropy":
            plot.panel(title, from_zero=True).line(actual, name, pen, unit=unit)
            continue
        predicted = curve(reading, "entropy_conditional")
        panel = plot.panel(title, span=(0.0, spread(predicted.values, actual.values)[1]))
        panel.line(actual, name, pen, unit=unit, end="actual")
        panel.line(predicted, "entropy of predictions", Pen(BLACK, "dash"), unit=unit, end="expected")
    if reading.has("learning_rate") and len(set(reading.column("learning_rate").tolist())) > 1:
        panel = plot.panel("learning rate (1)", from_zero=True)
        panel.line(curve(reading, "learning_rate"), "learning rate", Pen(ORANGE, "dot"))
    said = "The training's own numbers over the same steps. "
    if reading.has("cross_entropy"):
        said += (
            "The cross-entropy that the model expects is the entropy of its predictions (dashed); where the actual one "
            "lies above, the model is overconfident. "
        )
    return plot.figure(
        "training",
        "Loss and accuracy beside it",
        said + "Bands: 95 %; of the loss over the steps since the previous record, else over probe inputs.",
        wide=True,
    )


def entropy(reading: SingleReading) -> Figure | None:
    """Entropy of the predictions, between certainty and ignorance.

    None without a record.
    """
    if reading.records < 2:
        return None
    probe = reading.mapping("probe")
    outcomes, heads = probe.get("outcomes"), probe.get("heads") or 1
    plot = Plot(right=16)
    panel = plot.panel("entropy S(X|θ) (nat per input)", from_zero=True)
    panel.line(curve(reading, "entropy_conditional"), "entropy S(X|θ)", Pen(GREEN), unit="nat")
    if isinstance(outcomes, int) and outcomes > 1 and isinstance(heads, int):
        most = heads * math.log(outcomes)
        panel.rule(most, f"ignorance: {'' if heads == 1 else f'{heads} '}ln {outcomes} = {most:.3f} nat")
    return plot.figure(
        "entropy",
        "How sure the model is",
        "Conditional entropy S(X|θ) of the predictions: 0 when every prediction is certain, right or wrong. "
        "A function of state: neither the way nor how often one looks matters to it. Band: 95 %, over probe inputs.",
    )


def closure(reading: SingleReading) -> Figure | None:
    """First-law closure: how far the identities are from closing, on a logarithmic scale.

    None without two records.
    """
    if not reading.whole:
        return None
    energy, entropy = reading.column("energy"), reading.column("entropy_conditional")
    work, heat = reading.column("work"), reading.column("heat")
    residuals = [
        ("|W + Q − ΔU|", work + heat - (energy - energy[0]), Pen(BLUE), "circle"),
        ("|W − Σ(X|Θ)|", work - reading.column("ep_conditional"), Pen(VERMILLION), "square-open"),
        ("|U − S(X|Θ)|", energy - entropy, Pen(GREEN), "diamond-open"),
    ]
    if reading.has("fluctuation"):
        residuals.append(("|⟨exp(−d)⟩ − 1|", reading.column("fluctuation") - 1, Pen(PURPLE), "x-thin-open"))
    scale = float(np.abs(np.stack([work, heat, energy])).max())
    plot = Plot(legend="above")
    panel = plot.panel("absolute residual (nat)", log=True, span=(10**-18.5, max(10 * FLOAT * scale, 1e-7)))
    for name, residual, pen, symbol in residuals:
        rows = np.flatnonzero(np.isfinite(residual))
        rows = rows[thinned(len(rows))]
        height = np.maximum(np.abs(residual[rows]), FLOOR)
        panel.points(reading.steps[rows], height, name, pen, symbol, size=4.5, digits=2, legend=True)
    panel.rule(FLOAT * scale, "bound of the audit")
    return plot.figure(
        "closure",
        "The first law closes",
        "Residuals of identities that hold by construction, in nats (the fluctuation theorem as a pure number): "
        f"what is left is rounding. An exact zero is drawn at {number(FLOOR, 1)}.",
    )
