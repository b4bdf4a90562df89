"""MALA and ULA: the harmonic trap, detailed balance, Jarzynski's average, and what they must not touch."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from szilard.errors import ModelError, SpecError
from szilard.samplers import MALA, ULA, Kernel, adapted

COUNT = 40_000
FACTOR = torch.linalg.cholesky(torch.tensor([[2.0, 0.6], [0.6, 0.5]], dtype=torch.float64))


def trap(x: Tensor) -> Tensor:
    return x.square().sum(1) / 2


def wells(x: Tensor) -> Tensor:
    """Two wells of unequal depth, nothing about them Gaussian."""
    return (x[:, 0] ** 2 - 1) ** 2 + 0.4 * x[:, 0] + (x[:, 1] - 0.3 * x[:, 0]) ** 2


def equilibrium(count: int, generator: torch.Generator) -> Tensor:
    """Exact samples of ``e^{−wells}``: the first coordinate by its cumulative law on a fine grid."""
    grid = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    law = torch.exp(-((grid**2 - 1) ** 2) - 0.4 * grid).cumsum(0)
    first = grid[torch.searchsorted(law / law[-1], torch.rand(count, generator=generator, dtype=torch.float64))]
    first = first + 0.001 * (torch.rand(count, generator=generator, dtype=torch.float64) - 0.5)
    second = 0.3 * first + torch.randn(count, generator=generator, dtype=torch.float64) / math.sqrt(2)
    return torch.stack([first, second], 1)


def deviation(values: Tensor, truth: float) -> float:
    """How many standard errors the mean is off."""
    return float((values.mean() - truth) / (values.std() / math.sqrt(len(values))))


@pytest.mark.parametrize("step_size", [0.1, 0.5, 1.5])
def test_the_harmonic_trap_has_unit_variance_under_mala(step_size: float) -> None:
    generator = torch.Generator().manual_seed(1)
    relaxed = MALA(step_size).relax(trap, torch.zeros(COUNT, 1, dtype=torch.float64), 60, generator)
    assert abs(deviation(relaxed.x[:, 0].square(), 1.0)) < 3


@pytest.mark.parametrize("step_size", [0.1, 0.5, 1.5])
def test_unadjusted_langevin_widens_the_trap_as_it_should(step_size: float) -> None:
    generator = torch.Generator().manual_seed(2)
    relaxed = ULA(step_size).relax(trap, torch.zeros(COUNT, 1, dtype=torch.float64), 60, generator)
    assert abs(deviation(relaxed.x[:, 0].square(), 1 / (1 - step_size / 2))) < 3


@pytest.mark.parametrize("factor", [None, FACTOR])
def test_detailed_balance_of_mala(factor: Tensor | None) -> None:
    """In equilibrium pairs of states a step apart are as often seen in one order as in the other."""
    generator = torch.Generator().manual_seed(3)
    x = equilibrium(COUNT, generator)
    y = MALA(0.3, factor).relax(wells, x, 1, generator).x
    functions = (lambda z: (z[:, 0] > 0).double(), lambda z: z[:, 0] ** 3, lambda z: z[:, 1], lambda z: z.prod(1))
    for f, g in itertools.combinations(functions, 2):
        assert abs(deviation(f(x) * g(y) - f(y) * g(x), 0.0)) < 3
    for f in functions:
        assert abs(deviation(f(y) - f(x), 0.0)) < 3


def hills(x: Tensor) -> Tensor:
    """``e^{−hills}`` is a mixture of two Gaussians: curvature is bounded, so that weights are tame."""
    return -torch.logaddexp(-(x - 1).square().sum(1) / 2, math.log(0.5) - (x + 1).square().sum(1) / 2)


def mixture(count: int, generator: torch.Generator) -> Tensor:
    centre = 1 - 2 * (torch.rand(count, 1, generator=generator) < 1 / 3).double()
    return centre + torch.randn(count, 2, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("step_size", "factor"), [(0.4, None), (0.3, FACTOR)])
def test_shadow_work_makes_the_jarzynski_average_of_ula_1(step_size: float, factor: Tensor | None) -> None:
    generator = torch.Generator().manual_seed(4)
    relaxed = ULA(step_size, factor).relax(hills, mixture(COUNT, generator), 3, generator)
    weights = (-relaxed.shadow_work).exp()
    assert abs(deviation(weights, 1.0)) < 3
    # ⟨x²⟩ = 2 is found with the weights, and missed without.
    assert abs(deviation(weights * (relaxed.x[:, 0].square() - 2), 0.0)) < 3
    assert abs(deviation(relaxed.x[:, 0].square(), 2.0)) > 5


def test_shadow_work_is_the_log_of_the_proposals_ratio() -> None:
    """A naive transcription, with the densities written out."""
    step, generator = 0.2, torch.Generator().manual_seed(5)
    x = torch.randn(7, 2, generator=generator, dtype=torch.float64)
    relaxed = ULA(step).relax(wells, x, 1, generator)

    def log_proposal(start: Tensor, end: Tensor) -> Tensor:
        at = start.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(wells(at).sum(), at)
        return -(end - start + step * gradient).square().sum(1) / (4 * step)

    y = relaxed.x
    naive = log_proposal(x, y) - wells(x) - log_proposal(y, x) + wells(y)
    assert torch.allclose(relaxed.shadow_work, naive, atol=1e-12)


def test_a_preconditioner_is_a_change_of_coordinates() -> None:
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    straight = MALA(0.3, FACTOR).relax(wells, x @ FACTOR.T, 4, torch.Generator().manual_seed(7))
    changed = MALA(0.3).relax(lambda z: wells(z @ FACTOR.T), x, 4, torch.Generator().manual_seed(7))
    assert torch.allclose(straight.x, changed.x @ FACTOR.T)
    assert torch.allclose(straight.acceptance, changed.acceptance)


@pytest.mark.parametrize("kernel", [MALA(0.2), ULA(0.2)])
def test_states_and_parameters_are_left_alone(kernel: Kernel) -> None:
    module = nn.Linear(2, 1)
    x = torch.randn(6, 2)
    before = x.clone()
    with torch.no_grad():
        relaxed = kernel.relax(lambda z: module(z).square().sum(1), x, 3, torch.Generator().manual_seed(0))
        still = kernel.relax(lambda z: module(z).square().sum(1), x, 0, torch.Generator().manual_seed(0))
    assert torch.equal(x, before)
    assert not relaxed.x.requires_grad
    assert all(parameter.grad is None for parameter in module.parameters())
    assert torch.equal(still.x, x)
    assert still.x.data_ptr() != x.data_ptr()
    again = kernel.relax(lambda z: module(z).square().sum(1), x, 3, torch.Generator().manual_seed(0))
    assert torch.equal(relaxed.x, again.x)


def test_a_proposal_without_an_energy_is_refused() -> None:
    def hole(x: Tensor) -> Tensor:
        return torch.where(x[:, 0] > 0.5, torch.nan, x.square().sum(1) / 2)

    relaxed = MALA(0.5).relax(hole, torch.zeros(500, 1), 20, torch.Generator().manual_seed(0))
    assert bool((relaxed.x <= 0.5).all())
    assert float(relaxed.acceptance.mean()) < 0.9


def test_step_sizes_adapt_to_the_target() -> None:
    generator = torch.Generator().manual_seed(8)
    kernel, x = adapted(MALA(20.0), trap, torch.randn(400, 30, generator=generator), 200, generator, target=0.7)
    assert abs(float(kernel.relax(trap, x, 50, generator).acceptance.mean()) - 0.7) < 0.03


@pytest.mark.parametrize(
    ("energy", "what"),
    [
        (lambda x: x.square() / 2, "shape"),
        (lambda x: 1.0, "float"),
        (lambda x: torch.ones(len(x)), "differentiated"),
    ],
)  # fmt: skip
def test_energies_that_cannot_be_used_are_named(energy: object, what: str) -> None:
    with pytest.raises(ModelError, match=what):
        MALA(0.1).relax(energy, torch.zeros(3, 2), 1, torch.Generator())  # type: ignore[arg-type]


def test_whole_numbers_have_no_gradient() -> None:
    with pytest.raises(ModelError, match="Gibbs"):
        ULA(0.1).relax(trap, torch.zeros(3, 2, dtype=torch.int64), 1, torch.Generator())


@pytest.mark.parametrize("step_size", [0.0, -1.0, math.inf, math.nan])
def test_step_sizes_must_be_positive(step_size: float) -> None:
    with pytest.raises(SpecError, match="step_size"):
        MALA(step_size)
    with pytest.raises(SpecError, match="square"):
        ULA(0.1, torch.ones(2, 3))
