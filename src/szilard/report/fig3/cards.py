"""Figure 3 at a glance."""

from __future__ import annotations

import numpy as np

from szilard.audit.fig3.rows import named
from szilard.audit.fig3.temperature import layer_temperatures
from szilard.audit.fig3.told import WORDS
from szilard.audit.outcome import SYMBOLS
from szilard.audit.reservoir.claims import STATIONARY, WHITE
from szilard.report.cards import number
from szilard.report.content import Card
from szilard.report.fig3.view import View


def cards(view: View) -> list[Card]:
    """Temperature and accuracy at each batch size, the verdicts, and the hottest layer."""
    if not view.batches:
        return []
    evidence, shown = view.evidence, []
    for batch in view.batches:
        noise = evidence.temperature(batch)
        shown.append(number("T", view.label(batch), noise.value[-1, 0], noise.error[-1, 0], "(loss)"))
    for words, name in (("stationary?", STATIONARY.name), ("white?", WHITE.name)):
        answers = [_answer(view, name, batch) for batch in view.batches]
        sizes = ", ".join(f"{evidence.batches[batch]:,}" for batch in view.batches)
        value = answers[0][0] if len(set(answers)) == 1 else " ".join(sign for _, sign in answers)
        shown.append(Card("", words, value, f"|b| = {sizes}"))
    found = [one.value for one in layer_temperatures(evidence, view.batches[0])]
    if len(found) > 1 and min(found) > 0:
        hot = int(np.argmax(found))
        name = evidence.groups[1 + hot].split(" (")[0]
        shown.append(Card("", "hottest", name, f"{found[hot] / min(found):.0f} × the coldest"))
    return shown


def _answer(view: View, name: str, batch: int) -> tuple[str, str]:
    """A verdict in a word, and as a sign."""
    try:
        verdict = view.audit[named(name, view.evidence, batch)].verdict
    except KeyError:
        return "–", "–"
    return WORDS[verdict], SYMBOLS[verdict]
