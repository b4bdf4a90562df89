"""Whether all states learned the same: cross-entropy of held-out images."""

from __future__ import annotations

from szilard.numbers import number
from szilard.page.axes import spread
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.tradeoff.figures.marks import called, colour, draw, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.bounds import LEVEL


def figure(reading: TradeOffReading) -> Figure:
    """At the end of the way, against τ; the baseline as a rule."""
    counts = reading.updates
    plot = Plot(sampler_axis(reading), right=64, closest=True)
    panel, heights = plot.panel("cross-entropy (nat)"), []
    for chains in reading.kinds:
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            found = [reading.mean("cross_entropy", state) for state in family]
            name, exact = f"n = {updates}, {called(chains)}", chains is None
            taus, text = [state.sampler_steps for state in family], [name for _ in family]
            draw(panel, taus, found, name, shade, bars=False, dash="solid" if exact else "dot", text=text,
                 end=f"n = {updates}" if exact else "")  # fmt: skip
            heights += [each.value for each in found]
    baseline = reading.mapping("baseline")
    if "cross_entropy" in baseline:
        heights.append(float(baseline["cross_entropy"]))
        panel.rule(heights[-1], str(baseline.get("name", "baseline")), level="below")
    panel.span = spread(heights, pad=0.1)
    error = reading.mean("cross_entropy", reading.states[0]).interval(LEVEL)
    return plot.figure(
        "trained",
        "What was learned",
        "Cross-entropy of held-out images under the models at the end of the way; dotted curves are states with "
        f"few chains. 95 % over data sets, which all states share: ± {number((error[1] - error[0]) / 2)} nat. States "
        "that go the same way end at the same place; where updates are too large to be stable, they do not.",
    )
