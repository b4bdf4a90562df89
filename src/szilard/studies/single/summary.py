"""A single run in a screenful of plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, format_with_error
from szilard.printable import printable
from szilard.studies import lines

if TYPE_CHECKING:
    import xarray as xr

_LEDGER = (
    ("W", "work", "work"),
    ("Q", "heat absorbed", "heat"),
    ("ΔS", "change of conditional entropy", None),
    ("Σ", "conditional entropy production", "ep_conditional"),
    ("L", "statistical length", "length"),
)
_UNITS = {"nat**0.5": "nat^½"}


@dataclass(frozen=True, slots=True)
class Findings:
    """What the audit adds to the numbers.

    Attributes:
        entropy_change: ΔS(X|Θ), nats per input.
        motion: drift or diffusion, in words.
        verdict: of the audit as a whole, in words.
        outcome: whether the model learned, in words.
        reservoir: what the bursts say of the parameters as a heat reservoir: labels and sentences.
    """

    entropy_change: Estimate
    motion: str
    verdict: str
    outcome: str = ""
    reservoir: Sequence[tuple[str, str]] = ()


def summarise(name: str, attributes: Mapping[str, Any], ledger: xr.Dataset, findings: Findings) -> str:
    """What came of it, what was watched, the ledger with errors, what moved the model, what held, what to mind."""
    rows = _defined(ledger)
    text = lines.heading(name, str(attributes.get("status")))
    if findings.outcome and rows.size > 1:
        text += [*lines.entry("outcome", findings.outcome), ""]
    text += _watched(attributes, ledger)
    if rows.size:
        text += ["", *_numbers(ledger, int(rows[-1]), findings.entropy_change), ""]
        text += lines.entry("first law", _first_law(ledger, rows))
        text += lines.entry("motion", findings.motion)
        text += _performance(ledger, rows)
        text += [line for label, said in findings.reservoir for line in lines.entry(label, said)]
        text += lines.entry("audit", findings.verdict)
    else:
        text += lines.entry("ledger", "no record yet that is defined.")
    text += [line for warning in _warnings(attributes, ledger, rows) for line in lines.entry("!", warning)]
    return "\n".join(map(printable, text))


def _watched(attributes: Mapping[str, Any], ledger: xr.Dataset) -> list[str]:
    steps = ledger["step"].values
    covered = f"steps {steps[0]:,} to {steps[-1]:,} in {len(steps):,} records" if len(steps) else "nothing yet"
    return [
        *lines.model(attributes),
        *lines.probe(attributes),
        *lines.entry("recorded", f"{covered}; {_interval(attributes)}"),
    ]


def _interval(attributes: Mapping[str, Any]) -> str:
    every = attributes.get("every")
    if not isinstance(every, int):
        return "the interval was not fixed yet"
    text = f"every k = {every:,} steps, "
    if attributes.get("every_chosen_by") != "budget":
        return text + "chosen by the user"
    budget = attributes.get("budget")
    return text + ("chosen by the budget" + (f" of {100 * budget:g} %" if isinstance(budget, int | float) else ""))


def _numbers(ledger: xr.Dataset, row: int, entropy_change: Estimate) -> list[str]:
    """W, Q, ΔS, Σ and L, with the sign aligned."""
    table = []
    for symbol, words, column in _LEDGER:
        if column is None:
            value, error, kind, units = entropy_change.value, entropy_change.error, str(entropy_change.kind), "nat"
        elif column not in ledger:
            continue
        else:
            variable = ledger[column]
            error = float(ledger[f"{column}_error"].values[row]) if f"{column}_error" in ledger else 0.0
            value, kind = float(variable.values[row]), str(variable.attrs.get("kind", ""))
            units = str(variable.attrs.get("units", ""))
        amount = format_with_error(value, error)
        table.append(
            (symbol, words, amount if amount.startswith("-") else f" {amount}", _UNITS.get(units, units), kind)
        )
    wide = max((len(amount) for _, _, amount, _, _ in table), default=0)
    note = "  since the first record, per input; ± one standard error; exact for these probe inputs"
    return [note, ""] + [
        f"  {symbol:3} {words:34}{amount:<{wide}}  {units:6} {kind}" for symbol, words, amount, units, kind in table
    ]


def _first_law(ledger: xr.Dataset, rows: np.ndarray) -> str:
    """The largest |W + Q − ΔU| over the records, absolute and relative to the largest term."""
    work, heat, energy = (np.asarray(ledger[name].values, dtype=float)[rows] for name in ("work", "heat", "energy"))
    change = energy - energy[0]
    residual = float(np.abs(work + heat - change).max())
    scale = float(max(np.abs(work).max(), np.abs(heat).max(), np.abs(change).max()))
    relative = f", {residual / scale:.1e} of the largest term" if scale > 0 else ""
    return f"W + Q − ΔU is at most {residual:.1e} nat at any record{relative}"


def _performance(ledger: xr.Dataset, rows: np.ndarray) -> list[str]:
    """Accuracy and cross-entropy on the probe, loss of the training: first and last."""
    found = []
    for column, words, units in (
        ("accuracy", "accuracy", ""), ("cross_entropy", "cross-entropy", " nat"), ("loss", "loss", ""),
    ):  # fmt: skip
        if column not in ledger:
            continue
        values = np.asarray(ledger[column].values, dtype=float)[rows]
        errors = np.asarray(ledger[f"{column}_error"].values, dtype=float)[rows]
        known = np.flatnonzero(np.isfinite(values))
        if known.size:
            first, last = values[known[0]], format_with_error(float(values[known[-1]]), float(errors[known[-1]]))
            where = "of the training" if column == "loss" else "on the probe"
            found += lines.entry(words, f"{first:.4g} → {last}{units} {where}")
    return found


def _warnings(attributes: Mapping[str, Any], ledger: xr.Dataset, rows: np.ndarray) -> list[str]:
    warnings = lines.warnings(attributes)
    undefined = ledger.sizes.get("step", 0) - rows.size
    if undefined:
        warnings.append(f"{undefined} record(s) are undefined (NaN) and were left out.")
    return warnings


def _defined(ledger: xr.Dataset) -> np.ndarray:
    """The rows in which the first law's terms are finite."""
    keep = np.ones(ledger.sizes.get("step", 0), dtype=bool)
    for name in ("work", "heat", "energy"):
        keep &= np.isfinite(np.asarray(ledger[name].values, dtype=float))
    return np.flatnonzero(keep)
