"""W, Q and L of the whole run at its last measuring interval, where the interval doubled on the way.

Each row holds them at multiples of the measuring interval of its own time, ``measuring_interval``. What is 1 at the end
was 2, 4, 8, … before: the columns move, and what was too long for any jump yet is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

_DIMENSION = "path_interval"
_PATH = ("work", "heat", "length")
_MOVED = "multiples_of"
"""Attribute of ``path_interval``: the measuring interval whose multiples all rows show."""


def at_last_interval(ledger: xr.Dataset) -> xr.Dataset:
    """The ledger with every row at the multiples of the last row's measuring interval, as if it had always been that.

    Args:
        ledger: group ``ledger`` of the record of one run.

    Returns:
        the same, but for what lies along ``path_interval``, whose values are in training steps then. A multiple that a
        row did not hold, though it might have made a jump, is NaN (-1 for counters). Beside it ``work_at_interval``,
        ``heat_at_interval`` and ``length_at_interval`` with their errors: W, Q (nats) and L (nat^½) of the path looked
        at once every measuring interval from its first step on, which runs of one interval can be compared by; shape
        (records,). Unchanged where nothing lies along ``path_interval``.
    """
    if _DIMENSION not in ledger.dims or "work_by_interval" not in ledger:
        return ledger
    if "measuring_interval" in ledger and ledger.sizes["step"] and _MOVED not in ledger[_DIMENSION].attrs:
        every = np.asarray(ledger["measuring_interval"].values)
        if every[-1] > 0 and (every != every[-1]).any():
            ledger = _moved(ledger, every)
    own = {}
    for name in _PATH:
        for suffix in ("", "_error"):
            series = ledger.get(f"{name}_by_interval{suffix}")
            if series is not None:
                own[f"{name}_at_interval{suffix}"] = _first(series, name, suffix)
    return ledger.assign(own)


def _first(series: xr.DataArray, name: str, suffix: str) -> tuple[tuple[str, ...], np.ndarray, dict[str, Any]]:
    """The shortest interval's series as a variable of its own."""
    attributes = {key: value for key, value in series.attrs.items() if key != "ancillary_variables"}
    attributes["long_name"] = f"{name} at the last measuring interval" + (", standard error" if suffix else "")
    if not suffix:
        attributes["ancillary_variables"] = f"{name}_at_interval_error"
    return ("step",), np.asarray(series.isel({_DIMENSION: 0}).values), attributes


def _moved(ledger: xr.Dataset, every: np.ndarray) -> xr.Dataset:
    """Every row's columns moved to the multiples of the last measuring interval."""
    multiples = _multiples(ledger, every)
    steps = np.asarray(ledger["step"].values)
    columns = np.full((len(every), len(multiples)), -1, dtype=np.int8)  # a record may have a million rows
    for other in np.unique(every):
        wanted = np.asarray(multiples) * every[-1] / other
        columns[every == other] = [int(np.flatnonzero(multiples == each)[0]) if each in multiples else -1
                                   for each in wanted]  # fmt: skip
    missing, early = columns < 0, multiples[None, :] * every[-1] > steps[:, None]
    columns = np.maximum(columns, 0)
    moved = {}
    for name, array in ledger.data_vars.items():
        if _DIMENSION not in array.dims:
            continue
        values = np.asarray(array.values)
        unknown = -1 if values.dtype.kind == "i" else np.nan
        taken = np.take_along_axis(values, columns, axis=array.dims.index(_DIMENSION))
        taken[missing] = unknown
        taken[missing & early] = 0
        moved[name] = (array.dims, taken, array.attrs)
    attributes = {**ledger[_DIMENSION].attrs, _MOVED: int(every[-1])}
    coordinate = (_DIMENSION, multiples * float(every[-1]), attributes)
    return ledger.assign(moved).assign_coords({_DIMENSION: coordinate})


def _multiples(ledger: xr.Dataset, every: np.ndarray) -> np.ndarray:
    """The intervals as multiples of the measuring interval: the shortest is 1."""
    stored = np.asarray(ledger[_DIMENSION].values, dtype=float)
    return stored / stored[0]
