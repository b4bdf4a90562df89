"""What a record says of itself and of its arrays, checked when it is read: readers rely on it without looking again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.errors import RecordError
from szilard.estimate import Kind
from szilard.records import strict_json

DEEPEST = 64
"""Lists and mappings within one another that an attribute may have."""
_OF_ROOT: dict[str, type] = {
    "notes": int, "status": str, "kind_of_run": str, "coordinates": dict, "coordinate_names": dict, "unavailable": dict,
}  # fmt: skip
_OF_ARRAY: dict[str, type] = {
    "long_name": str, "units": str, "kind": str, "cumulative": bool, "equation": str, "ancillary_variables": str,
    "error_meaning": str, "of": str, "coordinates": str,
}  # fmt: skip


def check_attributes(attributes: Any) -> dict[str, Any]:
    """The attributes of a root, or changes of them.

    Raises:
        TypeError, ValueError: if what readers rely on is of another kind, or they are nested too deeply.
    """
    found = _checked(attributes, _OF_ROOT)
    for place, values in (found.get("coordinates") or {}).items():
        if not isinstance(values, list):
            raise TypeError(f"the coordinates {place!r} are {type(values).__name__}")
    for place, texts in (found.get("coordinate_names") or {}).items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"the coordinate names {place!r} are no list of texts")
    return found


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as they will be read again: strict JSON.

    Raises:
        RecordError: if they are none, or could not be read again.
    """
    try:
        return check_attributes(strict_json.loads(strict_json.dumps(dict(attributes))))
    except (TypeError, ValueError) as error:
        raise RecordError(f"the attributes of a record cannot be these ({error}): change them.") from error


def check_description(attributes: Any) -> dict[str, Any]:
    """The attributes of an array or a group.

    Raises:
        TypeError, ValueError: if what readers rely on is of another kind, or they are nested too deeply.
    """
    found = _checked(attributes, _OF_ARRAY)
    if found.get("kind") is not None:
        Kind(found["kind"])
    return found


def check_depth(value: Any) -> None:
    """Refuses what is nested so deeply that those who walk over it would get lost.

    Raises:
        ValueError: if it is.
    """
    level = [value]
    for _ in range(DEEPEST):
        inner = [each.values() if isinstance(each, Mapping) else each for each in level]
        level = [each for items in inner for each in items if isinstance(each, dict | list)]
        if not level:
            return
    raise ValueError(f"nested more than {DEEPEST} deep")


def _checked(attributes: Any, types: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(attributes, dict):
        raise TypeError(f"attributes are {type(attributes).__name__}, no mapping")
    check_depth(attributes)
    for name, kind in types.items():
        value = attributes.get(name)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise TypeError(f"attribute {name!r} is {type(value).__name__}, not {kind.__name__}")
    return dict(attributes)
