"""Drift or diffusion: whether consecutive jumps point the same way, told from W at two measuring intervals.

To leading order a jump δ costs ``½ δ·F δ`` (F: Fisher matrix), so merging m jumps of c steps into one adds their cross
terms to the work. With ``R = W(mc)/W(c)`` over the same steps, straight motion has R = m, white-noise diffusion R = 1,
and the drift's share of W(c) is ``(R − 1)/(m − 1)``. See docs/quantities/measuring-interval.md.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.verdicts.bounds import DRIFT, FEWEST_BLOCKS, FEWEST_EFFECTIVE, FEWEST_JUMPS, LEVEL

if TYPE_CHECKING:
    import xarray as xr


class Motion(enum.StrEnum):
    """What moved the model, as seen at one measuring interval."""

    DRIFT = "drift"
    """Jumps point the same way: the interval of the share lies above 0 and reaches beyond the bound."""
    DIFFUSION = "diffusion"
    """The interval of the share lies within ±bound: work grows in proportion to the steps, whatever the interval."""
    NO_DRIFT = "no net drift"
    """The interval holds 0 and stays under the bound, but jumps that undo one another may hide a drift."""
    RESTORING = "restoring"
    """Jumps undo one another (relaxation, fluctuation about a minimum): merging them lowers the work for certain."""
    UNDECIDED = "undecided"
    """Too little evidence, or jumps less alike than momentum makes those of noise that may yet agree."""


@dataclass(frozen=True, slots=True)
class DriftShare:
    """Drift's share of the work at one measuring interval.

    Attributes:
        interval: c, training steps.
        ratio: m; the other interval is m·c.
        share: drift's share of W(c), with an error from a jackknife over blocks of equal work.
        jumps: at the coarser interval.
        work: W(c) over the compared steps, nats per input.
        steps: training steps compared.
        noise_ratio: W(mc)/W(c) of pure noise under the optimiser's momentum; 1 without.
        linearity: work of the second half of these steps over that of the first (1 when W ∝ n).
    """

    interval: int
    ratio: int
    share: Estimate
    jumps: int
    work: float
    steps: int
    noise_ratio: float
    linearity: float

    @property
    def work_ratio(self) -> float:
        """R = W(mc)/W(c), of which the share is (R − r)/(m − r)."""
        return float(self._to_ratio(self.share.value))

    @property
    def enough(self) -> bool:
        """Whether there are jumps enough, and the work is not that of a few of them."""
        return self.jumps >= FEWEST_JUMPS and self.share.degrees_of_freedom >= FEWEST_EFFECTIVE - 1

    @property
    def less_alike(self) -> bool:
        """Whether jumps are surely less alike than momentum makes those of noise (R < r), yet may agree."""
        return bool(self.enough and self.motion is Motion.UNDECIDED and self.share.interval(LEVEL)[1] < 0)

    def _to_ratio(self, share: float) -> float:
        return share * (self.ratio - self.noise_ratio) + self.noise_ratio

    @property
    def motion(self) -> Motion:
        """What moved the model, judged by the 95 % interval of the share."""
        return self.motion_at(LEVEL)

    def motion_at(self, level: float) -> Motion:
        """The verdict at another level, as where several shares are judged together."""
        low, high = self.share.interval(level)
        if math.isnan(low) or not self.enough:
            return Motion.UNDECIDED
        if low >= -DRIFT and high <= DRIFT:
            return Motion.DIFFUSION
        if low > 0:
            return Motion.DRIFT
        if high < 0:  # with r > 1 this alone does not say that jumps undo one another: they may point the same way
            return Motion.RESTORING if self._to_ratio(high) < 1 else Motion.UNDECIDED
        return Motion.NO_DRIFT if high <= DRIFT else Motion.UNDECIDED


def momentum_of(optimizer: Any) -> float:
    """β of the optimiser as recorded: SGD's ``momentum`` or the first of Adam's ``betas``; 0 where there is none.

    Of several groups or optimisers that which remembers longest: what it makes alike is to be allowed for.
    """
    settings = dict(optimizer) if isinstance(optimizer, dict) else {}
    nested = settings.get("defaults")
    settings |= nested if isinstance(nested, dict) else {}
    lists = [settings.get(key) for key in ("groups", "optimizers")]
    parts = [part for parts in lists if isinstance(parts, list) for part in parts if isinstance(part, dict)]
    betas = settings.get("betas")
    beta = betas[0] if isinstance(betas, list | tuple) and betas else settings.get("momentum", 0.0)
    own = min(float(beta), 0.9999) if isinstance(beta, int | float) and beta > 0 else 0.0
    return max([own, *map(momentum_of, parts)])


def drift_shares(ledger: xr.Dataset, momentum: float = 0.0) -> tuple[DriftShare, ...]:
    """The drift share at every measuring interval c that has a recorded multiple, from fine to coarse.

    Args:
        ledger: group ``ledger``: ``work_by_interval``, ``steps_by_interval`` and ``jumps_by_interval`` by
            ``(step, path_interval)``.
        momentum: the optimiser's β (SGD's momentum, Adam's β₁). It makes consecutive jumps of pure noise alike, and
            that is allowed for.
    """
    if "work_by_interval" not in ledger:
        return ()
    intervals = spacings(ledger)
    shares = []
    for fine, c in enumerate(intervals):
        coarser = [(other // c, index) for index, other in enumerate(intervals) if other > c > 0 and other % c == 0]
        if coarser and (share := _share(ledger, fine, c, *min(coarser), momentum)) is not None:
            shares.append(share)
    return tuple(sorted(shares, key=lambda share: share.interval))


def drift_share(ledger: xr.Dataset, momentum: float = 0.0) -> DriftShare | None:
    """The share to judge by: at the coarsest interval with enough jumps, where momentum has decayed most.

    None when no pair of intervals has an error bar; otherwise the pair with most jumps where none has enough.
    """
    shares = drift_shares(ledger, momentum)
    enough = [share for share in shares if share.enough]
    return enough[-1] if enough else max(shares, key=lambda share: share.jumps, default=None)


def noise_work_ratio(momentum: float, c: int, ratio: int) -> float:
    """W(mc)/W(c) of white gradient noise under momentum β, over equal steps.

    The displacements of consecutive steps correlate as β^h, so those of c steps have variance
    ``V(c) ∝ c (1+β)/(1−β) − 2β(1−β^c)/(1−β)²`` and W per step goes as V(c)/c.

    Example:
        >>> noise_work_ratio(0.0, 4, 2)
        1.0
        >>> round(noise_work_ratio(0.5, 1, 2), 12)  # unit variance, covariance 0.5: (1 + 0.5)/1
        1.5
    """

    def variance(length: int) -> float:
        rest = 1 - momentum
        return length * (1 + momentum) / rest - 2 * momentum * (1 - momentum**length) / rest**2

    return variance(ratio * c) / (ratio * variance(c))


def spacings(ledger: xr.Dataset) -> list[int]:
    """Training steps between the jumps of each measuring interval, from the record's own counters; 0 without a jump."""
    steps = np.diff(np.asarray(ledger["steps_by_interval"].values), axis=0)
    jumps = np.diff(np.asarray(ledger["jumps_by_interval"].values), axis=0)
    made = [steps[jumps[:, column] == 1, column] for column in range(steps.shape[1])]
    return [int(np.median(column)) if len(column) else 0 for column in made]


def _share(ledger: xr.Dataset, fine: int, c: int, ratio: int, coarse: int, momentum: float) -> DriftShare | None:
    """One pair of intervals; None with too few jumps for an error bar."""
    steps, work_fine, work_coarse = _increments(ledger, fine, c, coarse, ratio * c)
    jumps = len(steps)
    if jumps < FEWEST_BLOCKS or not work_fine.sum() > 0:
        return None
    noise = noise_work_ratio(momentum, c, ratio)
    fine_blocks, coarse_blocks = _equal_work(work_fine, work_coarse)
    count = len(fine_blocks)
    error = math.nan
    if count > 1:
        # The share (R − r)/(m − r), r being R of pure noise, with each block left out in turn.
        rest = (coarse_blocks.sum() - coarse_blocks) / (fine_blocks.sum() - fine_blocks)
        left_out = (rest - noise) / (ratio - noise)
        error = math.sqrt((count - 1) / count * float(((left_out - left_out.mean()) ** 2).sum()))
    effective = float(fine_blocks.sum() ** 2 / (fine_blocks**2).sum())
    value = float((work_coarse.sum() / work_fine.sum() - noise) / (ratio - noise))
    first = work_fine[: jumps // 2].sum()
    later = work_fine[jumps - jumps // 2 :].sum()
    return DriftShare(
        interval=c,
        ratio=ratio,
        share=Estimate(value, error, Kind.ASYMPTOTIC, effective - 1),
        jumps=jumps,
        work=float(work_fine.sum()),
        steps=int(steps.sum()),
        noise_ratio=noise,
        linearity=float(later / first) if first > 0 else math.nan,
    )


def _equal_work(work_fine: np.ndarray, work_coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _increments(
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
