"""Whether all states learned the same: cross-entropy of held-out images."""

from __future__ import annotations

from szilard.page.axes import axis, layout, rule, spread
from szilard.page.drawing import label_ends
from szilard.page.style import Figure
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.studies.tradeoff.figures.style import called, colour, marks, sampler_axis
from szilard.verdicts.bounds import LEVEL


def figure(evidence: TradeOffEvidence) -> Figure:
    """At the end of the way, against τ; the baseline as a rule."""
    data, labels, heights = [], [], []
    counts = evidence.updates
    for chains in evidence.kinds:
        for place, updates in enumerate(counts):
            family, shade = evidence.family(chains, updates), colour(place, len(counts))
            found = [evidence.mean("cross_entropy", state) for state in family]
            name = f"n = {updates}, {called(chains)}"
            data.append(marks([state.sampler_steps for state in family], found, name, shade, bars=False,
                              dash="solid" if chains is None else "dot", text=[name for _ in family]))  # fmt: skip
            heights += [each.value for each in found]
            if chains is None:
                labels.append((f"n = {updates}", found[-1].value, shade))
    baseline = evidence.attributes.get("baseline")
    shapes, notes = [], []
    if isinstance(baseline, dict):
        shape, note = rule(float(baseline["cross_entropy"]), str(baseline.get("name", "baseline")))
        shapes, notes, heights = [shape], [{**note, "yanchor": "top"}], [*heights, float(baseline["cross_entropy"])]
    low, high = spread(heights, pad=0.1)
    error = evidence.mean("cross_entropy", evidence.states[0]).interval(LEVEL)
    return Figure(
        key="trained",
        title="What was learned",
        caption=(
            "Cross-entropy of held-out images under the models at the end of the way; dotted curves are states with "
            f"few chains. 95 % over data sets, which all states share: ± {(error[1] - error[0]) / 2:.2g} nat. States "
            "that go the same way end at the same place; where updates are too large to be stable, they do not."
        ),
        data=data,
        layout=layout(axis("cross-entropy (nat)", range=[low, high]), x=sampler_axis(evidence), right=64, shapes=shapes,
                      annotations=[*notes, *label_ends(labels, (low, high))], hovermode="closest"),
        along_steps=False,
    )  # fmt: skip
