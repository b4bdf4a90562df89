"""The ledger: work, heat, change of entropy and entropy production along the training."""

from __future__ import annotations

from szilard.page.axes import spread
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading


def figure(reading: SingleReading) -> Figure | None:
    """None without two records."""
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
