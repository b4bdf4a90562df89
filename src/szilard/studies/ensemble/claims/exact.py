"""Claims of paper and blog on an exact system (GaussianMean), where every entropy is known; not about the record."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from szilard.studies.ensemble.reading import EnsembleReading
from szilard.systems import GaussianMean
from szilard.verdicts.bounds import RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Basis, Finding

SYSTEM = GaussianMean(
    dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)
SHORT, LONG = 5, 200
"""Steps: while the start is being forgotten, and long after it was."""
WHERE = f"GaussianMean, {SHORT} and {LONG} steps"

EQUAL, POSITIVE = (-RELATION, RELATION), (0.0, math.inf)
CLOSED = Claim(
    "exact system: closed (X, Θ)",
    "ΔS(X,Θ) = 0, as of a closed system",
    "blog, Part I",
    measure="ΔS(X,Θ) over the larger of |ΔS_X| and |ΔS(Θ)|",
    bound=EQUAL,
    basis=Basis.EXACT,
)
CLAUSIUS = Claim(
    "exact system: Clausius relation",
    "ΔS(Θ) = −Q",
    "paper Eq. 29",
    measure="ΔS(Θ) + Q over the larger of the two",
    bound=EQUAL,
    basis=Basis.EXACT,
)
ALONG_PATHS = Claim(
    "exact system: Clausius relation along paths",
    "Δs[p(θ_t)] = −q on every trajectory",
    "paper Eq. 28",
    measure="root mean square of Δs + q over the larger of |ΔS(Θ)| and |Q|",
    bound=EQUAL,
    basis=Basis.EXACT,
)
LATE = Claim(
    "exact system: late heat becomes information",
    "what is given off is memorised",
    "paper Eqs. 28–29",
    measure=f"1 − ΔI(Θ;B)/Δ(−Q) from {LONG} to {2 * LONG} steps",
    bound=EQUAL,
    basis=Basis.EXACT,
)
PRODUCTION = Claim(
    "exact system: marginal entropy production is positive",
    "Σ_X ≥ 0",
    "the second law, taken for the marginal view",
    measure="Σ_X, nat",
    bound=POSITIVE,
    basis=Basis.EXACT,
)
PROXY = Claim(
    "exact system: M-info ≥ I(X;Θ)",
    "data processing with the proxy for L-info",
    "paper Eqs. 4, 7",
    measure="I(Θ;B) − I(X;Θ), nat",
    bound=POSITIVE,
    basis=Basis.EXACT,
)
PROCESSING = Claim(
    "exact system: M-info ≥ L-info",
    "data processing: I(Θ;B) ≥ I(X;B)",
    "paper Eq. 4",
    measure="I(Θ;B) − I(X;B), nat",
    bound=POSITIVE,
    basis=Basis.EXACT,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every ensemble."""
    return _rows()


@functools.cache
def _rows() -> tuple[Finding, ...]:
    def both(effect: Callable[[dict[str, float]], float]) -> list[float]:
        return [effect(_answers(steps)) for steps in (SHORT, LONG)]

    return (
        _row(CLOSED, [_joint(steps) for steps in (SHORT, LONG)],
             "ΔS(X,Θ) = ΔS(X|Θ) + ΔS(Θ) is {0[joint]:.4f} and {1[joint]:.4f} nat. A differential entropy changes with "
             "the parametrisation, so no system is closed in all of them."),
        _row(CLAUSIUS, both(_clausius),
             "Residuals {0[clausius_residual]:.4f} and {1[clausius_residual]:.4f} nat, of −Q = {0[work]:.4f} and "
             "{1[work]:.4f}."),
        _row(ALONG_PATHS, both(_along_paths),
             "Root mean squares of the residual {0[residual_rms]:.4f} and {1[residual_rms]:.4f} nat (heat averaged "
             "over x, which only makes it smaller)."),
        _row(LATE, [_late()],
             "At stationarity −Q grows in proportion to the steps, while S(Θ) and every information stand still."),
        _row(PRODUCTION, both(lambda answers: answers["ep_marginal"]),
             "Σ_X = {0[ep_marginal]:.4f} and {1[ep_marginal]:.4f} nat. What holds is Σ_X ≥ ΔI(X;Θ), here "
             "{0[ep_ignorance]:.4f} and {1[ep_ignorance]:.4f}."),
        _row(PROXY, both(lambda answers: answers["m_info"] - answers["l_info"]),
             "I(Θ;B) = {0[m_info]:.4f} and {1[m_info]:.4f}, I(X;Θ) = {0[l_info]:.4f} and {1[l_info]:.4f} nat."),
        _row(PROCESSING, both(lambda answers: answers["m_info"] - answers["info_data"]),
             "I(Θ;B) = {0[m_info]:.4f} and {1[m_info]:.4f}, I(X;B) = {0[info_data]:.4f} and {1[info_data]:.4f} nat."),
    )  # fmt: skip


def _row(claim: Claim, effects: list[float], detail: str) -> Finding:
    """The effect farthest from the bound, or nearest to leaving it, of the lengths of training that were looked at."""
    low, high = claim.bound
    worst = max(effects, key=lambda effect: max(effect - high, low - effect))
    return claim.tested(worst, where=WHERE, detail=f"{WHERE}: {detail.format(_answers(SHORT), _answers(LONG))}")


@functools.cache
def _answers(steps: int) -> dict[str, float]:
    answers = dict(SYSTEM.exact(steps=steps))
    # S(X|Θ) is that of N(θ, s²), the same for every θ, so it does not change
    answers["joint"] = answers["parameter_entropy_change"]
    answers["residual_rms"] = residual_rms(SYSTEM, steps)
    return answers


def _joint(steps: int) -> float:
    start = SYSTEM.exact(steps=0)["entropy_marginal"]
    answers = _answers(steps)
    change = abs(answers["entropy_marginal"] - start)
    return answers["joint"] / max(change, abs(answers["parameter_entropy_change"]))


def _clausius(answers: dict[str, float]) -> float:
    return answers["clausius_residual"] / max(abs(answers["parameter_entropy_change"]), abs(answers["heat"]))


def _along_paths(answers: dict[str, float]) -> float:
    return answers["residual_rms"] / max(abs(answers["parameter_entropy_change"]), abs(answers["heat"]))


def _late() -> float:
    first, last = _answers(LONG), _answers(2 * LONG)
    return 1 - (last["m_info"] - first["m_info"]) / (first["heat"] - last["heat"])


def residual_rms(system: GaussianMean, steps: int) -> float:
    """Root mean square over trajectories of ``Δs[p(θ_t)] + Q(θ_n)``, for a system of one task without minibatches.

    Both are quadratic in the path: per component ``θ_n²/2V_n − θ_0²/2V_0 + ½ ln(V_n/V_0) − Σ_t (Δθ_t)²/2s²``, whose
    mean and variance are ``tr AC`` and ``2 tr (AC)²`` for the matrix A of the form and the covariance C of the path.
    """
    decay = (1 - system.rate / system.model_sigma**2) ** np.arange(steps + 1)
    # θ = M (θ_0, b̄, noise of each step)
    later = np.arange(steps + 1)[:, None] - 1 - np.arange(steps)
    noise = np.where(later >= 0, decay[np.maximum(later, 0)], 0.0)
    mixing = np.column_stack([decay, 1 - decay, noise])
    sources = np.r_[system.initial_variance, system.data_sigma**2 / system.points, np.full(steps, system.noise)]
    covariance = (mixing * sources) @ mixing.T
    jumps = np.diff(np.eye(steps + 1), axis=0)
    form = -jumps.T @ jumps / (2 * system.model_sigma**2)
    form[0, 0] -= 0.5 / covariance[0, 0]
    form[-1, -1] += 0.5 / covariance[-1, -1]
    product = form @ covariance
    mean = float(np.trace(product)) + 0.5 * math.log(covariance[-1, -1] / covariance[0, 0])
    variance = 2 * float((product * product.T).sum())
    return math.sqrt((system.dimension * mean) ** 2 + system.dimension * variance)
