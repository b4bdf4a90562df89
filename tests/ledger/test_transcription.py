"""The ledger against a naive transcription of the paper: loops over steps, inputs and outcomes.

Equations 22-25 and 38-39; statistical length, k3, leave-one-out heat and reuse by their definitions.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate
from szilard.ledger.jump import Jump, fluctuation_of, fluctuation_variance_of, heat_of, work_of, work_reverse_of
from szilard.ledger.length import hellinger_of
from szilard.ledger.precision import spurious_work_of

MEMBERS, POINTS, INPUTS, OUTCOMES, SAMPLES = (2, 3), 5, 4, 6, 7

Row = list[float]
"""φ of every outcome (or of every sample) for one input."""


def _phi(*shape: int, spread: float, seed: int) -> Tensor:
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    walk = logits.cumsum(len(MEMBERS)) * spread
    return -torch.log_softmax(walk, -1)


@pytest.fixture(params=[2.0, 0.05], ids=["large steps", "small steps"], name="phi")
def _phi_path(request: pytest.FixtureRequest) -> Tensor:
    """φ shaped (*members, points, inputs, outcomes)."""
    return _phi(*MEMBERS, POINTS, INPUTS, OUTCOMES, spread=request.param, seed=1)


# Exact sums


def naive_energy(phi: Row) -> float:
    """⟨φ⟩_p."""
    return math.fsum(math.exp(-value) * value for value in phi)


def naive_entropy(phi: Row) -> float:
    """S_{X|Θ} = −Σ p ln p (Eq. 25)."""
    return -math.fsum(p * math.log(p) for p in (math.exp(-value) for value in phi))


def naive_work(before: Row, after: Row) -> float:
    """⟨φ_t⟩_{p_{t−1}} − ⟨φ_{t−1}⟩_{p_{t−1}} (Eq. 38)."""
    return math.fsum(math.exp(-b) * a - math.exp(-b) * b for b, a in zip(before, after, strict=True))


def naive_heat(before: Row, after: Row) -> float:
    """⟨φ_t⟩_{p_t} − ⟨φ_t⟩_{p_{t−1}} (Eqs. 23, 39)."""
    return math.fsum(math.exp(-a) * a - math.exp(-b) * a for b, a in zip(before, after, strict=True))


def naive_overlap(before: Row, after: Row) -> float:
    """∫√(p_{t−1} p_t)."""
    return math.fsum(math.sqrt(math.exp(-b) * math.exp(-a)) for b, a in zip(before, after, strict=True))


def naive_fluctuation(before: Row, after: Row) -> float:
    """⟨e^{−d}⟩_{p_{t−1}}."""
    return math.fsum(math.exp(-b) * math.exp(-(a - b)) for b, a in zip(before, after, strict=True))


def _steps(phi: Tensor) -> Iterator[tuple[tuple[int, ...], int, Row, Row]]:
    for index in np.ndindex(*MEMBERS):
        for t in range(1, POINTS):
            for u in range(INPUTS):
                yield (*index, t - 1, u), t, phi[(*index, t - 1, u)].tolist(), phi[(*index, t, u)].tolist()


@pytest.mark.parametrize(
    ("fast", "naive"),
    [
        (ledger.work_per_input, naive_work),
        (ledger.heat_per_input, naive_heat),
        (lambda b, a: 1 - ledger.hellinger_per_input(b, a), naive_overlap),
        (ledger.fluctuation_per_input, naive_fluctuation),
        (lambda b, a: work_reverse_of(Jump(b, a)), lambda b, a: naive_work(a, b)),
    ],
    ids=["work", "heat", "overlap", "fluctuation", "work reversed"],
)
def test_step(phi: Tensor, fast: Callable[..., Tensor], naive: Callable[[Row, Row], float]) -> None:
    result = fast(phi[:, :, :-1], phi[:, :, 1:])
    assert result.shape == (*MEMBERS, POINTS - 1, INPUTS)
    for index, _, before, after in _steps(phi):
        assert float(result[index]) == pytest.approx(naive(before, after), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(
    ("shared", "alone"),
    [
        (work_of, ledger.work_per_input),
        (work_reverse_of, lambda before, after: ledger.work_per_input(after, before)),
        (heat_of, ledger.heat_per_input),
        (hellinger_of, ledger.hellinger_per_input),
        (fluctuation_of, ledger.fluctuation_per_input),
    ],
    ids=["work", "work reversed", "heat", "overlap", "fluctuation"],
)
def test_shared_exponentials(
    phi: Tensor, shared: Callable[[Jump], Tensor], alone: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """From several earlier models to one, with the exponentials known or not."""
    before, after = phi[:, :, :-1], phi[:, :, -1:]
    expected = alone(before, after.expand_as(before))
    for jump in (Jump(before, after), Jump(before, after, torch.exp(-before), torch.exp(-after))):
        assert torch.allclose(shared(jump), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("fast", "naive"),
    [(ledger.energy_per_input, naive_energy), (ledger.entropy_per_input, naive_entropy)],
    ids=["energy", "entropy"],
)
def test_state(phi: Tensor, fast: Callable[..., Tensor], naive: Callable[[Row], float]) -> None:
    result = fast(phi)
    assert result.shape == (*MEMBERS, POINTS, INPUTS)
    for index in np.ndindex(*result.shape):
        assert float(result[index]) == pytest.approx(naive(phi[index].tolist()), rel=1e-12)


def test_cumulative_work_and_its_error(phi: Tensor) -> None:
    """Sum over steps for each input, then mean and standard error over inputs."""
    work = ledger.over_inputs(ledger.work_per_input(phi[:, :, :-1], phi[:, :, 1:]).sum(-2))
    for index in np.ndindex(*MEMBERS):
        totals = [
            sum(naive_work(phi[(*index, t - 1, u)].tolist(), phi[(*index, t, u)].tolist()) for t in range(1, POINTS))
            for u in range(INPUTS)
        ]
        assert float(work.value[index]) == pytest.approx(statistics.fmean(totals), rel=1e-9)
        assert float(work.error[index]) == pytest.approx(statistics.stdev(totals) / math.sqrt(INPUTS), rel=1e-9)


def test_length(phi: Tensor) -> None:
    """The overlap of the joint is the mean over inputs, taken before the arccosine."""
    h = ledger.hellinger_per_input(phi[:, :, :-1], phi[:, :, 1:]).mean(-1)
    length = ledger.angle_of(h).sum(-1)
    for index in np.ndindex(*MEMBERS):
        naive = 0.0
        for t in range(1, POINTS):
            overlaps = [
                naive_overlap(phi[(*index, t - 1, u)].tolist(), phi[(*index, t, u)].tolist()) for u in range(INPUTS)
            ]
            naive += 2 * math.acos(statistics.fmean(overlaps))
        assert float(length[index]) == pytest.approx(naive, rel=1e-9)


def test_work_quadratic(phi: Tensor) -> None:
    """½ E[(δθ·∇ln p)²] with ∇ln p centred under p; a tangent shifted by a constant is the same tangent."""
    tangent = _phi(*MEMBERS, POINTS, INPUTS, OUTCOMES, spread=0.3, seed=2)
    result = ledger.work_quadratic_per_input(phi, tangent + 5)
    for index in np.ndindex(*result.shape):
        p = [math.exp(-value) for value in phi[index].tolist()]
        mean = math.fsum(share * change for share, change in zip(p, tangent[index].tolist(), strict=True))
        naive = 0.5 * math.fsum(
            share * (change - mean) ** 2 for share, change in zip(p, tangent[index].tolist(), strict=True)
        )
        assert float(result[index]) == pytest.approx(naive, rel=1e-9)


def test_spurious_work(phi: Tensor) -> None:
    logits = 3 - phi
    result = ledger.spurious_work(logits, 2.0**-10)
    p = torch.softmax(logits, -1)
    for index in np.ndindex(*result.shape):
        terms = (q * (1 - q) * z**2 for q, z in zip(p[index].tolist(), logits[index].tolist(), strict=True))
        assert float(result[index]) == pytest.approx(0.5 * 2.0**-20 * math.fsum(terms), rel=1e-12)
    assert torch.equal(spurious_work_of(p, logits, 2.0**-10), result)


def test_fluctuation_variance_is_that_of_the_exponential(phi: Tensor) -> None:
    """``⟨e^{−2d}⟩ − ⟨e^{−d}⟩²`` under p_{t−1}, for normalised φ."""
    before, after = (-torch.log_softmax(-part, -1) for part in (phi[:1], phi[1:2]))
    result = fluctuation_variance_of(Jump(before, after))
    for index in np.ndindex(*result.shape):
        pairs = list(zip(before[index].tolist(), after[index].tolist(), strict=True))
        mean = math.fsum(math.exp(-old) * math.exp(old - new) for old, new in pairs)
        square = math.fsum(math.exp(-old) * math.exp(2 * (old - new)) for old, new in pairs)
        assert float(result[index]) == pytest.approx(square - mean**2, rel=1e-9)


# Sampled


@pytest.fixture(name="at_samples")
def _phi_at_samples() -> Tensor:
    """φ shaped (*members, points, samples)."""
    generator = torch.Generator().manual_seed(3)
    start = torch.rand((*MEMBERS, 1, SAMPLES), generator=generator, dtype=torch.float64) * 3
    d = torch.randn((*MEMBERS, POINTS - 1, SAMPLES), generator=generator, dtype=torch.float64) * 0.4
    return torch.cat([start, d], -2).cumsum(-2)


def _matches(estimate: Estimate, index: tuple[int, ...], terms: list[float]) -> None:
    """Value: mean of the terms; error: their standard deviation over √N."""
    assert float(estimate.value[index]) == pytest.approx(statistics.fmean(terms), rel=1e-9, abs=1e-14)
    error = statistics.stdev(terms) / math.sqrt(len(terms))
    assert float(estimate.error[index]) == pytest.approx(error, rel=1e-9)
    assert estimate.degrees_of_freedom == len(terms) - 1


def test_work_sampled(at_samples: Tensor) -> None:
    estimate = ledger.work_sampled(at_samples[:, :, 0], at_samples[:, :, 1])
    for index in np.ndindex(*MEMBERS):
        d = (at_samples[index][1] - at_samples[index][0]).tolist()
        _matches(estimate, index, [value + math.exp(-value) - 1 for value in d])


def test_heat_sampled(at_samples: Tensor) -> None:
    """(e^{−d} − 1)(φ_t − c), c the mean of φ_t over the *other* samples."""
    estimate = ledger.heat_sampled(at_samples[:, :, 0], at_samples[:, :, 1])
    for index in np.ndindex(*MEMBERS):
        before, after = at_samples[index][0].tolist(), at_samples[index][1].tolist()
        terms = []
        for i in range(SAMPLES):
            others = statistics.fmean(after[j] for j in range(SAMPLES) if j != i)
            terms.append((math.exp(-(after[i] - before[i])) - 1) * (after[i] - others))
        assert float(estimate.value[index]) == pytest.approx(statistics.fmean(terms), rel=1e-9)


def test_fluctuation_and_entropy_sampled(at_samples: Tensor) -> None:
    fluctuation = ledger.fluctuation_sampled(at_samples[:, :, 0], at_samples[:, :, 1])
    entropy = ledger.entropy_sampled(at_samples[:, :, 1])
    for index in np.ndindex(*MEMBERS):
        before, after = at_samples[index][0].tolist(), at_samples[index][1].tolist()
        _matches(fluctuation, index, [math.exp(b - a) for b, a in zip(before, after, strict=True)])
        _matches(entropy, index, after)


def test_length_sampled(at_samples: Tensor) -> None:
    """h is a mean of squares; the second-order bias of the arccosine is taken back."""
    estimate = ledger.length_sampled(at_samples[:, :, 0], at_samples[:, :, 1])
    for index in np.ndindex(*MEMBERS):
        d = (at_samples[index][1] - at_samples[index][0]).tolist()
        terms = [0.5 * (1 - math.exp(-value / 2)) ** 2 for value in d]
        h, error = statistics.fmean(terms), statistics.stdev(terms) / math.sqrt(SAMPLES)
        slope = 2 / math.sqrt(1 - (1 - h) ** 2)
        curvature = -2 * (1 - h) / (1 - (1 - h) ** 2) ** 1.5
        naive = 2 * math.acos(1 - h) - 0.5 * curvature * error**2
        assert float(estimate.value[index]) == pytest.approx(naive, rel=1e-9)
        assert float(estimate.error[index]) == pytest.approx(slope * error, rel=1e-9)


def test_reuse(at_samples: Tensor) -> None:
    """Weights w_t = p_{t−1}/p_s; every sample's own sum over the segment carries the error."""
    work, heat = ledger.work_reused(at_samples), ledger.heat_reused(at_samples)
    fluctuation = ledger.fluctuation_reused(at_samples)
    for index in np.ndindex(*MEMBERS):
        phi = at_samples[index].tolist()
        works, heats, checks = [0.0] * SAMPLES, [0.0] * SAMPLES, [0.0] * SAMPLES
        for t in range(1, POINTS):
            for i in range(SAMPLES):
                weight = math.exp(-phi[t - 1][i]) / math.exp(-phi[0][i])
                d = phi[t][i] - phi[t - 1][i]
                others = statistics.fmean(phi[t][j] for j in range(SAMPLES) if j != i)
                works[i] += weight * (d + math.exp(-d) - 1)
                heats[i] += weight * (math.exp(-d) - 1) * (phi[t][i] - others)
                checks[i] += weight * math.exp(-d) / (POINTS - 1)
        _matches(work, index, works)
        _matches(fluctuation, index, checks)
        assert float(heat.value[index]) == pytest.approx(statistics.fmean(heats), rel=1e-9)


def test_effective_sample_size(at_samples: Tensor) -> None:
    result = ledger.effective_sample_size(at_samples[:, :, 0], at_samples[:, :, 3])
    for index in np.ndindex(*MEMBERS):
        weights = [math.exp(s - n) for s, n in zip(*at_samples[index][[0, 3]].tolist(), strict=True)]
        assert float(result[index]) == pytest.approx(sum(weights) ** 2 / sum(w * w for w in weights), rel=1e-9)


def test_pathwise(phi: Tensor) -> None:
    """q = Σ φ_t(x_t) − φ_t(x_{t−1}) (Eq. 23), σ = −q + s_n − s_0 (Eq. 22), equal to Σ d_t(x_{t−1}) path by path."""
    x = torch.randint(OUTCOMES, (*MEMBERS, POINTS, INPUTS, 1), generator=torch.Generator().manual_seed(4))

    def at(point: int, sample: int) -> Tensor:
        return torch.take_along_dim(phi[:, :, point], x[:, :, sample], -1)[..., 0]

    paths = ledger.Pathwise.start(at(0, 0))
    for t in range(1, POINTS):
        paths = paths.advance(at(t, t - 1), at(t, t))
    for index in np.ndindex(*MEMBERS):
        for u in range(INPUTS):
            own, draws = phi[(*index, slice(None), u)].tolist(), x[(*index, slice(None), u, 0)].tolist()
            q = sum(own[t][draws[t]] - own[t][draws[t - 1]] for t in range(1, POINTS))
            sigma = -q + own[-1][draws[-1]] - own[0][draws[0]]
            d = sum(own[t][draws[t - 1]] - own[t - 1][draws[t - 1]] for t in range(1, POINTS))
            place = (*index, u)
            assert float(paths.heat[place]) == pytest.approx(q, rel=1e-9, abs=1e-12)
            assert float(paths.entropy_production[place]) == pytest.approx(sigma, rel=1e-9, abs=1e-12)
            assert float(paths.work[place]) == pytest.approx(d, rel=1e-9, abs=1e-12)
            assert sigma == pytest.approx(d, abs=1e-12)
            assert float(paths.entropy[place]) == own[-1][draws[-1]]
            assert float(paths.entropy_start[place]) == own[0][draws[0]]


def test_every_function_of_the_ledger_is_tested() -> None:
    """Each public name, at the door or not, stands in these tests; a new one needs a transcription of its own."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    modules = pkgutil.iter_modules(ledger.__path__)
    homes = [importlib.import_module(f"szilard.ledger.{module.name}") for module in modules]
    within = {"ModelMap", "TargetPlace", "mean_of", "weights_of", "running_sum"}
    """What modules share: held by what they give."""
    names = {
        name
        for home in homes
        for name, value in vars(home).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == home.__name__
    }
    assert set(ledger.__all__) < names
    assert [name for name in sorted(names - within) if not re.search(rf"\b{name}\b", tests)] == []
