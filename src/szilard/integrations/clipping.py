"""Measures that look at gradients are told whether the framework clips them first."""

from __future__ import annotations

import dataclasses
from typing import Any

from szilard.monitor.reservoir import Reservoir


def told_of_clipping(measures: Any, clipped: bool | None) -> Any:
    """The user's measures, of which a reservoir is told whether the gradients that it looks at are clipped.

    Args:
        measures: as the user has given them.
        clipped: None where the framework cannot know.
    """
    if clipped is None or not isinstance(measures, list | tuple):
        return measures
    return [
        dataclasses.replace(each, clipped=clipped) if isinstance(each, Reservoir) and each.clipped is None else each
        for each in measures
    ]
