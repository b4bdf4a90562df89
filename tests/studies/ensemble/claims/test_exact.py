"""The rows on an exact system: their numbers are those of the theory, and they say that they are not the record's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import xarray as xr

from szilard.audit import Basis, Verdict, audit
from szilard.studies.ensemble.claims.exact import LONG, SHORT, SYSTEM, residual_rms

VERDICTS = {
    "exact system: closed (X, Θ)": ("-0.6552 and -0.8903", Verdict.FAILED),
    "exact system: Clausius relation": ("-0.7774 and -5.1269", Verdict.FAILED),
    "exact system: Clausius relation along paths": ("1.1387 and 5.3309", Verdict.FAILED),
    "exact system: late heat becomes information": ("stand still", Verdict.FAILED),
    "exact system: marginal entropy production is positive": ("Σ_X = -0.0524", Verdict.FAILED),
    "exact system: M-info ≥ I(X;Θ)": ("I(Θ;B) = 0.0668 and 0.6678, I(X;Θ) = 0.2308 and 0.1867", Verdict.FAILED),
    "exact system: M-info ≥ L-info": ("I(X;B) = 0.0134 and 0.0866", Verdict.HELD),
}


def test_the_numbers_are_the_theory_s(learned: xr.DataTree) -> None:
    rows = {row.name: row for row in audit(learned).rows if row.basis is Basis.EXACT}
    assert rows.keys() == VERDICTS.keys()
    for name, (number, verdict) in VERDICTS.items():
        assert number in rows[name].detail, rows[name].detail
        assert rows[name].verdict is verdict
        assert rows[name].where == "GaussianMean, 5 and 200 steps"
        assert rows[name].detail.startswith("GaussianMean, 5 and 200 steps: ")
        assert rows[name].interval == (rows[name].effect, rows[name].effect)


@pytest.mark.parametrize("steps", [SHORT, LONG])
def test_the_residual_along_paths_is_that_of_simulated_ones(steps: int) -> None:
    """−ln p(θ_n) + ln p(θ_0) + Q of each path, p(θ) being the normal distribution that the system says it is."""
    members = 20_000
    paths = SYSTEM.simulate(steps, members=members, seed=5)
    variances = [SYSTEM.exact(steps=at)["parameter_variance"] for at in (0, steps)]

    def surprisal(theta: torch.Tensor, variance: float) -> torch.Tensor:
        return theta.square().sum(-1) / (2 * variance) + 0.5 * SYSTEM.dimension * math.log(2 * math.pi * variance)

    heat = -paths.diff(dim=1).square().sum((1, 2)) / (2 * SYSTEM.model_sigma**2)
    residual = surprisal(paths[:, -1], variances[1]) - surprisal(paths[:, 0], variances[0]) + heat
    squares = residual.square().numpy()
    error = float(squares.std() / math.sqrt(members))
    assert residual_rms(SYSTEM, steps) ** 2 == pytest.approx(float(squares.mean()), abs=4 * error)
    answers = SYSTEM.exact(steps=steps)
    spread = float(residual.std()) / math.sqrt(members)
    assert float(residual.mean()) == pytest.approx(answers["clausius_residual"], abs=4 * spread)
    assert np.isfinite(squares).all()
