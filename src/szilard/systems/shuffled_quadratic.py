"""SGD that shuffles its data anew each epoch: noise that is anticorrelated, and a variance far below that of chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from szilard.systems.base import require, require_steps
from szilard.systems.parameter_system import (
    Motion,
    ParameterSystem,
    Theta,
    lead,
    normal,
    require_not_negative,
    require_positive,
    require_whole,
)

_RUN_IN = 12.0


@dataclass(frozen=True)
class ShuffledQuadratic(ParameterSystem):
    """``U = ½ h θ²`` over M batches an epoch, each example used once: ``θ' = θ − r(hθ + ξ)``.

    The noise ξ of an epoch adds up to 0, so that noises of one epoch are correlated by −1/(M − 1). With a = 1 − rh and
    w_t = a^(M−1−t), the variance at the ends of epochs over that of independent batches is

        ratio = M/(M − 1) · [1 − (Σw)²/(M Σw²)]   (for large M: 1 − (2/x) tanh(x/2), x = rhM)

    Args:
        batches: M, for each epoch.
        curvature: h.
        rate: r.
        noise: c, variance of the noise of a batch at frozen θ.
        batch_size: examples in each batch; the data set has ``batches · batch_size``.

    Raises:
        SpecError: for a parameter outside its range, or a rate at which θ diverges.

    Example:
        >>> [round(ShuffledQuadratic(batches=60, curvature=x / 6, rate=0.1).exact()["variance_ratio"], 3)
        ...  for x in (0.1, 1.0, 10.0)]
        [0.001, 0.078, 0.831]
    """

    batches: int
    curvature: float
    rate: float
    noise: float = 1.0
    batch_size: int = 1

    def __post_init__(self) -> None:
        require_whole(2, batches=self.batches)
        require_whole(1, batch_size=self.batch_size)
        require_positive(curvature=self.curvature, rate=self.rate)
        require_not_negative(noise=self.noise)
        limit = 2 / self.curvature
        require(
            self.rate < limit, f"rate is {self.rate}, at which θ diverges: keep it below 2/curvature = {limit:.6g}."
        )

    @property
    def examples(self) -> int:
        """The number N of examples in the data set."""
        return self.batches * self.batch_size

    # Protocol

    def simulate(self, steps: int, *, members: int | None = None, seed: int = 0) -> Motion:
        """Run in, then from the start of an epoch on; every member has a data set and orders of its own."""
        require_steps(steps)
        generator = torch.Generator().manual_seed(seed)
        shape = lead(members)
        data = self._data((*shape, self.examples), generator)
        theta = math.sqrt(self._end_variance) * normal((*shape, 1), generator)
        epochs = math.ceil(_RUN_IN / (-2 * self.batches * math.log(abs(self._contraction) + 1e-300)))
        theta = self._run(theta, data, epochs * self.batches, generator)[0][-1]
        path, gradients = self._run(theta, data, steps, generator)
        thetas = torch.stack(path, -2)
        batches = torch.stack(gradients, -2) if steps else thetas[..., :0, :]
        return Motion(thetas, batches, self.force(thetas))

    def _run(
        self, theta: Tensor, data: Tensor, steps: int, generator: torch.Generator
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Points and gradients from the start of an epoch on."""
        path, gradients = [theta], []
        for step in range(steps):
            if step % self.batches == 0:
                noises = self._epoch(data, generator)
            gradients.append(self.curvature * path[-1] + noises[..., step % self.batches, None])
            path.append(path[-1] - self.rate * gradients[-1])
        return path, gradients

    def _data(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """The pull of each example: mean 0 and the variance that makes that of a batch exactly c."""
        values = normal(shape, generator)
        values = values - values.mean(-1, keepdim=True)
        return values * (self._example_variance**0.5 / values.std(-1, keepdim=True, correction=0))

    def _epoch(self, data: Tensor, generator: torch.Generator) -> Tensor:
        order = torch.rand(data.shape, generator=generator, dtype=torch.float64).argsort(-1)
        return data.gather(-1, order).unflatten(-1, (self.batches, self.batch_size)).mean(-1)

    # Gradients

    def force(self, theta: Theta) -> Theta:
        """The force ``hθ``, loss per unit of θ, shaped as θ."""
        return self.curvature * theta

    def gradient(self, theta: Theta, *, generator: torch.Generator, parts: int = 1) -> Theta:
        """The gradient of a batch drawn without replacement, in the normal approximation of its noise."""
        size, rest = divmod(self.batch_size, parts)
        require(rest == 0, f"a batch of {self.batch_size} cannot be cut into {parts} equal parts: choose another.")
        variance = self._example_variance / size * (self.examples - size) / (self.examples - 1)
        return self.force(theta) + variance**0.5 * normal(theta.shape, generator)

    # Answers

    def by_direction(self) -> Mapping[str, tuple[float, ...]]:
        """Averages over the places in the epoch, the variance at its end and what independent batches would give.

        ``temperature_configurational`` is ⟨θ·∇U⟩; under shuffling it is not the kinetic one, because θ remembers which
        batches are still to come. ``fdr_ratio`` takes the batch's own gradient, ⟨θ·g⟩ over ½r⟨g²⟩, and is 1.
        """
        h, r, c = self.curvature, self.rate, self.noise
        variance, mixed = self._epoch_means()
        square = h * h * variance + 2 * h * mixed + c
        independent = r * c / (h * (2 - r * h))
        answers = {
            "parameter_variance": variance,
            "parameter_variance_epoch_end": self._end_variance,
            "parameter_variance_independent": independent,
            "noise_variance": c,
            "signal_variance": h * h * variance,
            "temperature_noise": 0.5 * r * c,
            "temperature_green_kubo": 0.0,
            "temperature_kinetic": 0.5 * r * square,
            "temperature_configurational": h * variance,
            "fdr_ratio": 1.0,
        }
        if c > 0:
            answers["variance_ratio"] = self._end_variance / independent
            answers["gradient_noise_scale"] = self.batch_size * c / (h * h * variance)
        return {name: (value,) for name, value in answers.items()}

    def noise_autocorrelation(self, lag: int) -> float:
        """``−(M − h)/[M(M − 1)]`` for lags h within an epoch, at frozen θ; 0 beyond."""
        if lag == 0:
            return 1.0
        return -max(self.batches - abs(lag), 0) / (self.batches * (self.batches - 1))

    @property
    def _contraction(self) -> float:
        return 1 - self.rate * self.curvature

    @property
    def _example_variance(self) -> float:
        """Population variance of one example, from ``c = (C/|b|)(N − |b|)/(N − 1)``."""
        size, examples = self.batch_size, self.examples
        return self.noise * size * (examples - 1) / (examples - size)

    def _noise_sums(self) -> np.ndarray:
        """Variance of ``Σ_s a^(t−1−s) ξ_s`` over the first t steps of an epoch, for t = 0 … M."""
        powers = self._contraction ** np.arange(self.batches)
        squares, totals = (np.concatenate([[0.0], np.cumsum(each)]) for each in (powers**2, powers))
        return self.noise * (self.batches * squares - totals**2) / (self.batches - 1)

    @property
    def _end_variance(self) -> float:
        shrink = self._contraction ** (2 * self.batches)
        return self.rate**2 * float(self._noise_sums()[-1]) / (1 - shrink)

    def _epoch_means(self) -> tuple[float, float]:
        """⟨θ²⟩ and ⟨θξ⟩, averaged over the places in the epoch."""
        a, places = self._contraction, np.arange(self.batches)
        squares = a ** (2 * places) * self._end_variance + self.rate**2 * self._noise_sums()[:-1]
        mixed = self.rate * self.noise / (self.batches - 1) * (1 - a**places) / (1 - a)
        return float(squares.mean()), float(mixed.mean())
