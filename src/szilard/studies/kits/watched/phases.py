"""Drift or diffusion along the training: the share of a whole run averages over phases that may differ entirely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from szilard.studies.kits.watched.drift import DriftShare, Motion, drift_share
from szilard.studies.measuring_interval import at_last_interval
from szilard.verdicts.bounds import FEWEST_JUMPS, LEVEL

if TYPE_CHECKING:
    import xarray as xr

MOST_PHASES = 6
"""The first of them then holds the first 1/32 of the records."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the training.

    Attributes:
        first: training step at which it begins.
        last: training step at which it ends.
        share: drift's share of the work within it.
        level: of its interval, so that all phases together are wrong as seldom as one would be.
    """

    first: int
    last: int
    share: DriftShare
    level: float = LEVEL

    @property
    def motion(self) -> Motion:
        """What moved the model in this stretch."""
        return self.share.motion_at(self.level)


def phases(ledger: xr.Dataset, momentum: float = 0.0) -> tuple[Phase, ...]:
    """The drift share in the last half of the training, in the quarter before it, the eighth before that, and so on.

    Training changes fastest at its beginning, so its phases are cut finest there. A phase is judged at its coarsest
    interval with enough jumps, and left out where none has enough. Halves are counted in records; in training steps
    where the measuring interval doubled on the way, and each phase is then judged at its own.

    Args:
        ledger: group ``ledger`` as it is stored, each row at its own measuring interval.
        momentum: the optimiser's β.
    """
    steps = np.asarray(ledger["step"].values)
    edges = _edges(ledger, steps)
    found = []
    for begin, end in zip([0, *edges[:-1]], edges, strict=True):
        share = drift_share(at_last_interval(ledger.isel(step=slice(begin, end + 1))), momentum)
        if share is not None and share.jumps >= FEWEST_JUMPS:
            found.append(Phase(int(steps[begin]), int(steps[end]), share))
    level = 1 - (1 - LEVEL) / max(len(found), 1)
    return tuple(replace(phase, level=level) for phase in found)


def _edges(ledger: xr.Dataset, steps: np.ndarray) -> list[int]:
    """The last row of each phase: half-way as long as there are jumps enough, and where the interval doubled."""
    every = np.asarray(ledger["measuring_interval"].values) if "measuring_interval" in ledger else np.ones(len(steps))
    doubled = [int(row) - 1 for row in np.flatnonzero(np.diff(every, prepend=every[:1]) > 0)]
    begin = doubled[-1] if doubled else 0
    edges = [len(steps) - 1]
    while len(edges) < MOST_PHASES:
        half = (edges[0] + begin) // 2 if not doubled else int(np.searchsorted(steps, steps[edges[0]] / 2))
        if half - begin < 2 * FEWEST_JUMPS:
            break
        edges.insert(0, half)
    return [*[row for row in doubled if row < edges[0]], *edges][-MOST_PHASES:]


def in_words(found: Sequence[Phase]) -> str:
    """The phases with what moved the model, neighbours that agree taken together; empty for fewer than two.

    Example: ``"steps 0–300: drift; steps 300–600: undecided"``.
    """
    if len(found) < 2:
        return ""
    stretches: list[tuple[int, int, Motion]] = []
    for phase in found:
        if stretches and stretches[-1][2] is phase.motion:
            stretches[-1] = (stretches[-1][0], phase.last, phase.motion)
        else:
            stretches.append((phase.first, phase.last, phase.motion))
    return "; ".join(f"steps {first:,}–{last:,}: {motion}" for first, last, motion in stretches)
