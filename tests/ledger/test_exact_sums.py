"""Identities of the exact sums on arbitrary paths, and their behaviour where floats run out."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from szilard import ledger
from szilard.ledger.impossible import IMPOSSIBLE, divergent, summable
from szilard.ledger.jump import Jump, heat_of, work_of, work_reverse_of

shapes = st.tuples(st.integers(1, 3), st.integers(2, 6), st.integers(1, 4), st.integers(2, 8))
spreads = st.floats(1e-3, 30.0)
seeds = st.integers(0, 2**31)


def random_path(shape: tuple[int, ...], spread: float, seed: int) -> Tensor:
    """Normalised φ shaped (members, points, inputs, outcomes): a random walk of logits."""
    steps = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return -torch.log_softmax((spread * steps).cumsum(1), -1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, spreads, seeds)
def test_first_law(shape: tuple[int, ...], spread: float, seed: int) -> None:
    """W + Q = ΔU and W = −Q + ΔS per input, 1e-9 relative to the largest term, down to the rounding of φ.

    A near-certain outcome has φ → 0 with an absolute error of an ulp of 1 (normalisation), so below 1e-7 nat that
    ulp, not the sum, decides.
    """
    phi = random_path(shape, spread, seed)
    work = ledger.work_per_input(phi[:, :-1], phi[:, 1:]).sum(1)
    heat = ledger.heat_per_input(phi[:, :-1], phi[:, 1:]).sum(1)
    energy, entropy = ledger.energy_per_input(phi), ledger.entropy_per_input(phi)
    scale = torch.stack([work, heat.abs(), energy[:, 0], energy[:, -1]]).amax(0)
    allowed = 1e-9 * scale + 4 * shape[1] * torch.finfo(torch.float64).eps
    assert torch.all((work + heat - (energy[:, -1] - energy[:, 0])).abs() <= allowed)
    assert torch.all((work - (-heat + entropy[:, -1] - entropy[:, 0])).abs() <= allowed)
    assert torch.allclose(energy, entropy, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("spread", [1e-2, 1.0])
def test_work_is_the_entropy_production(spread: float) -> None:
    """1e-9 relative to W itself, where W is not buried under S."""
    phi = random_path((4, 30, 5, 10), spread, 7)
    work = ledger.work_per_input(phi[:, :-1], phi[:, 1:]).sum(1)
    heat = ledger.heat_per_input(phi[:, :-1], phi[:, 1:]).sum(1)
    change = ledger.entropy_per_input(phi[:, -1]) - ledger.entropy_per_input(phi[:, 0])
    assert torch.allclose(change - heat, work, rtol=1e-9, atol=0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, spreads, seeds)
def test_signs_and_the_fluctuation_theorem(shape: tuple[int, ...], spread: float, seed: int) -> None:
    phi = random_path(shape, spread, seed)
    before, after = phi[:, :-1], phi[:, 1:]
    assert torch.all(ledger.work_per_input(before, after) >= 0)
    assert torch.all(ledger.work_per_input(after, before) >= 0)
    h = ledger.hellinger_per_input(before, after)
    assert torch.all((h >= 0) & (h <= 1 + 1e-12))
    assert torch.allclose(ledger.fluctuation_per_input(before, after), torch.ones_like(h), rtol=1e-12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, spreads, seeds, st.floats(0.01, 3.0))
def test_unnormalised_phi_is_seen(shape: tuple[int, ...], spread: float, seed: int, ln_z: float) -> None:
    """A factor Z in p_t moves ⟨e^{−d}⟩ to Z and separates energy from entropy."""
    phi = random_path(shape, spread, seed)
    wrong = phi[:, 1:] - ln_z
    check = ledger.fluctuation_per_input(phi[:, :-1], wrong)
    assert torch.allclose(check, torch.full_like(check, math.exp(ln_z)), rtol=1e-12)
    assert torch.allclose(ledger.entropy_per_input(wrong), ledger.entropy_per_input(phi[:, 1:]), rtol=1e-9, atol=1e-12)
    assert not torch.allclose(ledger.energy_per_input(wrong), ledger.entropy_per_input(wrong), rtol=1e-6)


EXTREME = torch.tensor(
    [
        [0.0, 0.0, 0.0, 0.0],
        [1e4, 0.0, -1e4, 3.0],
        [-1e4, 1e4, 0.0, 3.0],
        [750.0, 0.0, -750.0, 740.0],
        [1e4, 1e4, -1e4, -1e4],
        [0.0, 1e-300, -1e-300, 0.0],
    ],
    dtype=torch.float64,
)


@pytest.mark.parametrize("before", EXTREME.tolist())
@pytest.mark.parametrize("after", EXTREME.tolist())
def test_extreme_logits(before: list[float], after: list[float]) -> None:
    """Where probabilities underflow every sum stays finite, and agrees with 0·anything = 0."""
    phi_before, phi_after = (
        -torch.log_softmax(torch.tensor([row], dtype=torch.float64), -1) for row in (before, after)
    )
    work = float(ledger.work_per_input(phi_before, phi_after))
    heat = float(ledger.heat_per_input(phi_before, phi_after))
    p, q = torch.exp(-phi_before), torch.exp(-phi_after)
    scale = 1 + float(phi_before.max()) + float(phi_after.max())
    assert work == pytest.approx(float((p * (phi_after - phi_before)).sum()), abs=1e-12 * scale)
    assert heat == pytest.approx(float(((q - p) * phi_after).sum()), abs=1e-12 * scale)
    length = float(ledger.angle_of(ledger.hellinger_per_input(phi_before, phi_after)))
    assert 0 <= length <= math.pi + 1e-12
    assert math.cos(length / 2) == pytest.approx(float((p * q).sqrt().sum()), abs=1e-12)
    assert float(ledger.fluctuation_per_input(phi_before, phi_after)) == pytest.approx(1, abs=1e-11)
    for state in (ledger.energy_per_input, ledger.entropy_per_input):
        assert 0 <= float(state(phi_after)) <= math.log(4) + 1e-12
    assert math.isfinite(float(ledger.work_quadratic_per_input(phi_before, phi_after)))
    assert math.isfinite(float(ledger.spurious_work(-phi_before, 1e-7)))


def test_models_that_do_not_overlap() -> None:
    """From one certainty to another: infinite in principle, 2·10⁴ nats at these logits, half a circle apart."""
    before = -torch.log_softmax(torch.tensor([[1e4, -1e4]], dtype=torch.float64), -1)
    assert float(ledger.work_per_input(before, before.flip(-1))) == pytest.approx(2e4, rel=1e-9)
    assert float(ledger.angle_of(ledger.hellinger_per_input(before, before.flip(-1)))) == pytest.approx(math.pi)


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9, 1e-12])
def test_small_steps_keep_their_digits(size: float) -> None:
    """Against ½ Var_p(δφ) with its exact cubic correction left to the tolerance."""
    phi = -torch.log_softmax(torch.tensor([[0.3, -1.2, 0.7, 2.0]], dtype=torch.float64), -1)
    tangent = torch.tensor([[1.0, -2.0, 0.5, 0.25]], dtype=torch.float64)
    p = torch.exp(-phi)
    variance = float((p * tangent.square()).sum() - (p * tangent).sum() ** 2)
    # the change of φ itself, normalised to second order, added where it is still resolved
    change = size * (tangent - (p * tangent).sum(-1, keepdim=True)) + 0.5 * size**2 * variance
    after = phi + change
    resolution = torch.finfo(torch.float64).eps / size + 3 * size
    truth = 0.5 * size**2 * variance
    assert float(ledger.work_per_input(phi, after)) == pytest.approx(truth, rel=4 * resolution)
    assert float(ledger.work_quadratic_per_input(phi, size * tangent)) == pytest.approx(truth, rel=1e-12)
    assert float(ledger.angle_of(ledger.hellinger_per_input(phi, after))) == pytest.approx(
        size * math.sqrt(variance), rel=4 * resolution
    )


def test_swapping_the_arguments_reverses_the_step() -> None:
    phi = random_path((1, 2, 3, 5), 1.0, 5)[0]
    p, q = torch.exp(-phi[0]), torch.exp(-phi[1])
    forward, reverse = ledger.work_per_input(phi[0], phi[1]), ledger.work_per_input(phi[1], phi[0])
    assert torch.allclose(forward + reverse, ((p - q) * (phi[1] - phi[0])).sum(-1), rtol=1e-12)
    assert not torch.allclose(forward, reverse, rtol=1e-3)


def test_spurious_work_is_what_rounding_costs() -> None:
    """A copy of a model whose logits carry independent relative errors ε costs ``½ ε² Σ p(1 − p) z²`` on average."""
    generator = torch.Generator().manual_seed(1)
    logits = 2 + 3 * torch.randn(4000, 10, generator=generator, dtype=torch.float64)
    epsilon = 1e-4
    noise = torch.randn(logits.shape, generator=generator, dtype=torch.float64)
    phi, noisy = (-torch.log_softmax(z, -1) for z in (logits, logits * (1 + epsilon * noise)))
    cost = ledger.over_inputs(ledger.work_per_input(phi, noisy) - ledger.spurious_work(logits, epsilon))
    assert abs(float(cost.z(0.0))) < 3
    assert float(cost.error) < 0.03 * float(ledger.spurious_work(logits, epsilon).mean())


def naive_divergence(p: list[float], q: list[float]) -> float:
    """KL(p‖q) with 0·ln 0 = 0, and ∞ where q excludes what p allows."""
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return math.inf
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([0.5, 0.5, 0.0], [0.25, 0.75, 0.0]),
        ([0.5, 0.25, 0.25], [0.25, 0.75, 0.0]),
        ([0.25, 0.75, 0.0], [0.5, 0.25, 0.25]),
        ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
        ([0.0, 0.4, 0.6], [0.0, 0.4, 0.6]),
    ],
    ids=["excluded by both", "by the later", "by the earlier", "apart", "unmoved"],
)
def test_impossible_outcomes(before: list[float], after: list[float]) -> None:
    """Against the definitions: what both exclude adds nothing, what one excludes makes the divergence infinite."""
    p, q = (torch.tensor(each, dtype=torch.float64) for each in (before, after))
    jump = Jump(summable(-p.log()), summable(-q.log()), p, q)
    assert float(divergent(work_of(jump))) == pytest.approx(naive_divergence(before, after), abs=1e-15)
    assert float(divergent(work_reverse_of(jump))) == pytest.approx(naive_divergence(after, before), abs=1e-15)
    heat = float(divergent(heat_of(jump)))  # <phi'>_{p'} - <phi'>_p
    possible = all(b > 0 or a == 0 for a, b in zip(before, after, strict=True))
    naive = sum((b - a) * -math.log(b) for a, b in zip(before, after, strict=True) if b > 0) if possible else -math.inf
    assert heat == pytest.approx(naive, abs=1e-14)
    assert float(summable(torch.tensor([math.inf], dtype=torch.float64))) == IMPOSSIBLE
