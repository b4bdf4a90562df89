"""Figure 3 in sentences, for page and summary: is the noise stationary, white, of low variance, where is it hottest?"""

from __future__ import annotations

import numpy as np

from szilard.estimate import format_with_error
from szilard.studies.fig3.claims.rows import named, too_few
from szilard.studies.fig3.claims.spread import ACCURACY
from szilard.studies.fig3.claims.stationary import change_of, steady_from
from szilard.studies.fig3.claims.temperature import layer_temperatures
from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.verdicts.audit import Audit
from szilard.verdicts.finding import Verdict

WORDS = {
    Verdict.HELD: "yes",
    Verdict.FAILED: "no",
    Verdict.UNDECIDED: "undecided",
    Verdict.UNCHECKABLE: "cannot be told",
}


def design(evidence: Fig3Evidence) -> str:
    """What was trained."""
    counts = ", ".join(f"{evidence.trials(batch)} at |b| = {size:,}" for batch, size in enumerate(evidence.batches))
    how = {"replacement": "batches drawn with replacement", "epochs": "batches of shuffled epochs"}
    drawn = how.get(str(evidence.attributes.get("shuffle")), "batches of unknown order")
    return f"trainings: {counts}; plain SGD, learning rate {evidence.rate:g}, {drawn}, {evidence.span()}"


def stationary(evidence: Fig3Evidence, audit: Audit) -> str:
    """Whether the variance stays, and from when on."""
    said = []
    for batch in range(len(evidence.batches)):
        if (change := change_of(evidence, batch)) is not None:
            since = steady_from(evidence, batch)
            when = "never within the bound" if since is None else f"within the bound from step {since:,} on"
            factor = f"the variance changes {np.exp(change.signed):.3g}-fold between stretches, {when}"
            said.append((batch, answer(audit, STATIONARY.name, evidence, batch), factor))
    return _by_size(evidence, said)


def white(evidence: Fig3Evidence, audit: Audit) -> str:
    """Whether the noise of one step tells of another."""
    said = []
    for batch in range(len(evidence.batches)):
        try:
            found = evidence.autocorrelation(batch)
        except ValueError:
            continue
        if len(found.value) > 1:
            worst = 1 + int(np.argmax(np.abs(found.value[1:])))
            text = f"largest ρ {_with(found.value[worst], found.error[worst])} at lag {evidence.lags[worst]:,}"
            said.append((batch, answer(audit, WHITE.name, evidence, batch), text))
    return _by_size(evidence, said)


def low_variance(evidence: Fig3Evidence, audit: Audit) -> str:
    """How far trainings differ in accuracy."""
    said = []
    for batch in range(len(evidence.batches)):
        if not too_few(evidence, batch):
            mean, spread = evidence.mean("accuracy", batch).value, evidence.spread("accuracy", batch)
            widest = int(np.argmax(spread))
            text = (
                f"accuracy {mean[-1]:.3f} with a spread of {spread[-1]:.2g} over trainings at the end,"
                f" {spread[widest]:.2g} at its widest (step {evidence.steps[widest]:,})"
            )
            said.append((batch, answer(audit, ACCURACY, evidence, batch), text))
    return _by_size(evidence, said)


def hottest(evidence: Fig3Evidence) -> str:
    """Which layer, and by how much."""
    said = []
    for batch in range(len(evidence.batches)):
        found = [one.value for one in layer_temperatures(evidence, batch)]
        if len(found) > 1 and min(found) > 0:
            hot = int(np.argmax(found))
            text = f"T = {found[hot]:.2g}, {found[hot] / min(found):.0f} times the coldest"
            said.append((batch, evidence.groups[1 + hot], text))
    return _by_size(evidence, said)


def answer(audit: Audit, name: str, evidence: Fig3Evidence, batch: int) -> str:
    """The verdict of a row at a batch size, in a word."""
    try:
        return WORDS[audit[named(name, evidence, batch)].verdict]
    except KeyError:
        return WORDS[Verdict.UNCHECKABLE]


def noise(evidence: Fig3Evidence) -> str:
    """How far the noise goes with 1/|b|."""
    if len(evidence.batches) < 2 or not evidence.records:
        return ""
    ratios = []
    for row in (0, -1):
        values = [
            evidence.mean("noise_variance", batch).value[row, 0]
            for batch in range(len(evidence.batches))
            if evidence.alive(batch).any()
        ]
        ratios.append(" : ".join(f"{value / values[0]:.3g}" for value in values))
    sizes = " : ".join(f"{size:,}" for size in evidence.batches)
    return (
        f"variances at |b| = {sizes} are as {ratios[0]} at step {evidence.steps[0]:,}, where the parameters are the"
        f" same, and as {ratios[1]} at step {evidence.steps[-1]:,}"
    )


def _by_size(evidence: Fig3Evidence, said: list[tuple[int, str, str]]) -> str:
    """Answers with their details, by place of the batch size; an answer that all share is given once."""
    if not said:
        return ""
    sizes = {batch: f"|b| = {evidence.batches[batch]:,}" for batch, _, _ in said}
    if len({answer for _, answer, _ in said}) == 1:
        every = "at every batch size" if len(said) > 1 else f"at {sizes[said[0][0]]}"
        return f"{said[0][1]} {every}: " + "; ".join(f"{text} ({sizes[batch]})" for batch, _, text in said)
    return "; ".join(f"{answer} at {sizes[batch]} ({text})" for batch, answer, text in said)


def _with(value: float, error: float) -> str:
    return format_with_error(float(value), float(error)).replace("-", "−")
