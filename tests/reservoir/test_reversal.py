"""The reversed run: torch's own optimiser run backwards, quadratics with closed forms, and the laws in r."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from szilard.models.landscape import Batch, Landscape
from szilard.reservoir.replicates import exponent
from szilard.reservoir.reversal import forward_path, nearest_return, quadratic_return, relative_return, retrace
from szilard.training.nets import mlp

pytestmark = pytest.mark.slow

CURVATURES = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)
START = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)


def bowl(theta: Tensor, centre: Tensor) -> Tensor:
    """∇ of ½ (θ − centre)·H(θ − centre)."""
    return CURVATURES * (theta - centre)


def batches(count: int, examples: int = 5) -> list[Batch]:
    generator = torch.Generator().manual_seed(4)
    return [
        (torch.randn(examples, 5, generator=generator).double(), torch.randint(3, (examples,), generator=generator))
        for _ in range(count)
    ]


def deep(activation: str = "tanh", seed: int = 0) -> Landscape:
    torch.manual_seed(seed)
    return Landscape(mlp([5, 12, 12, 3], activation=activation), F.cross_entropy)


def test_against_torch_optim_with_ascent() -> None:
    """Appendix A at its word: SGD forward, then ``SGD(maximize=True)`` through the inputs in reverse order."""
    landscape, inputs, rate = deep(), batches(7), 0.3
    module = copy.deepcopy(landscape.module)

    def run(order: list[Batch], maximize: bool) -> list[Tensor]:
        optimizer = torch.optim.SGD(module.parameters(), lr=rate, maximize=maximize)
        seen = [torch.nn.utils.parameters_to_vector(module.parameters()).detach()]
        for example, label in order:
            optimizer.zero_grad()
            F.cross_entropy(module(example), label).backward()
            optimizer.step()
            seen.append(torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone())
        return seen

    forward = run(inputs, maximize=False)
    backward = run(inputs[::-1], maximize=True)
    expected = [(one - other).norm().item() for one, other in zip(backward, forward[::-1], strict=True)]
    done = retrace(landscape.gradient, landscape.start, inputs, rate)
    assert done.distance[:, 0] == pytest.approx(expected, rel=1e-10, abs=1e-15)
    assert done.displacement[:, 0] == pytest.approx([(forward[-1] - each).norm().item() for each in forward[::-1]])
    assert torch.allclose(forward_path(landscape.gradient, landscape.start, inputs, rate)[-1], forward[-1], atol=1e-14)


def test_one_step_of_a_quadratic_misses_by_its_curvature_exactly() -> None:
    centre = torch.tensor([0.3, 0.1, -1.0], dtype=torch.float64)
    for rate in (0.5, 0.01):
        done = retrace(bowl, START, [centre], rate)
        expected = rate**2 * (CURVATURES * bowl(START, centre)).norm().item()
        assert done.distance[1, 0] == pytest.approx(expected, rel=1e-11)
        assert done.defect[0, 0] * rate**2 == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("steps", [1, 4, 50])
def test_many_steps_of_a_quadratic_by_the_closed_form(steps: int) -> None:
    rate, centre = 0.2, torch.tensor([0.3, 0.1, -1.0], dtype=torch.float64)
    done = retrace(bowl, START, [centre] * steps, rate, groups=[(slice(axis, axis + 1),) for axis in range(3)])
    expected = quadratic_return(rate, CURVATURES, steps) * (START - centre).numpy()
    assert done.distance[-1] == pytest.approx(np.abs(expected), rel=1e-9)


def test_beyond_the_stable_rate_the_closed_form_still_holds() -> None:
    assert quadratic_return(1.0, 1.5, 3) == pytest.approx((1 - 2.25) ** 3 - 1, rel=1e-14)


def test_different_batches_of_a_quadratic_by_the_propagated_sum() -> None:
    """θ†_0 − θ_0 = −r² Σ_t (I + rH)^t H g_t(θ_t): every step's miss, carried back."""
    rate, centres = (
        0.1,
        [torch.randn(3, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in range(9)],
    )
    path = forward_path(bowl, START, centres, rate)
    missed = sum(
        -(rate**2) * (1 + rate * CURVATURES) ** step * CURVATURES * bowl(path[step], centres[step]) for step in range(9)
    )
    assert isinstance(missed, Tensor)
    assert retrace(bowl, START, centres, rate).distance[-1, 0] == pytest.approx(missed.norm().item(), rel=1e-10)


def test_a_constant_gradient_is_retraced() -> None:
    """What the paper concludes from Eq. 35: where the gradient does not depend on θ, the path is retraced."""
    done = retrace(lambda theta, batch: batch, START, [START * k for k in range(1, 6)], 0.1)
    assert done.distance.max() < 1e-15 * 10
    assert done.displacement[-1, 0] > 1


def test_the_square_law_of_a_smooth_network() -> None:
    rates = [0.02, 0.01, 0.005, 0.0025]
    inputs = batches(12)
    distances, defects = [], []
    for seed in range(5):
        landscape = deep(seed=seed)
        runs = [retrace(landscape.gradient, landscape.start, inputs, rate) for rate in rates]
        distances.append([run.distance[-1, 0] for run in runs])
        defects.append(runs[-1].defect[-1, 0])
        product = landscape.curvature(landscape.start, inputs[0], landscape.gradient(landscape.start, inputs[0]))
        assert defects[-1] == pytest.approx(product.norm().item(), rel=5 * rates[-1])
    law = exponent(rates, distances)
    assert law.value == pytest.approx(2, abs=0.02)
    assert law.error < 0.01


def test_at_a_given_length_of_path_the_law_is_linear() -> None:
    landscape, batch = deep(), batches(1)[0]
    distances = [
        [retrace(landscape.gradient, landscape.start, [batch] * n, 0.4 / n).distance[-1, 0] for n in (8, 16, 32)]
    ]
    assert exponent([0.4 / n for n in (8, 16, 32)], distances).value == pytest.approx(1, abs=0.02)


def test_a_kink_that_is_crossed_costs_a_whole_step() -> None:
    """φ = |θ|: the gradient on the other side is another, however short the step."""
    for rate in (1e-2, 1e-5):
        done = retrace(lambda theta, batch: torch.sign(theta), torch.tensor([0.3 * rate]).double(), [None], rate)
        assert done.distance[1, 0] == pytest.approx(2 * rate, rel=1e-12)


def test_kinks_at_random_turn_the_square_law_into_three_halves() -> None:
    """Crossed in a share ∝ r of the steps, each time at the cost of r, in independent directions: ‖·‖ ∝ √(n r)·r."""
    rates, steps, dim = [0.2, 0.1, 0.05], 2000, 40
    distances = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        places = (torch.rand(steps, generator=generator) * 2 - 1).tolist()
        jumps = torch.randn(steps, dim, generator=generator, dtype=torch.float64)

        def gradient(theta: Tensor, batch: int, places: list[float] = places, jumps: Tensor = jumps) -> Tensor:
            slope = jumps[batch] * float(theta[0] > places[batch])
            slope[0] = 1.0 if batch % 2 else -1.0
            return slope

        start = torch.zeros(dim, dtype=torch.float64)
        distances.append([retrace(gradient, start, range(steps), rate).distance[-1, 0] for rate in rates])
    law = exponent(rates, distances)
    assert law.error < 0.05
    assert abs(law.z(1.5)) < 3


def test_groups_add_in_squares() -> None:
    landscape, inputs = deep(), batches(5)
    layers = list(landscape.groups().values())
    parts = retrace(landscape.gradient, landscape.start, inputs, 0.1, groups=layers)
    whole = retrace(landscape.gradient, landscape.start, inputs, 0.1)
    for name in ("distance", "displacement", "defect"):
        assert np.hypot.reduce(getattr(parts, name), axis=1) == pytest.approx(getattr(whole, name)[:, 0], rel=1e-12)


def test_relative_return_is_undefined_where_nothing_moved() -> None:
    assert np.isnan(relative_return(0.0, 0.0))
    assert relative_return([1.0, 3.0], [2.0, 4.0]).tolist() == [0.5, 0.75]


def test_paths_side_by_side_are_those_one_by_one() -> None:
    landscape, inputs = deep(), batches(6)
    rates = torch.tensor([[0.4], [0.1]], dtype=torch.float64)
    together = retrace(landscape.gradient, landscape.start.expand(2, -1), inputs, rates)
    for number, rate in enumerate((0.4, 0.1)):
        alone = retrace(landscape.gradient, landscape.start, inputs, rate)
        for name in ("distance", "displacement", "defect"):
            assert getattr(together, name)[:, number] == pytest.approx(getattr(alone, name), rel=1e-9, abs=1e-15)
        assert torch.allclose(together.end[number], alone.end, atol=1e-14)


def test_a_step_can_be_undone_by_a_forward_step_only_where_its_opposite_is_in_the_data() -> None:
    """1-D regression at θ = 0 on (1, 1) and (1, y'): the gradients there are −1 and −y'; from θ = r they are r − y."""
    rate = 0.25
    for other, expected in ((rate - 1.0, 0.0), (-3.0, 2 - rate), (0.5, 1.5 - rate)):
        reached = torch.tensor([[rate - 1.0], [rate - other]], dtype=torch.float64)
        found = nearest_return(reached, torch.tensor([-1.0], dtype=torch.float64))
        assert found == pytest.approx(expected, abs=1e-15)
    landscape = deep()
    inputs, labels = batches(1, examples=50)[0]
    first = (inputs[:1], labels[:1])
    gradient = landscape.gradient(landscape.start, first)
    reached = landscape.gradients(landscape.start - rate * gradient, (inputs, labels))
    assert nearest_return(reached, gradient) > 0.1  # of a network on a few examples: there is no way back
