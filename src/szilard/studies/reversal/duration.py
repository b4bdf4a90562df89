"""About how long a run ``reversal`` will take, from trying small parts of it."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from szilard.studies.reversal.engine.ground import Build, Ground
from szilard.studies.reversal.engine.paths import walk
from szilard.studies.reversal.engine.widths import against_width
from szilard.studies.reversal.spec import Reversal
from szilard.training.training import Loss

_LEAST: dict[str, Any] = {"starts": (0,), "steps": 1, "looks": 1, "window": 1}
"""The least that a network can do: one step forward and back, and one look at its laziness."""
_MORE = 5
"""Steps of a longer path."""
_TRAINED = 50
"""Steps of training that are tried."""


def seconds_of(spec: Reversal, builds: list[Build], ground: Ground, loss: Loss) -> float:
    """Of all seeds, on a machine that stays as busy as it is now; what is tried takes seconds itself."""
    of_seed = sum(_of_network(spec, build, ground, loss) for build in builds)
    return spec.seeds * (of_seed + _of_widths(spec, ground, loss))


def _of_network(spec: Reversal, build: Build, ground: Ground, loss: Loss) -> float:
    """From what one more step of training, look, or step of a path adds to the least."""

    def trial(**more: Any) -> float:
        part = dataclasses.replace(spec, **{**_LEAST, **more})
        begin = time.perf_counter()
        walk(part, build, ground, loss, _nothing)
        return time.perf_counter() - begin

    trial()  # the first is slow
    least, trained, looked = trial(), trial(starts=(_TRAINED,)), trial(window=_MORE)
    path = trial(window=_MORE, steps=_MORE)
    step, look = max(trained - least, 0.0) / _TRAINED, max(looked - least, 0.0)
    back = max(path - looked, 0.0) / (_MORE - 1)
    of_start = least + back * (spec.steps - 1) + look * (len(spec.looks_at) - 1) + step * spec.window
    return step * spec.starts[-1] + len(spec.starts) * of_start


def _of_widths(spec: Reversal, ground: Ground, loss: Loss) -> float:
    """Likewise, all widths together."""
    if spec.wide is None:
        return 0.0
    spent = []
    for steps in (1, _MORE):
        begin = time.perf_counter()
        against_width(dataclasses.replace(spec, steps=steps), spec.wide, ground, loss, _nothing)
        spent.append(time.perf_counter() - begin)
    return spent[0] + max(spent[1] - spent[0], 0.0) / (_MORE - 1) * (spec.steps - 1)


def _nothing() -> None:
    """No progress to tell of."""
