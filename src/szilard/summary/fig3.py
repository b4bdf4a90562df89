"""A record of Figure 3 in a screenful of plain text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.audit.fig3 import told
from szilard.audit.fig3.evidence import Fig3Evidence
from szilard.estimate import format_with_error
from szilard.printable import printable
from szilard.summary import lines

if TYPE_CHECKING:
    import xarray as xr


def summarise_fig3(name: str, tree: xr.DataTree, audit: Audit) -> str:
    """What was trained, noise and temperature at the end, the four answers, and what held.

    Args:
        name: of the record.
        tree: as the reader returns it.
        audit: of the same record.
    """
    evidence = Fig3Evidence.of(tree)
    attributes = evidence.attributes
    text = lines.heading(name, str(attributes.get("status")))
    text += lines.entry("design", told.design(evidence))
    text += lines.model(attributes)
    if evidence.records:
        text += ["", *_noise(evidence), ""]
        answers = (
            ("stationary", told.stationary(evidence, audit)),
            ("white", told.white(evidence, audit)),
            ("low variance", told.low_variance(evidence, audit)),
            ("hottest", told.hottest(evidence)),
            ("noise", told.noise(evidence)),
        )
        text += [line for label, said in answers if said for line in lines.entry(label, said)]
    text += lines.entry("audit", audit.verdict)
    text += [line for said in lines.warnings(attributes) for line in lines.entry("!", said)]
    return "\n".join(map(printable, text))


def _noise(evidence: Fig3Evidence) -> list[str]:
    """Noise variance, temperature and accuracy at the last record."""
    rows = []
    for batch, size in enumerate(evidence.batches):
        if not evidence.alive(batch).any():
            continue
        noise, heat, right = (
            evidence.mean("noise_variance", batch), evidence.temperature(batch), evidence.mean("accuracy", batch)
        )  # fmt: skip
        shown = (
            _amount(noise.value[-1, 0], noise.error[-1, 0]),
            _amount(heat.value[-1, 0], heat.error[-1, 0]),
            _amount(right.value[-1], right.error[-1]),
        )
        rows.append((f"|b| = {size:,}", *shown))
    if not rows:
        return ["  no batch size has a training left"]
    heads = ("", "noise variance (nat²)", "T = r c/2 (nat)", "accuracy")
    wide = [max(len(row[place]) for row in (heads, *rows)) for place in range(4)]
    note = f"  step {evidence.steps[-1]:,}, mean over parameters and trainings; ± standard error over trainings"
    return [note, "", *("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
                        for row in (heads, *rows))]  # fmt: skip


def _amount(value: float, error: float) -> str:
    return format_with_error(float(value), float(error)) if math.isfinite(error) else f"{value:.4g} (no error)"
