"""A Gaussian whose mean is learned from a data set: the system in which M-info and L-info are known.

The closed forms need no torch, and audits quote them: so paths and samples import it when they are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from szilard.systems.base import System, require, require_steps
from szilard.systems.gaussian_forms import Relaxation, informations

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

_GRID_HALF_WIDTH = 9.0
_GRID_SPACING = 0.5


@dataclass(frozen=True)
class GaussianMean(System):
    """``p_θ = N(θ, s² I)``, θ pulled towards the mean b̄ of N points: ``θ ← θ − a(θ − b̄) + noise``, ``a = r/s²``.

    Each ensemble member draws a task ``μ ~ N(0, V_μ I)``, a data set of points ``b_i ~ N(μ, s*² I)`` and a start
    ``θ_0 ~ N(0, V_0 I)``. The noise is either added, ``N(0, ν I)``, or that of minibatches, or both.

    Args:
        dimension: d, of x and of θ.
        points: N, points in a data set.
        model_sigma: s, the model's fixed standard deviation.
        data_sigma: s*, standard deviation of the points around their task.
        rate: r, the learning rate; the step towards b̄ is a = r/s², and 0 < a < 2.
        noise: ν, variance of the noise added to each component of θ at each step.
        initial_variance: V_0, variance of each component of the start.
        task_variance: V_μ, variance of each component of the task; 0 for a single task.
        batch_size: m, points drawn with replacement for each step; None for the whole data set.

    Raises:
        SpecError: for a parameter outside its range.

    Example:
        >>> system = GaussianMean(dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02,
        ...                       initial_variance=0.5)
        >>> answers = system.exact(steps=5)
        >>> round(answers["m_info"], 5), round(answers["work"], 5), answers["ep_marginal"] < 0
        (0.06676, 0.12222, True)
    """

    dimension: int
    points: int
    model_sigma: float
    data_sigma: float
    rate: float
    noise: float
    initial_variance: float
    task_variance: float = 0.0
    batch_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("dimension", "points"):
            self._require_count(name, getattr(self, name))
        if self.batch_size is not None:
            self._require_count("batch_size", self.batch_size)
        for name in ("model_sigma", "rate"):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} is {value}: give a finite number above 0.")
        for name in ("data_sigma", "noise", "initial_variance", "task_variance"):
            value = getattr(self, name)
            require(math.isfinite(value) and value >= 0, f"{name} is {value}: give a finite number, 0 or more.")
        limit = 2 * self.model_sigma**2
        require(self.rate < limit, f"rate is {self.rate}, at which θ diverges: keep it below 2·model_sigma² = {limit}.")

    @staticmethod
    def _require_count(name: str, value: object) -> None:
        require(
            isinstance(value, int) and not isinstance(value, bool) and value >= 1,
            f"{name} is {value!r}: give a whole number, 1 or more.",
        )

    # Protocol

    def simulate(
        self, steps: int, *, members: int | None = None, seed: int = 0
    ) -> Float[Tensor, "*members points dimension"]:
        """Paths of θ, each member with a task, a data set and a seed of its own."""
        paths = self.ensemble(steps, tasks=1 if members is None else members, seed=seed)[:, 0, 0]
        return paths[0] if members is None else paths

    def ensemble(
        self, steps: int, *, tasks: int = 1, datasets: int = 1, seeds: int = 1, seed: int = 0
    ) -> Float[Tensor, "tasks datasets seeds points dimension"]:
        """Nested paths of θ: ``datasets`` for each task, ``seeds`` (starts and noise) for each data set."""
        for name, value in (("tasks", tasks), ("datasets", datasets), ("seeds", seeds)):
            self._require_count(name, value)
        import torch

        generator = torch.Generator().manual_seed(seed)
        task = math.sqrt(self.task_variance) * self._normal((tasks, 1, 1, self.dimension), generator)
        data = task + self.data_sigma * self._normal((tasks, datasets, self.points, self.dimension), generator)
        start = math.sqrt(self.initial_variance) * self._normal((tasks, datasets, seeds, self.dimension), generator)
        return self.simulate_given(data[:, :, None].expand(-1, -1, seeds, -1, -1), start, steps, generator=generator)

    def simulate_given(
        self,
        data: Float[Tensor, "*members points dimension"],
        start: Float[Tensor, "*members dimension"],
        steps: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "*members points dimension"]:
        """Paths of θ from these starts on these data sets, ``steps + 1`` points long."""
        import torch

        require_steps(steps)
        pull = self.rate / self.model_sigma**2
        centre = data.mean(-2)
        path = [start]
        for _ in range(steps):
            if self.batch_size is not None:
                picks = torch.randint(self.points, (*start.shape[:-1], self.batch_size), generator=generator)
                centre = torch.take_along_dim(data, picks[..., None], -2).mean(-2)
            noise = math.sqrt(self.noise) * self._normal(start.shape, generator)
            path.append(path[-1] - pull * (path[-1] - centre) + noise)
        return torch.stack(path, -2)

    @staticmethod
    def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        import torch

        return torch.randn(shape, generator=generator, dtype=torch.float64)

    # Model

    def sample(
        self, theta: Float[Tensor, "*members dimension"], count: int, *, generator: torch.Generator
    ) -> Float[Tensor, "*members count dimension"]:
        """``count`` points of ``N(θ, s² I)`` for each member."""
        shape = (*theta.shape[:-1], count, self.dimension)
        return theta[..., None, :] + self.model_sigma * self._normal(shape, generator)

    def phi(
        self, x: Float[Tensor, "*members count dimension"], theta: Float[Tensor, "*members dimension"]
    ) -> Float[Tensor, "*members count"]:
        """``φ = |x − θ|²/2s² + (d/2) ln 2πs²`` at each sample, nats."""
        square = (x - theta[..., None, :]).square().sum(-1)
        return square / (2 * self.model_sigma**2) + 0.5 * self.dimension * math.log(2 * math.pi * self.model_sigma**2)

    def outcomes(self, path: Float[Tensor, "*points dimension"]) -> tuple[Float[Tensor, "count dimension"], float]:
        """A grid of half-sigma cells 9 σ beyond the path: the rectangle rule is exact there to 1e-17."""
        import torch

        spacing = _GRID_SPACING * self.model_sigma
        margin = _GRID_HALF_WIDTH * self.model_sigma
        axes = [
            torch.arange(float(component.min()) - margin, float(component.max()) + margin, spacing, dtype=torch.float64)
            for component in path.reshape(-1, self.dimension).T
        ]
        return torch.cartesian_prod(*axes).reshape(-1, self.dimension), spacing**self.dimension

    # Answers

    def along(self, path: Float[Tensor, "points dimension"]) -> Mapping[str, float]:
        """The ledger of this very path: every step's KL is ``|Δθ|²/2s²`` both ways, the overlap ``e^{−|Δθ|²/8s²}``."""
        half = path.diff(dim=0).square().sum(-1) / (2 * self.model_sigma**2)
        direct = float((path[-1] - path[0]).square().sum()) / (2 * self.model_sigma**2)
        work = math.fsum(half.tolist())
        return {
            **self._constants(),
            "work": work,
            "heat": 0.0 - work,
            "ep_conditional": work,
            "work_reverse": work,
            "length": math.fsum(_angle(value) for value in half.tolist()),
            "work_direct": direct,
            "length_direct": _angle(direct),
        }

    def exact(self, *, steps: int) -> Mapping[str, float]:
        """Ensemble means after ``steps`` steps, by record name.

        Always ``work, heat, ep_conditional, work_reverse, work_direct, energy, entropy_conditional, fluctuation,
        parameter_variance`` (per component); without minibatches (whose noise depends on the data, so that θ is no
        longer Gaussian) also ``m_info, l_info, info_task, info_dataset, info_seed, info_data`` (= I(X;B) = task +
        dataset), ``entropy_marginal, ep_marginal, ep_ignorance, parameter_entropy_change, clausius_information,
        clausius_residual``. Infinite where θ has no density (``initial_variance`` or ``noise`` of 0).
        """
        require_steps(steps)
        noise = self.noise
        if self.batch_size is not None:
            spread = self.data_sigma**2 * (self.points - 1) / self.points
            noise += self._pull**2 * spread / self.batch_size
        relaxation = Relaxation(self._pull, noise)
        learned = relaxation.progress(steps) ** 2
        seed = (1 - self._pull) ** (2 * steps) * self.initial_variance + noise * relaxation.decay_sum(steps)
        dataset = learned * self.data_sigma**2 / self.points
        task = learned * self.task_variance
        distance = self.initial_variance + self.data_sigma**2 / self.points + self.task_variance
        answers = {**self._path_functions(steps, relaxation, distance), "parameter_variance": seed + dataset + task}
        if self.batch_size is None:
            answers |= informations(
                self.dimension, self.model_sigma**2, seed=seed, dataset=dataset, task=task, start=self.initial_variance
            )
            answers["ep_marginal"] = answers["ep_ignorance"] - answers["heat"]
            answers["clausius_information"] = -answers["heat"]
            answers["clausius_residual"] = answers["parameter_entropy_change"] + answers["heat"]
        return answers

    def exact_given(
        self, data: Float[Tensor, "points dimension"], start: Float[Tensor, " dimension"], *, steps: int
    ) -> Mapping[str, float]:
        """Means over noise and batches for this data set and this start, by record name."""
        require_steps(steps)
        noise = self.noise
        if self.batch_size is not None:
            spread = float((data - data.mean(0)).square().mean())
            noise += self._pull**2 * spread / self.batch_size
        distance = float((start - data.mean(0)).square().mean())
        return self._path_functions(steps, Relaxation(self._pull, noise), distance)

    def _constants(self) -> dict[str, float]:
        entropy = 0.5 * self.dimension * math.log(2 * math.pi * math.e * self.model_sigma**2)
        return {"energy": entropy, "entropy_conditional": entropy, "fluctuation": 1.0}

    def _path_functions(self, steps: int, relaxation: Relaxation, distance: float) -> dict[str, float]:
        """Work and heat from ``⟨(θ_0 − b̄)²⟩`` per component: each KL is half a squared displacement in units of s."""
        factor = 0.5 * self.dimension / self.model_sigma**2
        work = factor * relaxation.squared_steps(steps, distance)
        return {
            **self._constants(),
            "work": work,
            "heat": 0.0 - work,
            "ep_conditional": work,
            "work_reverse": work,
            "work_direct": factor * relaxation.squared_displacement(steps, distance),
        }

    @property
    def _pull(self) -> float:
        return self.rate / self.model_sigma**2


def _angle(work: float) -> float:
    """Statistical length of a Gaussian step whose KL is ``work``: ``2 arccos e^{−work/4}``."""
    return 4 * math.asin(math.sqrt(-0.5 * math.expm1(-0.25 * work)))
