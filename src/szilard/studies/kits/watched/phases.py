"""Drift or diffusion along the training: the share of a whole run averages over phases that may differ entirely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from szilard.studies.kits.watched.drift import DriftShare, Motion, drift_share
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
    """The drift share in the last half of the records, in the quarter before it, the eighth before that, and so on.

    Training changes fastest at its beginning, so its phases are cut finest there. A phase is judged at its coarsest
    interval with enough jumps, and left out where none has enough.
    """
    steps = ledger["step"].values
    edges = [len(steps) - 1]
    while edges[0] // 2 >= 2 * FEWEST_JUMPS and len(edges) < MOST_PHASES:
        edges.insert(0, edges[0] // 2)
    found = []
    for begin, end in zip([0, *edges[:-1]], edges, strict=True):
        share = drift_share(ledger.isel(step=slice(begin, end + 1)), momentum)
        if share is not None and share.jumps >= FEWEST_JUMPS:
            found.append(Phase(int(steps[begin]), int(steps[end]), share))
    level = 1 - (1 - LEVEL) / max(len(found), 1)
    return tuple(replace(phase, level=level) for phase in found)


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
