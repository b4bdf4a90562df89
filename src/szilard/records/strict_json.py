"""JSON as the standard has it: no NaN, no Infinity, nothing but plain data."""

from __future__ import annotations

import json
import math
from typing import Any

from szilard.errors import RecordError


def dumps(value: Any, indent: int | None = None) -> str:
    """``value`` as strict JSON: NaN becomes null, infinities the strings ``"Infinity"`` and ``"-Infinity"``.

    Arrays and tensors become nested lists, tuples become lists.

    Raises:
        RecordError: if something is neither plain data nor an array.
    """
    if indent is None:
        try:
            return _COMPACT.encode(value)
        except ValueError:  # NaN or an infinity: rare, so that the walk below costs nothing elsewhere
            return _COMPACT.encode(_finite(value))
    return json.dumps(_finite(value), allow_nan=False, indent=indent, default=_plain)


def loads(text: str | bytes) -> Any:
    """The value of strict JSON.

    Raises:
        ValueError: if ``text`` is not strict JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def number(value: float) -> float | str | None:
    """A float as strict JSON can hold it; ``float(...)`` of the strings gives it back."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return None
    return "Infinity" if value > 0 else "-Infinity"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return number(float(value))
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return _finite(_plain(value))


def _plain(value: Any) -> Any:
    """Arrays, tensors and their scalars as nested lists of numbers; mappings as dicts."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "items"):
        return dict(value.items())
    raise RecordError(
        f"a record holds numbers, text, lists and mappings, not {type(value).__name__}: convert {value!r} first."
    )


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not strict JSON")


_COMPACT = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain)
