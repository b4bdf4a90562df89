"""A run in a screenful of plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, format_with_error
from szilard.printable import printable

if TYPE_CHECKING:
    import xarray as xr

WIDTH = 88
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
    """

    entropy_change: Estimate
    motion: str
    verdict: str
    outcome: str = ""


def summarise(name: str, attributes: Mapping[str, Any], ledger: xr.Dataset, findings: Findings) -> str:
    """What came of it, what was watched, the ledger with errors, what moved the model, what held, what to mind."""
    rows = _defined(ledger)
    lines = [_heading(name, str(attributes.get("status"))), "─" * WIDTH]
    if findings.outcome and rows.size > 1:
        lines += [*_entry("outcome", findings.outcome), ""]
    lines += _watched(attributes, ledger)
    if rows.size:
        lines += ["", *_numbers(ledger, int(rows[-1]), findings.entropy_change), ""]
        lines += _entry("first law", _first_law(ledger, rows))
        lines += _entry("motion", findings.motion)
        lines += _performance(ledger, rows)
        lines += _entry("audit", findings.verdict)
    else:
        lines += _entry("ledger", "no record yet that is defined.")
    lines += [line for warning in _warnings(attributes, ledger, rows) for line in _entry("!", warning)]
    return "\n".join(map(printable, lines))


def _heading(name: str, status: str) -> str:
    return f"{name}{status.upper() if status != 'complete' else status:>{max(2, WIDTH - len(name))}}"


def _watched(attributes: Mapping[str, Any], ledger: xr.Dataset) -> list[str]:
    model, probe = _mapping(attributes, "model"), _mapping(attributes, "probe")
    optimizer = _mapping(attributes, "optimizer")
    described = [str(model.get("class", "a model"))]
    if isinstance(model.get("parameters"), int):
        described.append(f"{model['parameters']:,} parameters")
    described.append(f"forward pass in {attributes.get('forward_precision', 'unknown precision')}")
    if model.get("device"):
        described.append(f"on {model['device']}")
    lines = _entry("model", ", ".join(described))
    if optimizer:
        shown = [("lr", "lr"), ("momentum", "momentum"), ("betas", "betas"), ("weight_decay", "weight decay")]
        settings = [f"{label} {_short(optimizer[key])}" for key, label in shown if optimizer.get(key)]
        lines += _entry("optimiser", ", ".join([str(optimizer.get("class", "unknown")), *settings]))
    counts = [
        f"{probe[key]:,} {key}"
        for key in ("inputs", "heads", "outcomes")
        if isinstance(probe.get(key), int) and (key, probe[key]) != ("heads", 1)
    ]
    lines += _entry("probe", " × ".join(counts) + (", labelled" if probe.get("labelled") else "")) if counts else []
    steps = ledger["step"].values
    covered = f"steps {steps[0]:,} to {steps[-1]:,} in {len(steps):,} records" if len(steps) else "nothing yet"
    return lines + _entry("recorded", f"{covered}; {_interval(attributes)}")


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
    lines = []
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
            lines += _entry(words, f"{first:.4g} → {last}{units} {where}")
    return lines


def _warnings(attributes: Mapping[str, Any], ledger: xr.Dataset, rows: np.ndarray) -> list[str]:
    warnings = []
    status = attributes.get("status")
    if status == "incomplete":
        warnings.append("incomplete: the run is still going, or it was killed; what was recorded so far is here.")
    if status == "broken":
        where, why = attributes.get("broken_at_step"), attributes.get("broken_because") or "no reason was recorded"
        warnings.append(f"broken{'' if where is None else f' at step {where}'}: {why}")
    if attributes.get("forward_flagged"):
        precision = attributes.get("forward_precision", "low precision")
        warnings.append(f"the forward pass ran in {precision}: work and heat below its rounding are not to be trusted.")
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


def _entry(label: str, text: str) -> list[str]:
    """``text`` wrapped beside its label."""
    import textwrap

    wrapped = textwrap.wrap(text, WIDTH - 16) or [""]
    return [f"  {label if not number else '':13} {line}" for number, line in enumerate(wrapped)]


def _mapping(attributes: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = attributes.get(key)
    return value if isinstance(value, Mapping) else {}


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)
