"""What a reservoir makes of draws whose law is known: tails in a window, and kinetic draws that remember."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.monitor.reservoir.temperatures import memory_time, remembered_average
from szilard.monitor.reservoir.window import Window
from szilard.reservoir.dynamics import Dynamics

pytestmark = pytest.mark.slow

BURST = 12


@pytest.mark.parametrize(("alpha", "most"), [(1.2, 1.4), (1.5, 1.75), (3.0, 3.4)])
def test_a_windows_tail_index_is_that_of_the_norms(alpha, most):
    """Each burst has a scale of its own, which does not hide a great value, however few steps it has."""
    generator = np.random.default_rng(3)
    found = []
    for _ in range(200):
        window = Window(32, 1, 1)
        for _ in range(32):
            norms = (generator.pareto(alpha, BURST) + 1) * generator.lognormal()
            window.add_noise(1.0, 1.0, norms)
        found.append(window.tail())
    values, errors = (np.array([getattr(one, name) for one in found]) for name in ("value", "error"))
    assert alpha - 3 * values.std() / math.sqrt(200) < values.mean() < most
    assert 0.7 < math.sqrt(np.square(errors).mean()) / values.std(ddof=1) < 1.3


CASES = {
    "plain": Dynamics("sgd", 0.1),
    "momentum .9": Dynamics("sgd", 0.1, momentum=0.9),
    "momentum .99": Dynamics("sgd", 0.1, momentum=0.99),
    "dampening": Dynamics("sgd", 0.1, momentum=0.9, dampening=0.9),
    "Nesterov .9": Dynamics("sgd", 0.1, momentum=0.9, nesterov=True),
    "Nesterov .5": Dynamics("sgd", 0.1, momentum=0.5, nesterov=True),
    "Adam": Dynamics("adam", 0.1),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("parameters", [1, 10])
def test_errors_of_kinetic_draws_are_their_scatter(case, parameters):
    """Under white noise, bursts far apart: what is stated is what the means differ by."""
    dynamics = CASES[case]
    generator = np.random.default_rng(1)
    bursts = 3000
    v = np.zeros((bursts, parameters))
    if dynamics.inertia:
        v = generator.normal(size=v.shape) * dynamics.intake / math.sqrt(1 - dynamics.inertia**2)
    draws = []
    for _ in range(BURST):
        g = generator.normal(size=v.shape)
        gradient, buffer = np.square(g).mean(1), np.square(v).mean(1)
        draws.append(dynamics.gradient_weight * gradient + dynamics.buffer_weight * buffer)
        v = dynamics.inertia * v + dynamics.intake * g
    series = np.array(draws).T
    averages = [remembered_average(each, [dynamics]) for each in series]
    stated = math.sqrt(np.mean([float(one.value.error) ** 2 for one in averages]))
    assert 0.85 < stated / series.mean(1).std(ddof=1) < 1.3
    # the closed form itself, where nothing is taken from the series but its own variance
    known = math.sqrt(np.var(series, axis=1, ddof=1).mean() * memory_time(dynamics, BURST) / BURST)
    assert known / series.mean(1).std(ddof=1) == pytest.approx(1, abs=0.06)
