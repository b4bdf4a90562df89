"""Sampled estimators against the systems' answers: their own error bars decide."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate
from szilard.verify.case import Case
from szilard.verify.row import Comparison

SAMPLES = 20_000
"""Per step; enough for the normal intervals to hold (docs/coverage.md)."""


def step_by_step(case: Case) -> Iterator[Comparison]:
    """Fresh samples ``x ~ p_{t−1}`` at every step, added up; σ and q along the trajectories that they form."""
    truth = case.truth
    generator = torch.Generator().manual_seed(17)
    works, heats, lengths, checks = [], [], [], []
    old = _draw(case, 0, generator)
    paths = ledger.Pathwise.start(_phi(case, old, 0))
    for t in range(1, case.steps + 1):
        before, after = _phi(case, old, t - 1), _phi(case, old, t)
        works.append(ledger.work_sampled(before, after))
        heats.append(ledger.heat_sampled(before, after))
        lengths.append(ledger.length_sampled(before, after))
        checks.append(ledger.fluctuation_sampled(before, after))
        old = _draw(case, t, generator)
        paths = paths.advance(after, _phi(case, old, t))
    start, end = (_draw(case, t, generator) for t in (0, -1))
    entropies = [ledger.entropy_sampled(_phi(case, x, t)) for x, t in ((start, 0), (end, -1))]
    work = ledger.total(works)
    rows: list[tuple[str, str, Estimate]] = [
        ("entropy_conditional", "entropy, samples", entropies[1]),
        ("work", "work, k3", work),
        ("heat", "heat, leave-one-out", ledger.total(heats)),
        ("heat", "heat, S_n − S_0 − W", ledger.heat_total(entropies[0], entropies[1], work)),
        ("length", "length, samples", ledger.total(lengths)),
        ("fluctuation", "fluctuation, samples", _mean(checks)),
        ("work", "work along trajectories", ledger.over_replicates(paths.work)),
        ("heat", "heat q along trajectories", ledger.over_replicates(paths.heat)),
        ("ep_conditional", "σ along trajectories", ledger.over_replicates(paths.entropy_production)),
    ]
    for name, estimator, estimate in rows:
        yield Comparison(case.name, estimator, truth[name], estimate)


def reused(case: Case) -> Iterator[Comparison]:
    """One set of samples for every segment of the path, by importance weights."""
    truth = case.truth
    generator = torch.Generator().manual_seed(18)
    works, heats, checks = [], [], []
    for first in range(0, case.steps, case.segment):
        last = min(first + case.segment, case.steps)
        x = _draw(case, first, generator)
        phi = torch.stack([_phi(case, x, t) for t in range(first, last + 1)], -2)
        works.append(ledger.work_reused(phi))
        heats.append(ledger.heat_reused(phi))
        checks.append(ledger.fluctuation_reused(phi))
    yield Comparison(case.name, "work, reused samples", truth["work"], ledger.total(works))
    yield Comparison(case.name, "heat, reused samples", truth["heat"], ledger.total(heats))
    yield Comparison(case.name, "fluctuation, reused samples", truth["fluctuation"], _mean(checks))


def _draw(case: Case, t: int, generator: torch.Generator) -> Tensor:
    return case.system.sample(case.path[t], SAMPLES, generator=generator)


def _phi(case: Case, x: Tensor, t: int) -> Tensor:
    return case.system.phi(x, case.path[t])


def _mean(steps: list[Estimate]) -> Estimate:
    total = ledger.total(steps)
    return Estimate(total.value / len(steps), total.error / len(steps), total.kind)
