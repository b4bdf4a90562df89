"""The status of the record, at the head of the page: what a reader must know before trusting a number."""

from __future__ import annotations

from szilard.report.safe import escape
from szilard.report.view import View


def banner(view: View) -> str:
    """One line for each thing to mind; a quiet one where there is none."""
    attributes = view.attributes
    status = str(attributes.get("status", "unknown"))
    lines = []
    if status == "broken":
        step, why = attributes.get("broken_at_step"), attributes.get("broken_because")
        where = "" if step is None else f" at step {step}"
        lines.append(
            (
                "bad",
                "✗",
                f"The run broke{where}: {why or 'no reason was recorded'}. Everything before is kept and shown.",
            )
        )
    elif status != "complete":
        lines.append(
            ("mind", "!", "Incomplete: the run is still going, or it was killed. This page shows what was recorded.")
        )
    if not view.audit.sound:
        lines.append(("bad", "✗", view.audit.verdict))
    if attributes.get("forward_flagged"):
        precision = attributes.get("forward_precision", "low precision")
        lines.append(
            (
                "mind",
                "!",
                f"The forward pass ran in {precision}: work and heat below its rounding are not to be trusted.",
            )
        )
    if view.evidence.undefined:
        lines.append(("mind", "!", f"{view.evidence.undefined} records without finite numbers were left out."))
    if not lines:
        lines.append(("good", "✓", f"Complete record: {view.evidence.records:,} records, {view.evidence.span()}."))
    return "\n".join(
        f'<p class="banner {kind}" role="status"><span aria-hidden="true">{symbol}</span> {escape(text)}</p>'
        for kind, symbol, text in lines
    )
