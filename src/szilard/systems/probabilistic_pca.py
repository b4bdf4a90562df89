"""Probabilistic PCA: a latent-variable model whose likelihood, posterior and ledger are all Gaussian closed forms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require
from szilard.systems.parameter_system import normal, require_positive, require_whole
from szilard.systems.taught import Taught, require_learning

_GRID_HALF_WIDTH = 9.0
_GRID_SPACING = 0.5
_MOST_POINTS = 400_000


@dataclass(frozen=True)
class ProbabilisticPCA(Taught):
    """``z ~ N(0, I_k)``, ``x = A z + μ + N(0, σ² I_d)``, so that ``p(x) = N(μ, AAᵀ + σ² I)``; θ = (A, μ, ln σ), flat.

    Its proposals are the exact posterior with standard deviations widened by a factor α (``q(z|x)``), so that the
    importance-weighted bounds have a gap that is known: with one draw, the upper bound of ``−ln p`` lies
    ``(k/2)(α² − 1 − 2 ln α)`` above and the lower one ``(k/2)(α⁻² − 1 + 2 ln α)`` below, whatever θ and x.

    Args:
        dimension: d, of x.
        latent: k, of z.
        widening: α, at least 1 (then q is the posterior and the bounds meet).
        rate: r, the learning rate.
        batch_size: samples of the teacher in each step's minibatch.
        population: seed of the teacher and of the start.
        spread: σ of the start; where it is small the model grows wider as it learns, and samples reach less far.

    Raises:
        SpecError: for a parameter outside its range.

    Source: Tipping and Bishop, J. R. Statist. Soc. B 61 (1999) 611.

    Example:
        >>> system = ProbabilisticPCA(widening=1.5)
        >>> answers = system.exact(steps=10)
        >>> answers["work_joint"] > answers["work"] > 0
        True
    """

    dimension: int = 2
    latent: int = 1
    widening: float = 1.3
    rate: float = 0.05
    batch_size: int = 32
    population: int = 0
    spread: float = 2.0

    def __post_init__(self) -> None:
        require_whole(1, dimension=self.dimension, latent=self.latent)
        require_learning(self.rate, self.batch_size)
        require_positive(widening=self.widening, spread=self.spread)
        require(self.widening >= 1, f"widening is {self.widening}: give 1 or more, or the weights have no variance.")

    def teacher(self) -> Float[Tensor, " theta"]:
        """Loadings and a mean drawn from normals, σ = 0.7."""
        generator = torch.Generator().manual_seed(self.population)
        loadings = normal((self.dimension * self.latent,), generator)
        mean = normal((self.dimension,), generator)
        return torch.cat([loadings, mean, torch.tensor([math.log(0.7)], dtype=torch.float64)])

    def start(self) -> Float[Tensor, " theta"]:
        """The parameters where learning begins: small loadings, mean 0."""
        generator = torch.Generator().manual_seed(self.population + 1)
        loadings = 0.3 * normal((self.dimension * self.latent,), generator)
        rest = torch.zeros(self.dimension + 1, dtype=torch.float64)
        rest[-1] = math.log(self.spread)
        return torch.cat([loadings, rest])

    # Model

    def sample(
        self, theta: Float[Tensor, "*members theta"], count: int, *, generator: torch.Generator
    ) -> Float[Tensor, "*members count dimension"]:
        """``count`` points ``x ~ p_θ`` for each member."""
        return self.sample_joint(theta, count, generator=generator)[0]

    def phi(
        self, x: Float[Tensor, "*members count dimension"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """``½ (x − μ)ᵀ C⁻¹ (x − μ) + ½ ln det 2πC`` with ``C = AAᵀ + σ² I``."""
        mean, covariance = self.moments(theta)
        factor = torch.linalg.cholesky(covariance)
        white = torch.linalg.solve_triangular(factor, (x - mean[..., None, :]).mT, upper=False)
        log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = log_det + 0.5 * self.dimension * math.log(2 * math.pi)
        return 0.5 * white.square().sum(-2) + constant[..., None]

    def outcomes(self, path: Float[Tensor, "*points theta"]) -> tuple[Float[Tensor, "count dimension"], float]:
        """A grid of half the smallest standard deviation, 9 of the largest beyond the path: exact to 1e-17."""
        mean, covariance = self.moments(path.reshape(-1, path.shape[-1]))
        spacing = _GRID_SPACING * float(torch.linalg.eigvalsh(covariance)[:, 0].min().sqrt())
        margin = _GRID_HALF_WIDTH * covariance.diagonal(dim1=-2, dim2=-1).sqrt()
        low, high = (mean - margin).min(0).values, (mean + margin).max(0).values
        points = float(((high - low) / spacing).log().sum().exp())
        require(
            points <= _MOST_POINTS,
            f"a grid over {self.dimension} dimensions takes {points:.0f} points: use closed forms or fewer dimensions.",
        )
        axes = [torch.arange(float(a), float(b), spacing, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
        return torch.cartesian_prod(*axes).reshape(-1, self.dimension), spacing**self.dimension

    def split(self, theta: Float[Tensor, "*members theta"]) -> tuple[Tensor, Tensor, Tensor]:
        """A, μ and σ: ``(…, d, k)``, ``(…, d)``, ``(…)``."""
        size = self.dimension * self.latent
        loadings = theta[..., :size].unflatten(-1, (self.dimension, self.latent))
        return loadings, theta[..., size:-1], theta[..., -1].exp()

    def moments(self, theta: Float[Tensor, "*members theta"]) -> tuple[Tensor, Tensor]:
        """The mean and the covariance of x, for each member."""
        loadings, mean, sigma = self.split(theta)
        identity = torch.eye(self.dimension, dtype=theta.dtype, device=theta.device)
        return mean, loadings @ loadings.mT + sigma[..., None, None].square() * identity

    # Latent variables

    def sample_joint(
        self, theta: Float[Tensor, "*members theta"], count: int, *, generator: torch.Generator
    ) -> tuple[Float[Tensor, "*members count dimension"], Float[Tensor, "*members count latent"]]:
        """``count`` pairs ``(x, z) ~ p(x, z)`` for each member."""
        loadings, mean, sigma = self.split(theta)
        z = normal((*theta.shape[:-1], count, self.latent), generator)
        noise = normal((*theta.shape[:-1], count, self.dimension), generator)
        return z @ loadings.mT + mean[..., None, :] + sigma[..., None, None] * noise, z

    def log_joint(
        self,
        x: Float[Tensor, "count dimension"],
        z: Float[Tensor, "count draws latent"],
        theta: Float[Tensor, " theta"],
    ) -> Float[Tensor, "count draws"]:
        """``ln p(x, z)`` of each sample, in nats."""
        loadings, mean, sigma = self.split(theta)
        residual = x[:, None] - z @ loadings.mT - mean
        square = residual.square().sum(-1) / sigma**2 + z.square().sum(-1)
        constant = (self.dimension + self.latent) * math.log(2 * math.pi) + 2 * self.dimension * sigma.log()
        return -0.5 * (square + constant)

    def posterior(
        self, x: Float[Tensor, "count dimension"], theta: Float[Tensor, " theta"]
    ) -> tuple[Float[Tensor, "count latent"], Float[Tensor, "latent latent"]]:
        """Mean and covariance of ``p(z|x)``: ``M⁻¹Aᵀ(x − μ)`` and ``σ²M⁻¹`` with ``M = AᵀA + σ² I``."""
        loadings, mean, sigma = self.split(theta)
        precision = loadings.mT @ loadings + sigma**2 * torch.eye(self.latent, dtype=theta.dtype, device=theta.device)
        inverse = torch.linalg.inv(precision)
        return (x - mean) @ loadings @ inverse, sigma**2 * inverse

    def propose(
        self,
        x: Float[Tensor, "count dimension"],
        theta: Float[Tensor, " theta"],
        draws: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "count draws latent"]:
        """Latent variables ``z ~ q(z|x)`` for each sample."""
        mean, covariance = self.posterior(x, theta)
        factor = self.widening * torch.linalg.cholesky(covariance)
        return mean[:, None] + normal((len(x), draws, self.latent), generator) @ factor.mT

    def log_proposal(
        self,
        x: Float[Tensor, "count dimension"],
        z: Float[Tensor, "count draws latent"],
        theta: Float[Tensor, " theta"],
    ) -> Float[Tensor, "count draws"]:
        """``ln q(z|x)`` of each latent variable, in nats."""
        mean, covariance = self.posterior(x, theta)
        factor = self.widening * torch.linalg.cholesky(covariance)
        white = torch.linalg.solve_triangular(factor, (z - mean[:, None]).mT, upper=False)
        log_det = factor.diagonal().log().sum()
        return -0.5 * white.square().sum(-2) - log_det - 0.5 * self.latent * math.log(2 * math.pi)

    # Answers

    def along(self, path: Float[Tensor, "points theta"]) -> Mapping[str, float]:
        """The ledger of this very path, closed forms of Gaussians; and ``work_joint``, that on x and z together."""
        marginal = [(m, c) for m, c in zip(*self.moments(path), strict=True)]
        joint = [self._joint_moments(theta) for theta in path]
        steps = list(itertools.pairwise(marginal))
        start, end = _entropy(marginal[0]), _entropy(marginal[-1])
        work = math.fsum(_divergence(before, after) for before, after in steps)
        return {
            "energy": end,
            "entropy_conditional": end,
            "work": work,
            "heat": end - start - work,
            "ep_conditional": work,
            "work_reverse": math.fsum(_divergence(after, before) for before, after in steps),
            "length": math.fsum(_angle(before, after) for before, after in steps),
            "work_direct": _divergence(marginal[0], marginal[-1]),
            "length_direct": _angle(marginal[0], marginal[-1]),
            "fluctuation": 1.0,
            "work_joint": math.fsum(_divergence(before, after) for before, after in itertools.pairwise(joint)),
        }

    def bound_offsets(self) -> tuple[float, float]:
        """How far one draw's bounds of ``−ln p`` lie from it: above (z ~ q) and below (z ~ posterior), both ≥ 0."""
        log = 2 * math.log(self.widening)
        square = self.widening**2
        return 0.5 * self.latent * (square - 1 - log), 0.5 * self.latent * (1 / square - 1 + log)

    def _joint_moments(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance of (z, x)."""
        loadings = self.split(theta)[0]
        mean, covariance = self.moments(theta)
        identity = torch.eye(self.latent, dtype=theta.dtype)
        whole = torch.cat([torch.cat([identity, loadings.mT], -1), torch.cat([loadings, covariance], -1)], -2)
        return torch.cat([torch.zeros(self.latent, dtype=theta.dtype), mean]), whole


_Gaussian = tuple[Tensor, Tensor]
"""Mean and covariance."""


def _entropy(of: _Gaussian) -> float:
    return 0.5 * float(torch.linalg.slogdet(2 * math.pi * math.e * of[1])[1])


def _divergence(before: _Gaussian, after: _Gaussian) -> float:
    """``KL(before‖after)`` from the eigenvalues λ of ``C_a⁻¹C_b``: ``½ Σ (λ − 1 − ln λ)`` and the mean's shift."""
    factor = torch.linalg.cholesky(after[1])
    half = torch.linalg.solve_triangular(factor, before[1], upper=False)
    ratio = torch.linalg.eigvalsh(torch.linalg.solve_triangular(factor, half.mT, upper=False))
    shift = torch.linalg.solve_triangular(factor, (after[0] - before[0])[:, None], upper=False)
    excess = ratio - 1
    return 0.5 * float((excess - excess.log1p()).sum() + shift.square().sum())


def _angle(before: _Gaussian, after: _Gaussian) -> float:
    """``2 arccos`` of the overlap ``∫ √(pq) = (det C_a det C_b)^¼ / (det C̄)^½ · e^{−Δμᵀ C̄⁻¹ Δμ/8}``, C̄ their mean."""
    mean = 0.5 * (before[1] + after[1])
    shift = after[0] - before[0]
    logs = [float(torch.linalg.slogdet(matrix)[1]) for matrix in (before[1], after[1], mean)]
    log_overlap = 0.25 * (logs[0] + logs[1]) - 0.5 * logs[2] - 0.125 * float(shift @ torch.linalg.solve(mean, shift))
    return 4 * math.asin(math.sqrt(max(0.0, -0.5 * math.expm1(log_overlap))))
