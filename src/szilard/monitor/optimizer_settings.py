"""What a record says of the optimisers: the settings that their parameter groups hold, not the defaults beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from szilard.monitor.wrappers import groups_of

_NOT_SETTINGS = ("params", "param_names")


def settings_of(optimizers: Sequence[Any]) -> dict[str, Any] | None:
    """What moves the parameters, as JSON; None without an optimiser.

    Returns:
        ``class`` and the settings of the group with most parameters; where groups differ, also ``groups``, each with
        its own settings and how many ``parameters`` it holds. Of several optimisers the one with most parameters comes
        first in this way, with their names joined in ``class``, and all of them one by one in ``optimizers``.
    """
    described = [_settings(optimizer) for optimizer in optimizers]
    if len(described) < 2:
        return described[0] if described else None
    largest = max(range(len(described)), key=lambda number: _parameters(groups_of(optimizers[number])))
    names = " + ".join(each["class"] for each in described)
    return {**described[largest], "class": names, "optimizers": described}


def _settings(optimizer: Any) -> dict[str, Any]:
    alike: list[tuple[dict[str, Any], int]] = []
    for group in groups_of(optimizer):
        settings, held = _plain(group), _parameters([group])
        place = next((number for number, (other, _) in enumerate(alike) if other == settings), None)
        if place is None:
            alike.append((settings, held))
        else:
            alike[place] = settings, alike[place][1] + held
    told: dict[str, Any] = {"class": type(optimizer).__name__}
    if alike:
        told |= max(alike, key=lambda each: each[1])[0]
    if len(alike) > 1:
        told["groups"] = [{"parameters": held, **settings} for settings, held in alike]
    return told


def _parameters(groups: Sequence[Mapping[str, Any]]) -> int:
    return sum(int(getattr(each, "numel", lambda: 1)()) for group in groups for each in group["params"])


def _plain(group: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a group that JSON can hold."""
    found = {str(name): _value(value) for name, value in group.items() if name not in _NOT_SETTINGS}
    return {name: value for name, value in found.items() if value is not ...}


def _value(value: Any) -> Any:
    """As JSON, an ellipsis where it has no place there."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, tuple | list):
        inner = [_value(each) for each in value]
        return ... if ... in inner else inner
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, int | float | str | bool | type(None)) else ...
