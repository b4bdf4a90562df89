"""An audit at a prompt and in a notebook: at most thirty rows, what matters first, the rest folded."""

from __future__ import annotations

import textwrap
from collections import Counter

from szilard.notebook.html import escape, folded, framed, head, table
from szilard.printable import printable
from szilard.verdicts.audit import SYMBOLS, Audit, effect_text, short, where
from szilard.verdicts.finding import Finding, Verdict

ROWS = 30
"""That are shown."""
_FIRST = (Verdict.FAILED, Verdict.UNDECIDED, Verdict.HELD, Verdict.UNCHECKABLE)
CLASSES = {Verdict.FAILED: "bad", Verdict.UNDECIDED: "mind", Verdict.HELD: "good", Verdict.UNCHECKABLE: "none"}
_NAME, _WIDTH = 46, 100


def shown(audit: Audit) -> tuple[list[Finding], list[Finding]]:
    """The rows that are shown, and those that are folded; what failed comes first."""
    rows = sorted(audit.rows, key=lambda row: _FIRST.index(row.verdict))
    return rows[:ROWS], rows[ROWS:]


def as_text(audit: Audit) -> str:
    """A line for each row that is shown, at most 100 columns wide."""
    rows, rest = shown(audit)
    lines = [
        f"{SYMBOLS[row.verdict]} {short(row.verdict):10}{_cut(row.name, _NAME):{_NAME}} {effect_text(row)}"
        for row in rows
    ]
    shortened = (_cut(line.rstrip(), _WIDTH) for line in lines)
    said = [audit.title or "Audit", "", *shortened, *_more(rest), "", *textwrap.wrap(audit.verdict, _WIDTH)]
    return "\n".join(map(printable, said))


def _more(rest: list[Finding]) -> list[str]:
    if not rest:
        return []
    return [f"… {_counted(rest)}: for row in audit, or audit.table()"]


def _counted(rest: list[Finding]) -> str:
    """How many rows are folded, and how they came out."""
    counts = Counter(row.verdict for row in rest)
    return f"{len(rest)} more rows ({', '.join(f'{counts[each]} {each}' for each in _FIRST if counts[each])})"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def as_html(audit: Audit) -> str:
    """The verdict, and a table."""
    rows, rest = shown(audit)
    columns = ("Verdict", "Claim", "Effect, 95 % interval, bound")
    parts = [table(columns, [_row(row) for row in rows])] if rows else []
    if rest:
        parts.append(folded(_counted(rest), table(columns, [_row(row) for row in rest])))
    sound, kind = ("sound", "good") if audit.sound else ("not to be relied on", "bad")
    return framed(head(audit.title or "Audit", sound, kind), f"<p>{escape(audit.verdict)}</p>", *parts)


def _row(row: Finding) -> str:
    said = f"<small>{escape(row.claim)} [{escape(row.source)}]</small>"
    if row.detail:
        said = f"<details><summary>{said}</summary><small>{escape(row.detail)}</small></details>"
    measure = "<br>".join(f"<small>{escape(each)}</small>" for each in (row.measure, where(row)) if each)
    effect = effect_text(row)
    return (
        f'<tr><td class="mark {CLASSES[row.verdict]}">{SYMBOLS[row.verdict]} {escape(short(row.verdict))}</td>'
        f"<td><b>{escape(row.name)}</b>{said if row.detail else f'<br>{said}'}</td>"
        f'<td class="number">{escape(effect)}{f"<br>{measure}" if effect and measure else ""}</td></tr>'
    )
