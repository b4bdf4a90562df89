"""Expectations over an ensemble of GaussianMean, known in closed form, from the ledger of every member."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.systems import GaussianMean
from szilard.verify.case import Case
from szilard.verify.row import Comparison

MEMBERS = 2_000
_SAMPLES = 16


def ensemble(case: Case) -> Iterator[Comparison]:
    """Work and heat averaged over tasks, data sets, starts and noise: exact sums over x, and k3 on a few samples."""
    if not isinstance(case.system, GaussianMean):
        return
    truth = case.system.exact(steps=case.steps)
    paths = case.system.simulate(case.steps, members=MEMBERS, seed=5)
    if case.system.dimension == 1:
        phi = case.system.table(paths)[..., None, :]
        for name, function in (("work", ledger.work_per_input), ("heat", ledger.heat_per_input)):
            per_member = function(phi[:, :-1], phi[:, 1:]).sum(1)[..., 0]
            yield Comparison(case.name, f"{name}, ensemble mean", truth[name], ledger.over_replicates(per_member))
    estimate = ledger.over_replicates(member_works(case.system, paths))
    yield Comparison(case.name, "work k3, ensemble mean", truth["work"], estimate)


def member_works(
    system: GaussianMean, paths: Float[Tensor, "members points dimension"], *, seed: int = 19
) -> Float[Tensor, " members"]:
    """Every member's work along its own path, by k3 on sixteen samples a step."""
    generator = torch.Generator().manual_seed(seed)
    works = []
    for t in range(1, paths.shape[1]):
        x = system.sample(paths[:, t - 1], _SAMPLES, generator=generator)
        works.append(ledger.work_sampled(system.phi(x, paths[:, t - 1]), system.phi(x, paths[:, t])))
    return torch.as_tensor(ledger.total(works).value)
