"""What is asked of the noise: whether it is stationary, white, of one temperature, and larger than the force."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import Axis, positive, widened
from szilard.page.curve import Curve
from szilard.page.notes import SAID
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.fig3.figures.panels import pen_of
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.bounds import COLOUR


def ratio(reading: Fig3Reading) -> Figure | None:
    """Does the batch size alone set the temperature: |b| times the variance, one curve for each batch size.

    None with a single batch size.
    """
    if len(reading.shown) < 2:
        return None
    plot = Plot()
    panel = plot.panel("tr C/dim θ (nat²)")
    tops = []
    for batch in reading.shown:
        noise, size = reading.mean("noise_variance", batch), reading.of_one_example(batch)
        half = reading.half_widths[batch] * noise.error[:, 0]
        curve = Curve(reading.steps.astype(float), size * noise.value[:, 0], size * half)
        panel.line(curve, reading.label(batch), pen_of(batch), unit="nat²", end=reading.label(batch))
        tops.append(float(np.nanmax(curve.high)))
    panel.span = (0.0, 1.05 * max(tops))
    return plot.figure(
        "ratio",
        "Stationary? The variance of one example’s gradient",
        "tr C/dim θ: |b| times the noise variance (in shuffled epochs of N examples (N − 1)/(N − |b|) times that). "
        "Where the curves lie on one another, the noise goes with 1/|b| and nothing else; where they are level, it "
        "is stationary. Bands: 95 % over trainings.",
    )


SHIFT = 0.14
"""Between the marks of neighbouring batch sizes, in places of the axis."""


def white(reading: Fig3Reading) -> Figure | None:
    """White? The autocorrelation at every lag, over all starts, against the bound of the audit.

    None where no lag but 0 was recorded.
    """
    lags = reading.lags
    if not reading.shown or len(lags) < 2:
        return None
    across = Axis("lag h (training steps)", at=np.arange(1.0, len(lags)), called=[f"{lag:,}" for lag in lags[1:]],
                  span=(0.4, len(lags) - 0.4))  # fmt: skip
    plot = Plot(across, legend="above")
    panel = plot.panel("ρ(h)")
    top = max((_drawn(reading, panel, number) for number in range(len(reading.shown))), default=0.0)
    if not plot.traces:
        return None
    panel.span = (-1.05 * max(top, COLOUR), 1.05 * max(top, COLOUR))
    panel.band(-COLOUR, COLOUR)
    for place in _breaks(lags):
        panel.upright(place, pen=Pen(SAID, "dot", 1.2))
    return plot.figure(
        "white",
        "White? The autocorrelation of the noise",
        "ρ(h) = C(t, h)/C(t, 0), averaged over the starts; 95 % intervals over trainings, each lag for itself. "
        f"White noise has ρ = 0; the grey band is the audit’s bound of ±{COLOUR:g}, within which correlations "
        f"count as none.{_about(reading)}{_broken(lags)}",
    )


def _drawn(reading: Fig3Reading, panel: Panel, number: int) -> float:
    """Draws a batch size and, where known, what shuffled epochs leave at frozen parameters; returns its reach."""
    batch = reading.shown[number]
    try:
        found = reading.autocorrelation(batch)
    except ValueError:
        return 0.0
    places = np.arange(1.0, len(reading.lags)) + SHIFT * (number - (len(reading.shown) - 1) / 2)
    half, values, pen = reading.half_widths[batch] * found.error[1:], found.value[1:], pen_of(batch)
    symbol = ("circle", "square", "diamond", "cross", "x")[number % 5]
    panel.points(places, values, reading.label(batch), pen, symbol, half=half, size=6, legend=True)
    top = float(np.abs(values).max() + half.max())
    if (exact := reading.shuffled(batch)) is None:
        return top
    panel.points(places, exact[1:], "exact, shuffled epochs", pen, "line-ew-open", size=12, edge=pen.at(2),
                 legend=not number)  # fmt: skip
    return max(top, float(np.abs(exact[1:]).max()))


def _breaks(lags: np.ndarray) -> list[float]:
    """Where lags are left out, half way between their neighbours' places."""
    return [place + 0.5 for place in np.flatnonzero(np.diff(lags) > 1).tolist() if place]


def _broken(lags: np.ndarray) -> str:
    return " Dotted: between its neighbours lags are left out, and the axis jumps." if _breaks(lags) else ""


def _about(reading: Fig3Reading) -> str:
    if all(reading.epoch(batch) is None for batch in reading.shown):
        return ""
    return " Dashes: what shuffled epochs of M batches leave by themselves, −(M − h)/[M(M − 1)], at frozen parameters."


LAYERS = (Pen(BLUE), Pen(GREEN, "dash"), Pen(PURPLE, "dot"), Pen(ORANGE, "dashdot"), Pen(VERMILLION, "longdash"))
LAST = Pen(VERMILLION)
"""Of the last layer, which the paper's paths are of."""


def layers(reading: Fig3Reading) -> Figure | None:
    """Many reservoirs: the temperature of each layer along the training.

    At the smallest batch; None with fewer than two layers.
    """
    names = reading.groups[1:]
    if not reading.shown or len(names) < 2 or not np.isfinite(reading.rate):
        return None
    batch = reading.shown[0]
    found = reading.temperature(batch)
    steps = reading.steps.astype(float)
    plot = Plot(right=78)
    panel = plot.panel("T = r c/2", log=True, span=widened(*positive(found.value), 10**0.15))
    for layer, name in enumerate(names, start=1):
        pen = LAST if layer == len(names) else LAYERS[(layer - 1) % (len(LAYERS) - 1)]
        values, half = found.value[:, layer], reading.half_widths[batch] * found.error[:, layer]
        panel.line(Curve(steps, values, np.minimum(half, 0.8 * values)), name, pen, end=name.split(" (")[0])
    panel.line(Curve(steps, found.value[:, 0]), "all parameters", Pen(BLACK, width=1.4), end="all")
    hottest = int(np.argmax(found.value[-1, 1:]))
    return plot.figure(
        "layers",
        f"Each layer has a temperature of its own, {reading.label(batch)}",
        f"T = r c/2 (Eq. 34) by layer, in units of the loss: hottest at the end is {names[hottest]}, "
        f"{found.value[-1, 1 + hottest] / found.value[-1, 1:].min():.0f} times the coldest. One reservoir has one "
        "temperature; these are several (paper, §6.2). Bands: 95 % over trainings.",
    )


NOISE, FORCE, LARGEST = Pen(VERMILLION), Pen(BLUE, "dash"), Pen(BLACK, "dot", 1.6)


def force(reading: Fig3Reading) -> Figure | None:
    """Force against noise, like for like: roots of mean squares over parameters, and the largest force.

    At the smallest batch; None without whole passes.
    """
    if not reading.shown:
        return None
    batch = reading.shown[0]
    steps = reading.steps.astype(float)
    curves = {
        "noise": (np.sqrt(reading.of_watched("noise_variance_full", batch)[..., 0]), NOISE),
        "force": (np.sqrt(reading.of_watched("signal_variance_full", batch)[..., 0]), FORCE),
        "largest force": (reading.of_watched("max_force", batch)[..., 0], LARGEST),
    }
    if any(not values.shape[1] or not (values > 0).all() for values, _ in curves.values()):
        return None
    means = {name: values.mean(1) for name, (values, _) in curves.items()}
    plot = Plot(right=96)
    panel = plot.panel("nat per parameter", log=True, span=widened(*positive(*means.values()), 10**0.15))
    for name, mean in means.items():
        panel.line(Curve(steps, mean), name, curves[name][1], unit="nat", end=name)
    return plot.figure(
        "force",
        f"Force and noise of a parameter, {reading.label(batch)}",
        "Noise and force: root of the mean square over all parameters, from whole passes over the training set; "
        "largest force: max |∇U_B|, the paper’s dashed line. A parameter’s noise is the larger where the noise’s "
        "curve lies above that of the force.",
    )
