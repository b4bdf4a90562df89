"""An ensemble in a screenful of plain text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from szilard.estimate import Estimate, format_with_error
from szilard.printable import printable
from szilard.studies import lines
from szilard.studies.ensemble import told
from szilard.studies.ensemble.record import Ensemble

if TYPE_CHECKING:
    import xarray as xr

BUDGET = (
    ("learned", "I(X;task)", "info_task"),
    ("memorised", "I(X;data|task)", "info_dataset"),
    ("luck", "I(X;seed|data)", "info_seed"),
    ("  start", "I(X;init|data)", "info_seed_initialisation"),
    ("  order", "I(X;order|data,init)", "info_seed_order"),
    ("in all", "I(X;Θ), L-info", "l_info"),
)
"""A word, the symbol, and the column."""
LEDGER = (
    ("W", "mean work", "work_mean"),
    ("Q", "mean heat absorbed", "heat_mean"),
    ("Σ(X)", "entropy production of the marginal", "ep_marginal"),
    ("ΔI", "change of L-info", "ep_ignorance"),
)


def summarise_ensemble(name: str, tree: xr.DataTree, verdict: str) -> str:
    """What came of it, the design, the budget with errors and brackets, the mean ledger, where to stop, what to mind.

    Args:
        name: of the record.
        tree: as the reader returns it.
        verdict: of the audit as a whole; empty where nothing was audited.
    """
    record = Ensemble.of(tree)
    attributes = record.attributes
    text = lines.heading(name, str(attributes.get("status")))
    text += [*lines.entry("outcome", told.outcome(record))]
    if stop := told.stopping(record):
        text += lines.entry("stopping", stop)
    text += ["", *lines.entry("design", told.design(record))]
    text += lines.model(attributes) + lines.probe(attributes)
    text += lines.entry("recorded", told.reach(record))
    if record.records:
        text += ["", *_budget(record), "", *_ledger(record), ""]
        text += [line for said in _performance(record) for line in lines.entry(*said)]
    if said := told.effect(record):
        text += lines.entry("sample", said)
    if said := told.m_info(record):
        text += lines.entry("M-info", said)
    if verdict:
        text += lines.entry("audit", verdict)
    text += [line for said in told.missing(record) for line in lines.entry("–", said)]
    text += [line for said in _warnings(record) for line in lines.entry("!", said)]
    return "\n".join(map(printable, text))


def _budget(record: Ensemble) -> list[str]:
    """Every part with its error, bracket and kind."""
    over = str(record.mapping("design").get("outermost", "cluster"))
    rows = []
    for word, symbol, name in BUDGET:
        estimate = record.at(name)
        if estimate is not None:
            bracket = record.bracket(name)
            shown = "" if bracket is None else f"[{bracket[0]:.3g}, {bracket[1]:.3g}]"
            # Where it is saturated only the bracket means something, whatever the kind of the estimate.
            kind = "saturated" if record.saturated(name) else str(estimate.kind)
            shape = f" ({_aligned(estimate).strip()})" if kind == "saturated" else _aligned(estimate)
            rows.append((word, symbol, shape, shown, kind))
    note = f"  last record, nat per input; ± standard error over {over}s; (too few runs); [bracket]"
    wide, bracketed = (max((len(row[place]) for row in rows), default=0) for place in (2, 3))
    return [note, ""] + [
        f"  {word:10} {symbol:21}{amount:<{wide}}  {bracket:<{bracketed}}  {kind}".rstrip()
        for word, symbol, amount, bracket, kind in rows
    ]


def _ledger(record: Ensemble) -> list[str]:
    """Mean work and heat, and what the marginal adds, with the sign aligned."""
    found = [(symbol, words, estimate) for symbol, words, name in LEDGER if (estimate := record.at(name)) is not None]
    rows = [(symbol, words, _aligned(estimate), str(estimate.kind)) for symbol, words, estimate in found]
    wide = max((len(amount) for _, _, amount, _ in rows), default=0)
    return [f"  {symbol:5} {words:36}{amount:<{wide}}  nat  {kind}" for symbol, words, amount, kind in rows]


def _performance(record: Ensemble) -> Iterator[tuple[str, str]]:
    """Accuracy and test loss: first and last."""
    loss, probe = ("probe loss", "probe (training inputs)") if record.in_sample else ("test loss", "probe")
    for name, words, unit in (("accuracy_mean", "accuracy", ""), ("cross_entropy_mean", loss, " nat")):
        first, last = record.at(name, 0), record.at(name)
        if first is not None and last is not None:
            yield words, f"{first.value:.4g} → {told.amount(last)}{unit} on the {probe}, mean of the members"


def _warnings(record: Ensemble) -> list[str]:
    warnings = lines.warnings(record.attributes)
    if said := told.in_sample(record):
        warnings.append(said)
    if said := told.diverged(record):
        warnings.append(said)
    if said := told.guessing(record):
        warnings.append(said)
    note = record.attributes.get("notes_on_coverage")
    if isinstance(note, str) and note:
        warnings.append(f"a small design: {note}")
    if record.undefined and not record.lost:
        warnings.append(f"{record.undefined} record(s) are undefined (NaN) and were left out.")
    return warnings


def _aligned(estimate: Estimate) -> str:
    """A number with its error, its sign in a column of its own."""
    value, error = float(estimate.value), float(estimate.error)
    amount = format_with_error(value, error) if math.isfinite(error) else f"{value:.3g} (no error)"
    return amount if amount.startswith("-") else f" {amount}"
