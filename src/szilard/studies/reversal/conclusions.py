"""What the audit lets a page conclude of width, laziness and reversibility: held, failed or undecided, in words."""

from __future__ import annotations

from szilard.verdicts.audit import Audit, number
from szilard.verdicts.finding import Finding, Verdict

LAZY, LINEAR, STEP, PATH = (
    "wide is lazy", "wide makes the loss linear", "lazy is reversible, step by step",
    "lazy is reversible, along the path",
)  # fmt: skip
"""Names of the audit's rows."""

WORDS = {
    LAZY: (
        "the kernel’s change falls as the network widens",
        "the kernel’s change does not fall with the width as laziness would have it",
        "whether the kernel’s change falls with the width",
    ),
    LINEAR: (
        "the loss becomes more linear with it",
        "the loss does not become linear",
        "whether the loss becomes more linear",
    ),
    STEP: (
        "a step back misses less of the step that it undoes the wider the network",
        "a step back goes on missing its share of the step that it undoes",
        "whether a step back misses less of the step that it undoes",
    ),
    PATH: (
        "the way back as a whole misses less",
        "the way back as a whole misses no less",
        "whether the way back as a whole misses less",
    ),
}
"""Of each row: as a conclusion where it held, where it failed, and as a question."""

HEADINGS = {
    Verdict.HELD: "Lazy goes with reversible here",
    Verdict.FAILED: "Lazy is not reversible",
}
"""Where width made lazy, by what became of the steps back."""
OPEN = "Is lazy reversible?"


def heading(audit: Audit) -> str:
    """A conclusion where the audit has one, otherwise the question."""
    if verdict_of(audit, LAZY) is not Verdict.HELD:
        return OPEN
    return HEADINGS.get(verdict_of(audit, STEP), OPEN)


def concluded(audit: Audit, *names: str) -> str:
    """The rows of these names in a sentence or two: first what is settled, then what stays open; all of them without
    a name."""
    settled, undecided = [], []
    for name in names or WORDS:
        held, failed, question = WORDS[name]
        verdict, row = verdict_of(audit, name), _row(audit, name)
        if verdict in (Verdict.HELD, Verdict.FAILED):
            settled.append(f"{held if verdict is Verdict.HELD else failed}{_exponent(row)}")
        else:
            undecided.append(f"{question}{_exponent(row)}")
    said = [_sentence("; ".join(settled))] if settled else []
    said += [_sentence(f"undecided: {'; '.join(undecided)}")] if undecided else []
    return " ".join([*said, *_together(audit)]) if not names else " ".join(said)


def verdict_of(audit: Audit, name: str) -> Verdict:
    """Of a row; it cannot be told where there is none."""
    row = _row(audit, name)
    return Verdict.UNCHECKABLE if row is None else row.verdict


def _together(audit: Audit) -> list[str]:
    """What laziness and the steps back say together."""
    if verdict_of(audit, LAZY) is Verdict.HELD and verdict_of(audit, STEP) is Verdict.FAILED:
        return ["Lazy does not imply reversible."]
    return []


def _row(audit: Audit, name: str) -> Finding | None:
    return next((row for row in audit.rows if row.name == name), None)


def _exponent(row: Finding | None) -> str:
    if row is None or row.effect is None or row.interval is None:
        return ""
    low, high = row.interval
    return f" (exponent {number(row.effect)}, 95 %: {number(low)} to {number(high)})"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
