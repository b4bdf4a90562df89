"""What was seen of a reversed training, in plain words with numbers."""

from __future__ import annotations

import numpy as np

from szilard.studies.reversal.conclusions import concluded, heading
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.verdicts.audit import Audit, number


def what_was_seen(evidence: ReversalEvidence, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not evidence.whole:
        return [("Nothing yet", "The record holds no paths.")]
    found = [
        ("The question", _question(evidence)),
        ("The way back", _back(evidence)),
        ("Laziness", _lazy(evidence)),
        (heading(audit), _wide(evidence, audit)),
        ("What this is not", _beyond()),
        ("The evidence", _evidence(evidence, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _question(evidence: ReversalEvidence) -> str:
    return (
        f"The paper concludes in Appendix A that a lazy training is reversible: {evidence.steps} reversed inputs and "
        "gradient ascent would lead back along the path it came. Each step back takes its gradient at another point "
        "than the step it undoes, and misses by r² ‖H g‖; whether that is little is a matter of the learning rate and "
        "the curvature."
    )


def _back(evidence: ReversalEvidence) -> str:
    relative = np.median(evidence.relative()[-1, ..., 0], axis=1)  # (starts, rates)
    parts = []
    for start, missed in zip(evidence.starts, relative, strict=True):
        first = next((rate for rate in range(len(missed)) if (missed[rate:] <= 0.1).all()), None)
        told = f"{number(float(missed[0]))} of the way is missed" if missed[0] < 1e3 else "the way back overflows"
        less = "" if first in (None, 0) else f", and it takes r = {evidence.rates[first]:.2g} to stay within a tenth"
        parts.append(f"from step {start:,} {told}{less}")
    return f"At the training's own rate r = {evidence.rates[0]:g}: {'; '.join(parts)}."


def _lazy(evidence: ReversalEvidence) -> str:
    parts = []
    for place, start in enumerate(evidence.starts):
        kernel, loss, gradient = (
            float(np.median(evidence.at_look(name, place)))
            for name in ("kernel_change", "losses_error", "gradient_change")
        )
        parts.append(
            f"from step {start:,} the kernel changes by {number(kernel)}, the linearised loss errs by {number(loss)} "
            f"and the gradient of a batch changes by {number(gradient)}"
        )
    return f"Over the same {evidence.steps} steps, relative to themselves: {'; '.join(parts)}."


def _wide(evidence: ReversalEvidence, audit: Audit) -> str:
    wide = evidence.width
    if wide is None:
        return ""
    kernel, way = (np.median(wide[name].values[-1], axis=0) for name in ("kernel_change", "relative_step"))
    widths = wide["width"].values
    return (
        f"From width {widths[0]} to {widths[-1]} the kernel's change goes from {number(float(kernel[0]))} to "
        f"{number(float(kernel[-1]))}, and the share of a step that one step back misses from "
        f"{number(float(way[0]))} to {number(float(way[-1]))}. {concluded(audit)} A model that is linear in θ has a "
        "kernel that never changes, and a loss that curves: laziness of the kernel by itself is no reason for the "
        "gradient to stay."
    )


def _beyond() -> str:
    return (
        "Gradient ascent reverses the protocol, not the transition kernel. What a path that is retraced says of "
        "entropy production is nothing: that compares the probability of each transition with that of its reverse, and "
        "literal SGD on finite data reaches finitely many points, the way back generically not among them."
    )


def _evidence(evidence: ReversalEvidence, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(f"Numbers here are medians over {evidence.reversal.sizes['seed']} seeds, in float64.")
    return " ".join(said)
