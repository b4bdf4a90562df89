"""The audit as a table of the page: symbol, word and colour for each verdict."""

from __future__ import annotations

from szilard.numbers import number
from szilard.page.safe import escape, prose
from szilard.verdicts.audit import SYMBOLS, Audit, effect_text, where
from szilard.verdicts.finding import Finding, Verdict

LEGEND = (
    "✓ the interval lies inside the bound; ✗ outside it; ? across its edge, so more evidence is needed; "
    "– no record of this kind can tell."
)
CLASSES = {Verdict.HELD: "good", Verdict.FAILED: "bad", Verdict.UNDECIDED: "mind", Verdict.UNCHECKABLE: "none"}


def verdicts(audit: Audit) -> str:
    """One table with a body for each section."""
    bodies = "".join(
        f'<tbody><tr class="section"><th colspan="3" scope="rowgroup">{escape(heading)}</th></tr>'
        f"{''.join(map(_row, rows))}</tbody>"
        for heading, rows in audit.sections()
        if rows
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Audit">'
        f'<table class="audit"><caption>{LEGEND}</caption>'
        '<thead><tr><th scope="col">Verdict</th><th scope="col">Claim and evidence</th>'
        f'<th scope="col">Effect, 95 % interval, bound, where</th></tr></thead>{bodies}</table></div>'
    )


def _row(row: Finding) -> str:
    effect = effect_text(row)
    place = f"<br><small>{escape(where(row))}</small>" if where(row) else ""
    measured = f"<strong>{escape(effect)}</strong><br><small>{escape(row.measure)}</small>{place}" if effect else ""
    source = f'<span class="source">[{escape(row.source)}]</span>'
    detail = f"<br><small>{prose(row.detail)}</small>" if row.detail else ""
    detail += _parts(row)
    return (
        f'<tr><td class="verdict {CLASSES[row.verdict]}"><span aria-hidden="true">{SYMBOLS[row.verdict]}</span> '
        f"{escape(row.verdict)}</td>"
        f"<td><strong>{escape(row.name)}</strong>: {escape(row.claim)} {source}{detail}</td><td>{measured}</td></tr>"
    )


def _parts(row: Finding) -> str:
    """What was judged together, one by one, folded; empty where there was but one."""
    if not row.parts:
        return ""
    items = "".join(
        f'<li><span class="{CLASSES[part.verdict]}"><span aria-hidden="true">{SYMBOLS[part.verdict]}</span> '
        f"{escape(part.verdict)}</span> {escape(part.name)}: {escape(number(part.effect))} "
        f"[{escape(number(part.interval[0]))}, {escape(number(part.interval[1]))}]</li>"
        for part in row.parts
    )
    return f"<details><summary>One by one</summary><ul>{items}</ul></details>"
