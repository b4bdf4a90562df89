"""A record of Figure 3 in a screenful of plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from szilard.estimate import format_with_error
from szilard.printable import printable
from szilard.studies import lines
from szilard.studies.fig3 import told
from szilard.studies.fig3.claims.rows import too_few
from szilard.studies.fig3.claims.spread import ACCURACY
from szilard.studies.fig3.claims.stationary import change_of
from szilard.studies.fig3.claims.temperature import layer_temperatures
from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.verdicts.audit import Audit

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
        text += [*_answers(evidence, audit), ""]
        text += lines.entry("noise", said) if (said := told.noise(evidence)) else []
    text += lines.entry("audit", audit.verdict)
    text += [
        line for said in lines.warnings(attributes, checkpoints=not evidence.records) for line in lines.entry("!", said)
    ]
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
    note = f"  step {evidence.steps[-1]:,}, mean over parameters and trainings; ± standard error over trainings"
    return [note, "", *_table(("", "noise variance (nat²)", "T = r c/2 (nat)", "accuracy"), rows)]


def _answers(evidence: Fig3Evidence, audit: Audit) -> list[str]:
    """Stationary, white, of low variance: a word and a number for each batch size, and the hottest layer."""
    rows = []
    for batch, size in enumerate(evidence.batches):
        answers = [told.answer(audit, name, evidence, batch) for name in (STATIONARY.name, WHITE.name, ACCURACY)]
        numbers = (_change(evidence, batch), _correlation(evidence, batch), _spread(evidence, batch))
        shown = [f"{one} {other}".rstrip() for one, other in zip(answers, numbers, strict=True)]
        rows.append((f"|b| = {size:,}", *shown, _hottest(evidence, batch)))
    note = "  (change of variance between stretches; largest ρ; spread of accuracy; × coldest)"
    return [*_table(("", "stationary?", "white?", "low variance?", "hottest layer"), rows), note]


def _change(evidence: Fig3Evidence, batch: int) -> str:
    change = change_of(evidence, batch)
    return "" if change is None else f"(×{math.exp(change.signed):.3g})"


def _correlation(evidence: Fig3Evidence, batch: int) -> str:
    try:
        found = evidence.autocorrelation(batch).value[1:]
    except ValueError:
        return ""
    if not len(found):
        return ""
    worst = int(abs(found).argmax())
    return f"({found[worst]:.2g})".replace("-", "−")


def _spread(evidence: Fig3Evidence, batch: int) -> str:
    return "" if too_few(evidence, batch) else f"({evidence.spread('accuracy', batch)[-1]:.2g})"


def _hottest(evidence: Fig3Evidence, batch: int) -> str:
    found = [one.value for one in layer_temperatures(evidence, batch)]
    if len(found) < 2 or not min(found) > 0:
        return ""
    hot = found.index(max(found))
    return f"{evidence.groups[1 + hot].split(' (')[0]} ({found[hot] / min(found):.0f}×)"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    wide = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    return ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
            for row in (heads, *rows)]  # fmt: skip


def _amount(value: float, error: float) -> str:
    return format_with_error(float(value), float(error)) if math.isfinite(error) else f"{value:.4g} (no error)"
