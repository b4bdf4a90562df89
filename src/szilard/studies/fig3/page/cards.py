"""Figure 3 at a glance."""

from __future__ import annotations

import numpy as np

from szilard.page.cards import number
from szilard.page.content import Card
from szilard.studies.fig3.claims.rows import named
from szilard.studies.fig3.claims.temperature import layer_temperatures
from szilard.studies.fig3.figures.view import View
from szilard.studies.fig3.told import WORDS
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.verdicts.audit import SYMBOLS


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
