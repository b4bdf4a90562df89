"""What the estimators save: a 50-class softmax under SGD, 400 steps, 64 samples a step, 400 replicates at once.

The path is fixed; replicates are members with samples of their own, so ratios of variances are good to about
``2√(2/400)`` ≈ 14 % for totals, and better for sums over steps. The baselines see the same number of samples:

- work: the mean of d over the very same samples;
- heat, "uncentred": the same samples with ``(e^{−d} − 1) φ_t``, without the leave-one-out mean;
- heat, "Eq. 23": ``φ_t(x_t) − φ_t(x_{t−1})`` with fresh samples from both models at every step.
"""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate
from szilard.systems import Categorical, DescentPath

pytestmark = pytest.mark.slow

STEPS, SAMPLES, REPLICATES = 400, 64, 400
SYSTEM = Categorical.random(50, concentration=0.5, path=DescentPath(rate=0.5, batch_size=16), seed=0)


@pytest.fixture(scope="module", name="steps")
def _steps() -> dict[str, Tensor]:
    """Every estimator's value shaped (steps, replicates)."""
    path = SYSTEM.simulate(STEPS, seed=0)
    generator = torch.Generator().manual_seed(9)
    rows: dict[str, list[Tensor]] = {name: [] for name in ("k3", "d", "leave one out", "uncentred", "Eq. 23")}
    for before, after in itertools.pairwise(path):
        before, after = before.expand(REPLICATES, -1), after.expand(REPLICATES, -1)
        x = SYSTEM.sample(before, SAMPLES, generator=generator)
        y = SYSTEM.sample(after, SAMPLES, generator=generator)
        phi_before, phi_after = SYSTEM.phi(x, before), SYSTEM.phi(x, after)
        rows["k3"].append(ledger.work_sampled(phi_before, phi_after).value)
        rows["d"].append((phi_after - phi_before).mean(-1))
        rows["leave one out"].append(ledger.heat_sampled(phi_before, phi_after).value)
        rows["uncentred"].append((torch.expm1(phi_before - phi_after) * phi_after).mean(-1))
        rows["Eq. 23"].append((SYSTEM.phi(y, after) - phi_after).mean(-1))
    return {name: torch.stack(values) for name, values in rows.items()}


@pytest.fixture(scope="module", name="totals")
def _totals(steps: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every route's total per replicate; "checkpoints" is S_n − S_0 − W with 100 times the samples at both ends."""
    path = SYSTEM.simulate(STEPS, seed=0)
    generator = torch.Generator().manual_seed(10)
    ends = [point.expand(REPLICATES, -1) for point in (path[0], path[-1])]
    start, end = (
        ledger.entropy_sampled(SYSTEM.phi(SYSTEM.sample(end, 100 * SAMPLES, generator=generator), end)) for end in ends
    )
    totals = {name: values.sum(0) for name, values in steps.items()}
    work = Estimate(totals["k3"], torch.zeros_like(totals["k3"]), start.kind)
    return {**totals, "checkpoints": ledger.heat_total(start, end, work).value}


def _ratio(of: Tensor, to: Tensor) -> float:
    return float(of.var(-1).sum() / to.var(-1).sum())


def test_work_has_500_times_less_variance(steps: dict[str, Tensor], totals: dict[str, Tensor]) -> None:
    per_step, total = _ratio(steps["d"], steps["k3"]), _ratio(totals["d"], totals["k3"])
    print(f"variance of W, mean of d over k3: per step {per_step:.0f}, total {total:.0f}")
    assert per_step >= 500
    assert total >= 500


def test_heat_per_step_has_3_times_less_variance(steps: dict[str, Tensor]) -> None:
    uncentred = _ratio(steps["uncentred"], steps["leave one out"])
    fresh = _ratio(steps["Eq. 23"], steps["leave one out"])
    print(f"variance of Q per step over leave-one-out: uncentred {uncentred:.1f}, Eq. 23 {fresh:.0f}")
    assert uncentred >= 3
    assert fresh >= 500
    assert torch.all(steps["Eq. 23"].var(-1) > 3 * steps["leave one out"].var(-1))


def test_total_heat_has_50_times_less_variance(totals: dict[str, Tensor]) -> None:
    over = {name: _ratio(totals[name], totals["checkpoints"]) for name in ("uncentred", "Eq. 23", "leave one out")}
    print("variance of total Q over checkpoints:", ", ".join(f"{name} {ratio:.0f}" for name, ratio in over.items()))
    assert over["uncentred"] >= 50
    assert over["Eq. 23"] >= 50
    assert over["leave one out"] >= 10


@pytest.mark.parametrize("route", ["k3", "d", "leave one out", "uncentred", "Eq. 23", "checkpoints"])
def test_totals_are_unbiased(totals: dict[str, Tensor], route: str) -> None:
    truth = SYSTEM.exact(steps=STEPS, seed=0)["work" if route in ("k3", "d") else "heat"]
    error = float(totals[route].std()) / math.sqrt(REPLICATES)
    z = (float(totals[route].mean()) - truth) / error
    print(f"{route}: {float(totals[route].mean()):.5f} ± {error:.5f}, truth {truth:.5f}, z = {z:+.2f}")
    assert abs(z) < 3
