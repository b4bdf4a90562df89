"""What was seen of a trade-off, in plain words with numbers."""

from __future__ import annotations

from szilard.studies.tradeoff.claims.advice import advised, adviser
from szilard.studies.tradeoff.claims.paths import equal_compute
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.verdicts.audit import Audit, number


def what_was_seen(evidence: TradeOffEvidence, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not evidence.filled:
        return [("Nothing yet", "The record holds no way of the parameters.")]
    found = [
        ("The question", _question(evidence)),
        ("The answer", _answer(evidence)),
        ("Fixed compute", _fixed(evidence)),
        ("Few chains", _noise(evidence)),
        ("How long a sampler", _advice(evidence)),
        ("The evidence", _evidence(evidence, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _question(evidence: TradeOffEvidence) -> str:
    return (
        "Ideal learning, says the paper, turns all the entropy that X produces into information, and τ ≫ 1 sampler "
        "steps after each update get there, at the price of time: its likeness to Carnot’s engine. Here small "
        "restricted Boltzmann machines learn real images of "
        f"{_pixels(evidence)} pixels, so small that the law of X is followed exactly, state by state. All go the same "
        "way, r n; what differs is how many updates n they take for it, and how many sampler steps τ follow each."
    )


def _pixels(evidence: TradeOffEvidence) -> str:
    shape = evidence.attributes.get("shape")
    return " × ".join(map(str, shape)) if isinstance(shape, list | tuple) else "a few"


def _answer(evidence: TradeOffEvidence) -> str:
    counts, steps = evidence.updates, evidence.sampler_steps
    if len(counts) < 2 or len(steps) < 2:
        return ""
    few, many = evidence.family(None, counts[0]), evidence.family(None, counts[-1])
    produced = {state.place: evidence.mean("ep_conditional", state).value for state in (*few, *many)}
    gained = [evidence.of_ensemble("efficiency", state).value for state in (few[0], many[0])]
    text = (
        f"With {counts[-1]} updates, τ from {steps[0]} to {steps[-1]} takes Σ from {number(produced[many[0].place])} "
        f"to {number(produced[many[-1].place])} nat and no further: X is in equilibrium after each update, and the "
        f"updates are finite. With τ = {steps[0]}, {counts[0]} to {counts[-1]} updates take it from "
        f"{number(produced[few[0].place])} to {number(produced[many[0].place])} nat, and the efficiency from "
        f"{gained[0]:.2f} to {gained[1]:.2f}. Quasi-static means small updates, not a long sampler."
    )
    if produced[few[-1].place] > 2 * produced[few[0].place]:
        text += (
            f" With {counts[0]} updates, r = {few[0].rate:.3g}, the longer sampler makes Σ "
            f"{produced[few[-1].place] / produced[few[0].place]:.0f} times as large: there the step is too long to be "
            "stable, θ swings to and fro, and chains that lag damp the swing."
        )
    return text


def _fixed(evidence: TradeOffEvidence) -> str:
    groups = equal_compute(evidence, None)
    if not groups:
        return ""
    states = max(groups, key=len)
    one, other = (evidence.of_ensemble("efficiency", state).value for state in (states[0], states[-1]))
    return (
        f"Of {states[0].compute:,} sampler steps in all, {states[0].updates} updates with τ = "
        f"{states[0].sampler_steps} each are {one:.2f} efficient, {states[-1].updates} with τ = "
        f"{states[-1].sampler_steps} are {other:.2f}. A lag costs a factor (1 + λ)/(1 − λ) of Σ, λ the share that one "
        "update leaves unrelaxed; halving updates costs a "
        "factor 2. Steps of a sampler that keeps up are better spent on further updates."
    )


def _noise(evidence: TradeOffEvidence) -> str:
    noisy = [chains for chains in evidence.kinds if chains is not None]
    if not noisy or len(evidence.sampler_steps) < 2:
        return ""
    chains, counts, steps = noisy[0], evidence.updates, evidence.sampler_steps
    free = evidence.mean("ep_conditional", evidence.family(None, counts[-1])[-1]).value
    few, many = (
        [evidence.mean("ep_conditional", state).value for state in evidence.family(chains, updates)]
        for updates in (counts[0], counts[-1])
    )
    text = (
        f"Gradients from {chains:,} chains shake the parameters, and X pays for every shake that it follows. With "
        f"{counts[-1]} updates and τ = {steps[-1]} that makes Σ {many[-1] / free:.0f} times as large as without noise, "
        f"{number(many[-1])} nat; with τ = {steps[0]} it is {number(many[0])} nat."
    )
    if len(counts) > 1:
        rises = "rises" if few[-1] > few[0] else "goes"
        text += (
            f" With {counts[0]} it {rises} with τ, from {number(few[0])} to {number(few[-1])} nat. This part of Σ "
            "falls with the size of the updates too."
        )
    return text


def _advice(evidence: TradeOffEvidence) -> str:
    if len(evidence.sampler_steps) < 2:
        return ""
    state = adviser(evidence)
    if not evidence.advice(state).seen:
        return ""
    return (
        f"At n = {state.updates}, over the second half of the way: {advised(evidence, state)} The foretelling takes "
        "one relaxation time and a steady motion for granted (kind: hypothesis)."
    )


def _evidence(evidence: TradeOffEvidence, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(
        f"{evidence.datasets} data sets that share no image, the same for all states; errors leave one of them out at "
        "a time. Work, heat, lag and Σ are sums over all states of X, exact for each training."
    )
    return " ".join(said)
