"""The ledger: work, heat, change of entropy and entropy production along the training."""

from __future__ import annotations

from szilard.page.axes import axis, layout, spread
from szilard.page.curve import Curve
from szilard.page.drawing import label_ends, line
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
    data = [trace for _, name, curve, pen in quantities for trace in line(curve, name, pen, unit="nat")]
    data += line(
        Curve(production.steps, production.values), "entropy production Σ(X|Θ)", Pen(BLACK, "dot", 1.6), unit="nat"
    )
    # The bands of cumulative quantities are widest at the end; all of them are inside the picture.
    low, high = spread(*(curve.values + sign * curve.half if curve.half is not None else curve.values
                         for _, _, curve, _ in quantities for sign in (-1, 1)))  # fmt: skip
    ends = [(short, float(curve.values[-1]), pen.colour) for short, _, curve, pen in quantities]
    ends = [("W = Σ" if short == "W" else short, height, colour) for short, height, colour in ends]
    return Figure(
        key="ledger",
        title="The ledger",
        caption=(
            "What the optimiser did to the model (work W), what the model's predictions gave off when they settled "
            "(heat Q, negative when given off), and how much their entropy changed (ΔS). W + Q = ΔS at every record. "
            "Entropy production Σ (dotted) lies on W, as it must. Bands: 95 %, over probe inputs."
        ),
        data=data,
        layout=layout(
            axis("nat per input, since the first record", range=[low, high]), annotations=label_ends(ends, (low, high))
        ),
        wide=True,
    )
