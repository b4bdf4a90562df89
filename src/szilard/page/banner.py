"""The status of the record, at the head of the page: what a reader must know before trusting a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.page.content import Remark
from szilard.page.safe import escape
from szilard.verdicts.audit import Audit

SYMBOLS = {"good": "✓", "mind": "!", "bad": "✗"}


def standing(attributes: Mapping[str, Any], audit: Audit) -> list[Remark]:
    """What any record may have to confess: that it broke, is not complete, or rests on unsound numbers."""
    status = str(attributes.get("status", "unknown"))
    remarks = []
    if status == "broken":
        step, why = attributes.get("broken_at_step"), attributes.get("broken_because")
        where = "" if step is None else f" at step {step}"
        told = f"The run broke{where}: {why or 'no reason was recorded'}. Everything before is kept and shown."
        remarks.append(Remark("bad", told))
    elif status != "complete":
        told = "Incomplete: the run is still going, or it was killed. This page shows what was recorded."
        remarks.append(Remark("mind", told))
    if not audit.sound:
        remarks.append(Remark("bad", audit.verdict))
    if attributes.get("forward_flagged"):
        precision = attributes.get("forward_precision", "low precision")
        told = f"The forward pass ran in {precision}: work and heat below its rounding are not to be trusted."
        remarks.append(Remark("mind", told))
    return remarks


def banner(remarks: list[Remark]) -> str:
    """One line for each remark."""
    return "\n".join(
        f'<p class="banner {each.kind}" role="status"><span aria-hidden="true">{SYMBOLS[each.kind]}</span> '
        f"{escape(each.text)}</p>"
        for each in remarks
    )
