"""Expectations over an ensemble of GaussianMean, known in closed form, from the ledger of every member."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from szilard import ledger
from szilard.systems import GaussianMean
from szilard.verify.case import Case
from szilard.verify.row import Comparison

MEMBERS = 2_000
_SAMPLES = 16


def ensemble(case: Case) -> Iterator[Comparison]:
    """Work and heat averaged over tasks, data sets, starts and noise: exact sums over x, and k3 on a few samples."""
    system = case.system
    if not isinstance(system, GaussianMean):
        return
    truth = system.exact(steps=case.steps)
    paths = system.simulate(case.steps, members=MEMBERS, seed=5)
    if system.dimension == 1:
        phi = system.table(paths)[..., None, :]
        for name, function in (("work", ledger.work_per_input), ("heat", ledger.heat_per_input)):
            per_member = function(phi[:, :-1], phi[:, 1:]).sum(1)[..., 0]
            yield Comparison(case.name, f"{name}, ensemble mean", truth[name], ledger.over_replicates(per_member))
    generator = torch.Generator().manual_seed(19)
    works = []
    for t in range(1, case.steps + 1):
        x = system.sample(paths[:, t - 1], _SAMPLES, generator=generator)
        works.append(ledger.work_sampled(system.phi(x, paths[:, t - 1]), system.phi(x, paths[:, t])))
    estimate = ledger.over_replicates(ledger.total(works).value)
    yield Comparison(case.name, "work, ensemble mean of k3", truth["work"], estimate)
