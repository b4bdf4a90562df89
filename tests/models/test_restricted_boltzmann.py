"""Restricted Boltzmann machines against sums over all states of both layers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard.errors import ModelError
from szilard.models import RBM, Energetic, Enumerable, RestrictedBoltzmann
from szilard.models.boltzmann_machine import binary_states


def machine(visible: int = 5, hidden: int = 4, scale: float = 1.0) -> RBM:
    torch.manual_seed(0)
    rbm = RBM(visible, hidden, scale)
    with torch.no_grad():
        rbm.visible_bias.copy_(torch.randn(visible) / 2)
        rbm.hidden_bias.copy_(torch.randn(hidden) / 2)
    return rbm.double()


def joint(rbm: RBM) -> Tensor:
    """``a·v + b·h + hᵀWv`` of every pair of states, written out."""
    v, h = binary_states(rbm.weight.shape[1]), binary_states(rbm.weight.shape[0])
    with torch.no_grad():
        return (v @ rbm.visible_bias)[:, None] + (h @ rbm.hidden_bias)[None] + v @ rbm.weight.T @ h.T


@pytest.mark.parametrize("shape", [(5, 4), (3, 6)])
def test_free_energies_and_z_are_sums_over_both_layers(shape: tuple[int, int]) -> None:
    rbm = machine(*shape)
    naive = joint(rbm)
    assert torch.allclose(rbm(binary_states(shape[0])), -torch.logsumexp(naive, 1))
    assert math.isclose(rbm.log_normaliser(), float(torch.logsumexp(naive.flatten(), 0)), rel_tol=1e-12)
    ppm = RestrictedBoltzmann(rbm)
    assert math.isclose(ppm.log_normaliser(), rbm.log_normaliser())


@pytest.mark.parametrize("shape", [(5, 4), (3, 6)])
def test_exact_samples_and_sweeps_follow_the_law(shape: tuple[int, int]) -> None:
    rbm = machine(*shape)
    ppm = RestrictedBoltzmann(rbm)
    generator = torch.Generator().manual_seed(1)
    p = torch.softmax(torch.logsumexp(joint(rbm), 1), 0)
    start = ppm.start(40_000, generator)
    relaxed = ppm.relax(torch.zeros(40_000, shape[0], dtype=torch.float64), 60, generator).x
    for x in (start, relaxed):
        seen = torch.bincount((x @ (2.0 ** torch.arange(shape[0] - 1, -1, -1)).double()).long(), minlength=len(p))
        chi_square = float(((seen - 40_000 * p) ** 2 / (40_000 * p)).sum())
        assert chi_square < len(p) - 1 + 3.5 * math.sqrt(2 * (len(p) - 1))


def test_annealing_finds_ln_z() -> None:
    ppm = RestrictedBoltzmann(machine(10, 8))
    for base in (None, torch.zeros(10)):
        log_z, annealed = ppm.anneal(200, chains=500, base=base)
        assert abs(log_z - ppm.log_normaliser()) < 3 * annealed.error
        assert annealed.error < 0.05


def test_as_a_table_it_has_the_same_law() -> None:
    rbm = machine()
    ppm = RestrictedBoltzmann(rbm)
    table = ppm.table()
    assert isinstance(table, Enumerable)
    logits = table.logits(slice(0, 1)).flatten()
    assert torch.allclose(torch.logsumexp(logits, 0).detach(), torch.tensor(ppm.log_normaliser(), dtype=torch.float64))
    with pytest.raises(ModelError, match="too many"):
        RestrictedBoltzmann(RBM(21, 2)).table()


def test_large_machines_know_no_z_unless_annealed() -> None:
    torch.manual_seed(0)
    rbm = RBM(30, 25)
    with pytest.raises(ModelError, match="summed"):
        rbm.log_normaliser()
    ppm = RestrictedBoltzmann(rbm)
    assert isinstance(ppm, Energetic)
    assert not ppm.starts_exactly
    assert not hasattr(ppm, "log_normaliser")
    annealed = RestrictedBoltzmann(rbm, starts_exactly=True, annealing=10)
    assert annealed.starts_exactly
    assert abs(annealed.log_normaliser() - 55 * math.log(2)) < 0.5
    assert 0 < annealed.log_normaliser_error() < 0.1
    assert RestrictedBoltzmann(machine()).log_normaliser_error() == 0
    x = ppm.start(2000, torch.Generator().manual_seed(0))
    assert abs(float(x.mean()) - 0.5) < 0.02


def test_it_is_a_machine_or_nothing() -> None:
    with pytest.raises(ModelError, match="RBM"):
        szilard.RestrictedBoltzmann(nn.Linear(3, 2))
    with pytest.raises(ModelError, match="at least one"):
        RBM(0, 3)
