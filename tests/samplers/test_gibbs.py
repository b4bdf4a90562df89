"""Gibbs sampling against transition matrices that are written out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.models.boltzmann_machine import RBM, binary_states
from szilard.samplers import BlockGibbs, SiteGibbs

COUNT = 60_000


def machine() -> RBM:
    torch.manual_seed(0)
    rbm = RBM(3, 2, scale=1.5)
    with torch.no_grad():
        rbm.visible_bias.copy_(torch.tensor([0.3, -0.5, 0.1]))
        rbm.hidden_bias.copy_(torch.tensor([-0.2, 0.4]))
    return rbm.double()


def law(rbm: RBM) -> Tensor:
    return torch.softmax(-rbm(binary_states(3)).detach(), 0)


def transitions(rbm: RBM) -> Tensor:
    """``T[v, v'] = Σ_h p(h|v) p(v'|h)``, term by term."""
    with torch.no_grad():
        states, hidden = binary_states(3), binary_states(2)
        up, down = (
            torch.sigmoid(states @ rbm.weight.T + rbm.hidden_bias),
            torch.sigmoid(hidden @ rbm.weight + rbm.visible_bias),
        )
        matrix = torch.zeros(8, 8, dtype=torch.float64)
        for v in range(8):
            for h in range(4):
                to_h = torch.where(hidden[h] == 1, up[v], 1 - up[v]).prod()
                for w in range(8):
                    matrix[v, w] += to_h * torch.where(states[w] == 1, down[h], 1 - down[h]).prod()
        return matrix


def number(states: Tensor) -> Tensor:
    return (states @ torch.tensor([4.0, 2.0, 1.0], dtype=states.dtype)).long()


def test_the_sweep_of_a_machine_is_its_matrix_and_in_detailed_balance() -> None:
    rbm = machine()
    matrix, p = transitions(rbm), law(rbm)
    flow = p[:, None] * matrix
    assert torch.allclose(flow, flow.T)  # the matrix
    x = binary_states(3).repeat_interleave(COUNT // 8, 0)
    relaxed = BlockGibbs((rbm.sweep,)).relax(None, x, 1, torch.Generator().manual_seed(1))
    seen = torch.zeros(8, 8, dtype=torch.float64)
    seen.index_put_((number(x), number(relaxed.x)), torch.ones(len(x), dtype=torch.float64), accumulate=True)
    each = COUNT // 8
    z = (seen / each - matrix) / (matrix * (1 - matrix) / each).sqrt()
    assert float(z.abs().max()) < 3.5  # of 64
    assert float(z.square().mean()) < 1.5
    assert bool((relaxed.acceptance == 1).all())
    assert bool((relaxed.shadow_work == 0).all())


def test_sweeps_over_sites_leave_any_energy_invariant_and_reversible() -> None:
    rbm = machine()
    p = law(rbm)
    generator = torch.Generator().manual_seed(2)
    x = binary_states(3)[torch.multinomial(p, COUNT, True, generator=generator)]
    seen = torch.zeros(8, 8, dtype=torch.float64)
    for part in x.split(COUNT // 200):  # an order of its own for each
        y = SiteGibbs().relax(rbm, part, 1, generator).x
        pairs = (number(part), number(y))
        seen.index_put_(pairs, torch.ones(len(part), dtype=torch.float64), accumulate=True)
    counts = seen.sum(0)
    assert float(((counts - COUNT * p) / (COUNT * p * (1 - p)).sqrt()).abs().max()) < 3.5
    # Pairs in both orders: a mean of 200 orders, whose spread is more than that of counts.
    apart = (seen - seen.T) / (seen + seen.T).sqrt().clamp(min=1)
    assert float(apart.abs().max()) < 4


def test_from_anywhere_sites_find_equilibrium() -> None:
    rbm = machine()
    p = law(rbm)
    relaxed = SiteGibbs((-1.0, 1.0)).relax(
        lambda x: rbm((x + 1) / 2), -torch.ones(COUNT, 3, dtype=torch.float64), 30, torch.Generator().manual_seed(3)
    )
    seen = torch.bincount(number((relaxed.x + 1) / 2), minlength=8)
    assert float(((seen - COUNT * p) / (COUNT * p * (1 - p)).sqrt()).abs().max()) < 3.5


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64])
def test_sites_may_be_of_any_type(dtype: torch.dtype) -> None:
    def energy(x: Tensor) -> Tensor:
        return x.double().sum(1)

    relaxed = SiteGibbs().relax(energy, torch.zeros(4000, 2, dtype=dtype), 2, torch.Generator().manual_seed(5))
    assert relaxed.x.dtype == dtype
    p = 1 / (1 + math.e)
    assert abs(float(relaxed.x.double().mean()) - p) < 3 * math.sqrt(p * (1 - p) / 8000)


@pytest.mark.parametrize("steps", [0, 3])
def test_states_are_kept(steps: int) -> None:
    rbm = machine()
    x = torch.zeros(5, 3, dtype=torch.float64)
    for kernel in (SiteGibbs(), BlockGibbs((rbm.sweep,))):
        relaxed = kernel.relax(rbm, x, steps, torch.Generator().manual_seed(4))
        assert relaxed.x.shape == x.shape
        assert relaxed.x.data_ptr() != x.data_ptr()
        assert math.isclose(float(x.sum()), 0.0)


def test_there_must_be_blocks() -> None:
    with pytest.raises(SpecError, match="blocks"):
        BlockGibbs(())
