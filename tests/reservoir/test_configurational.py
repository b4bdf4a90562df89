"""The configurational temperature from products is that from the vectors themselves."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir.temperature import configurational_of_gram, configurational_temperature


@pytest.mark.parametrize("times", [3, 7, 8, 31, 32, 45])
def test_products_give_what_vectors_give(times: int) -> None:
    generator = np.random.default_rng(times)
    theta = generator.normal(size=(times, 6)).cumsum(0)
    force = 0.5 * theta + generator.normal(size=(times, 6))
    ours = configurational_of_gram((theta + 3.0) @ force.T - 3.0 * force.sum(1), 6)
    theirs = configurational_temperature(theta, force)
    assert ours.value.value == pytest.approx(theirs.value.value, rel=1e-9)
    assert ours.value.error == pytest.approx(theirs.value.error, rel=1e-9)
    assert ours.autocorrelation_time == pytest.approx(theirs.autocorrelation_time)


def test_what_happens_within_a_time_is_added() -> None:
    """Records of four times each: means between, covariance within; together all that there is."""
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(5, 4, 3))
    means = theta.mean(1)
    within = ((theta - means[:, None]) * (2 * theta - 2 * means[:, None])).sum(-1).mean(1)
    found = configurational_of_gram(means @ (2 * means).T, 3, within)
    flat = theta.reshape(20, 3)
    plain = 2 * (flat - flat.mean(0)).var(0).mean()
    bias = 2 * means.var(0).mean() / 4 + within.mean() / 3 / 4
    assert found.value.value == pytest.approx(plain + bias, rel=1e-12)


def test_a_matrix_that_is_not_square_is_refused() -> None:
    with pytest.raises(RecordError, match=r"at least three times, not \(2, 2\)"):
        configurational_of_gram(np.eye(2), 1)
