"""Markov text: its answers against recursions over positions, which no list of sequences is needed for."""

from __future__ import annotations

import math

import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import MarkovText

SYSTEMS = [MarkovText(vocabulary=3, length=5), MarkovText(vocabulary=4, length=4, ends=True, population=3)]


@pytest.fixture(params=SYSTEMS, ids=["all of a length", "ends"], name="system")
def _system(request: pytest.FixtureRequest) -> MarkovText:
    return request.param


def _by_position(system: MarkovText, before: torch.Tensor, after: torch.Tensor) -> tuple[float, float, float]:
    """KL, entropy of ``before`` and mean tokens, by carrying the distribution of the next row from place to place."""
    shape = (1 + system.vocabulary, system.vocabulary)
    p, q = (torch.log_softmax(theta.reshape(shape), -1) for theta in (before, after))
    divergence, entropy = (p.exp() * (p - q)).sum(-1), -(p.exp() * p).sum(-1)
    row = torch.zeros(shape[0], dtype=torch.float64)
    row[0] = 1
    sums = [0.0, 0.0, 0.0]
    for _ in range(system.length):
        if system.ends:
            row[-1] = 0
        for i, each in enumerate((divergence, entropy, torch.ones_like(entropy))):
            sums[i] += float(row @ each)
        row = torch.cat([torch.zeros(1, dtype=torch.float64), row @ p.exp()])
    return sums[0], sums[1], sums[2]


def test_answers_against_recursions(system: MarkovText) -> None:
    path = system.simulate(6, seed=1)
    answers = system.along(path)
    pairs = [_by_position(system, path[t - 1], path[t]) for t in range(1, 7)]
    _, entropy, tokens = _by_position(system, path[-1], path[-1])
    assert answers["work"] == pytest.approx(math.fsum(pair[0] for pair in pairs), rel=1e-12)
    assert answers["entropy_conditional"] == pytest.approx(entropy, rel=1e-12)
    assert answers["tokens"] == pytest.approx(tokens, rel=1e-12)
    if not system.ends:
        assert tokens == pytest.approx(system.length, rel=1e-14)


def test_it_learns_its_teacher(system: MarkovText) -> None:
    path = system.simulate(300, seed=2)
    teacher = system.teacher()
    far, near = (_by_position(system, teacher, theta)[0] for theta in (path[0], path[-1]))
    assert near < 0.1 * far


def test_what_follows_the_end_is_padding() -> None:
    system = SYSTEMS[1]
    x = system.sample(system.teacher(), 500, generator=torch.Generator().manual_seed(0))
    alive = system.alive(x)
    assert bool((x[~alive] == 3).all())
    assert bool(alive[:, 0].all())
    assert int((~alive).sum()) > 0
    outcomes, _ = system.outcomes(system.teacher()[None])
    assert len(outcomes) == 1 + 3 + 9 + 27 + 81  # ended after 1 to 4 tokens, or not at all
    assert len(torch.unique(outcomes, dim=0)) == len(outcomes)


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"vocabulary": 1}, "2 or more"),
        ({"length": 0}, "1 or more"),
        ({"vocabulary": 50, "length": 3}, "125000 sequences"),
        ({"contrast": 0.0}, "above 0"),
        ({"rate": math.nan}, "learning rate above 0"),
    ],
)
def test_bad_input(keywords: dict[str, float], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        MarkovText(**keywords)  # type: ignore[arg-type]
