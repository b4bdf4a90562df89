"""Two routes: the sampled route against exact sums, in standard errors, and the fluctuation theorem jump by jump."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import LEGEND, axis, band, layout
from szilard.page.drawing import points
from szilard.page.style import BLUE, GREEN, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.single.reading import SingleReading

QUANTITIES = (
    ("work", "work W", Pen(BLUE), "circle"),
    ("heat", "heat Q", Pen(VERMILLION, "dash"), "square"),
    ("entropy", "entropy S", Pen(GREEN, "dot"), "diamond"),
)


def figure(reading: SingleReading) -> Figure | None:
    """None without a sampled route."""
    samples = reading.samples
    if samples is None or samples.sizes["step"] < 2 or "work_discrepancy" not in samples:
        return None
    steps = np.asarray(samples["step"].values)
    data = []
    for column, name, pen, symbol in QUANTITIES:
        value = np.asarray(samples[f"{column}_discrepancy"].values, dtype=float)
        error = np.asarray(samples[f"{column}_discrepancy_error"].values, dtype=float)
        known = error > 0
        z = value[known] / error[known]
        trace = points(steps[known], z, None, name, pen, symbol, hover="%{y:.2f} standard errors")
        data.append({key: item for key, item in trace.items() if key not in ("error_y", "customdata")} |
                    {"marker": {"color": pen.colour, "symbol": symbol, "size": 6}, "showlegend": True})  # fmt: skip
    mean = np.asarray(samples["fluctuation_sampled"].values, dtype=float) - 1
    half = 1.96 * np.asarray(samples["fluctuation_sampled_error"].values, dtype=float)
    known = half > 0
    data.append(
        points(steps[known], mean[known], half[known], "⟨exp(−d)⟩ − 1", Pen(PURPLE), "circle", panel=2, joined=False)
    )
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": 0, "y1": 0,
            "line": {"color": "#1A1A1A", "width": 1, "dash": "dot"}}  # fmt: skip
    reach = max(3.2, *(float(np.abs(trace["y"]).max(initial=0)) * 1.1 for trace in data[:-1]))
    return Figure(
        key="routes",
        title="Two routes to every number",
        caption=(
            "Above: labels drawn from the model against exact sums over labels, in standard errors; grey: 95 % of "
            "points should fall here. W and Q are cumulative: neighbouring points are not independent. Below: the "
            "integral fluctuation theorem per jump, ⟨exp(−d)⟩ = 1, from the same labels. Bars: 95 %."
        ),
        data=data,
        layout=layout(
            axis("difference (std. errors)", range=[-reach, reach]),
            axis("⟨exp(−d)⟩ − 1"),
            right=16,
            shapes=[band(-1.96, 1.96), zero],
            **LEGEND,
        ),
        panels=2,
    )
