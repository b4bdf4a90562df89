"""W at two measuring intervals, jump by jump, and in blocks of equal work for the jackknife."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from szilard.verdicts.bounds import FEWEST_JUMPS

if TYPE_CHECKING:
    import xarray as xr


def equal_work(work_fine: np.ndarray, work_coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W(c) and W(mc) of consecutive blocks of jumps that hold about equal W(c).

    Blocks of equal time leave the error to one or two of them where most of the work was done at the start.
    """
    label = (work_fine.cumsum() / work_fine.sum() - 1e-12) * FEWEST_JUMPS
    label = np.clip(label, 0, FEWEST_JUMPS - 1).astype(int)
    blocks = [label == block for block in np.unique(label)]
    return (
        np.array([work_fine[block].sum() for block in blocks]),
        np.array([work_coarse[block].sum() for block in blocks]),
    )


def increments(
    ledger: xr.Dataset, fine: int, c: int, coarse: int, merged: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, W(c) and W(mc) of each coarse jump: differences between rows at which both series cover the same steps.

    Between its jumps a series carries its last value. A ragged jump (calibration, the close) is left out.
    """
    steps = np.asarray(ledger["steps_by_interval"].values)
    jumps = np.asarray(ledger["jumps_by_interval"].values)
    work = np.asarray(ledger["work_by_interval"].values, dtype=float)
    together = (steps[:, fine] == steps[:, coarse]) & np.isfinite(work[:, fine]) & np.isfinite(work[:, coarse])
    together &= steps[:, fine] >= 0
    rows = np.flatnonzero(together)
    covered = np.diff(steps[rows, fine])
    regular = (covered == merged) & (np.diff(jumps[rows, fine]) * c == merged) & (np.diff(jumps[rows, coarse]) == 1)
    return covered[regular], np.diff(work[rows, fine])[regular], np.diff(work[rows, coarse])[regular]
