"""Whether all states learned the same: cross-entropy of held-out images."""

from __future__ import annotations

from szilard.page.axes import axis, layout, rule, spread
from szilard.page.drawing import label_ends
from szilard.page.style import Figure
from szilard.studies.tradeoff.figures.marks import called, colour, marks, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.bounds import LEVEL


def figure(reading: TradeOffReading) -> Figure:
    """At the end of the way, against τ; the baseline as a rule."""
    data, labels, heights = [], [], []
    counts = reading.updates
    for chains in reading.kinds:
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            found = [reading.mean("cross_entropy", state) for state in family]
            name = f"n = {updates}, {called(chains)}"
            data.append(marks([state.sampler_steps for state in family], found, name, shade, bars=False,
                              dash="solid" if chains is None else "dot", text=[name for _ in family]))  # fmt: skip
            heights += [each.value for each in found]
            if chains is None:
                labels.append((f"n = {updates}", found[-1].value, shade))
    baseline = reading.mapping("baseline")
    shapes, notes = [], []
    if "cross_entropy" in baseline:
        known = float(baseline["cross_entropy"])
        shape, note = rule(known, str(baseline.get("name", "baseline")))
        shapes, notes, heights = [shape], [{**note, "yanchor": "top"}], [*heights, known]
    low, high = spread(heights, pad=0.1)
    error = reading.mean("cross_entropy", reading.states[0]).interval(LEVEL)
    return Figure(
        key="trained",
        title="What was learned",
        caption=(
            "Cross-entropy of held-out images under the models at the end of the way; dotted curves are states with "
            f"few chains. 95 % over data sets, which all states share: ± {(error[1] - error[0]) / 2:.2g} nat. States "
            "that go the same way end at the same place; where updates are too large to be stable, they do not."
        ),
        data=data,
        layout=layout(axis("cross-entropy (nat)", range=[low, high]), x=sampler_axis(reading), right=64, shapes=shapes,
                      annotations=[*notes, *label_ends(labels, (low, high))], hovermode="closest"),
        along_steps=False,
    )  # fmt: skip
