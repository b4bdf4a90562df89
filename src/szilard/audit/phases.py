"""Drift or diffusion along the training: the share of a whole run averages over phases that may differ entirely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from szilard.audit.bounds import FEWEST_JUMPS
from szilard.audit.drift import DriftShare, drift_share

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the training.

    Attributes:
        first: training step at which it begins.
        last: training step at which it ends.
        share: drift's share of the work within it.
    """

    first: int
    last: int
    share: DriftShare


def phases(ledger: xr.Dataset, momentum: float = 0.0) -> tuple[Phase, ...]:
    """The drift share in the last half of the records, in the quarter before it, the eighth before that, and so on.

    Training changes fastest at its beginning, so its phases are cut finest there. A phase is judged at its coarsest
    interval with enough jumps, and left out where none has enough.
    """
    steps = ledger["step"].values
    edges = [len(steps) - 1]
    while edges[0] // 2 >= 2 * FEWEST_JUMPS:
        edges.insert(0, edges[0] // 2)
    found = []
    for begin, end in zip([0, *edges[:-1]], edges, strict=True):
        share = drift_share(ledger.isel(step=slice(begin, end + 1)), momentum)
        if share is not None and share.jumps >= FEWEST_JUMPS:
            found.append(Phase(int(steps[begin]), int(steps[end]), share))
    return tuple(found)
