"""What was seen, in plain words with numbers: the page's first paragraphs."""

from __future__ import annotations

import math

import numpy as np

from szilard.page.safe import with_error
from szilard.studies.sampled.figures.frame import advised
from szilard.studies.sampled.figures.view import View
from szilard.studies.sampled.summary import score


def what_was_seen(view: View) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not view.enough:
        return [
            (
                "The run",
                f"{_watched(view)} Fewer than two records hold finite numbers, so there is nothing to account for yet.",
            )
        ]
    told = [
        ("The outcome", score(view.attributes)),
        ("The run", _watched(view)),
        ("The cost", _cost(view)),
        ("The sampler", _sampler(view)),
        ("The way", _way(view)),
        ("The bounds", _bounds(view)),
        ("The evidence", f"{view.audit.verdict} ± is one standard error; bands and bars on this page show 95 %."),
    ]
    return [(lead, text) for lead, text in told if text]


def _watched(view: View) -> str:
    model, optimizer = view.mapping("model"), view.mapping("optimizer")
    what = f"{view.family} ({model.get('class', 'of unknown class')}"
    if isinstance(model.get("parameters"), int):
        what += f", {model['parameters']:,} parameters"
    what += ") was trained"
    if optimizer.get("class"):
        what += f" by {optimizer['class']}"
    every = view.attributes.get("every")
    said = f"{what} and watched at {view.evidence.records:,} records, {view.evidence.span()}"
    if isinstance(every, int):
        said += f", one every {f'{every:,} training steps' if every > 1 else 'training step'}"
    if view.has("samples_drawn"):
        said += f", from {view.evidence.column('samples_drawn')[-1]:,.0f} samples of the model in all"
    return said + "."


def _cost(view: View) -> str:
    if view.has("work_lower"):
        low, high = view.evidence.at_end("work_lower"), view.evidence.at_end("work")
        below, above = with_error(low.value, low.error), with_error(high.value, high.error)
        return (
            f"Moving the model took between {below} and {above} {view.per} of work: φ of a latent-variable model is "
            "known between bounds only, and so is whatever follows from it."
        )
    work, heat, change = (view.evidence.at_end(name) for name in ("work", "heat", "entropy_change"))
    flow = "gave off" if heat.value < 0 else "took up"
    said = (
        f"Moving the model took W = {with_error(work.value, work.error)} {view.per} of work; X {flow} "
        f"{with_error(abs(heat.value), heat.error)} as heat, and the model's entropy changed by "
        f"{with_error(change.value, change.error)}. With an ideal sampler all of the work is entropy production."
    )
    if view.has("length"):
        length = view.evidence.at_end("length")
        said += f" The way was {with_error(length.value, length.error)} nat^½ long."
    return said


def _sampler(view: View) -> str:
    if not view.has("work_dissipated", "lag_work"):
        return ""
    spent, lag = view.evidence.at_end("work_dissipated"), view.evidence.at_end("lag_work")
    beyond = "beyond an ideal sampler" if lag.value >= 0 else "less than an ideal sampler would have"
    said = (
        f"Chains that lag behind the model dissipated {with_error(spent.value, spent.error)} nat, "
        f"{with_error(abs(lag.value), lag.error)} {beyond}."
    )
    advice = advised(view)
    return f"{said} {advice}" if advice else said


def _way(view: View) -> str:
    space = view.space
    if space is None or space.map is None:
        return ""
    said = f"On the map of {len(space.steps)} models kept along the way"
    ends = float(np.linalg.norm(space.map.points[-1] - space.map.points[0]))
    said += f" the first and the last lie {ends:.2g} nat^½ per √{space.unit} apart"
    if space.cross_entropy is None:
        return said + "."
    values, errors = space.cross_entropy
    best = int(values.argmin())
    said += (
        f". Held-out data cost the model {with_error(values[0], errors[0])} nat per {space.unit}{space.factor} at the "
        "first record "
        f"and {with_error(values[best], errors[best])} at best (step {space.steps[best]:,})"
    )
    if math.isfinite(space.entropy):
        left = with_error(values[best] - space.entropy, errors[best])
        said += f"; H(p*) = {space.entropy:.4g} is the least that any model could reach, so {left} are left"
    return said + "."


def _bounds(view: View) -> str:
    if not view.has("entropy_gap") or "draw" not in view.ledger.dims:
        return ""
    gap = view.ledger["entropy_gap"].values[-1]
    error = view.ledger["entropy_gap_error"].values[-1]
    draws = view.ledger["draw"].values
    return (
        f"At the end the bounds on the entropy lie {with_error(float(gap[0]), float(error[0]))} nat apart with "
        f"K = {draws[0]:g} draws from the encoder, and {with_error(float(gap[-1]), float(error[-1]))} with "
        f"K = {draws[-1]:g}."
    )
