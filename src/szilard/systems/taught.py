"""Systems that learn: θ moves by SGD on samples of a teacher, a fixed member of the same family."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import System, require, require_steps


class Taught(System):
    """``θ ← θ − r ⟨∇φ_θ(x)⟩`` over minibatches ``x ~ p_teacher``, drawn afresh at each step; θ is a vector.

    Siblings add their own parameters, ``start`` and ``teacher``; :meth:`exact` is the ledger of the path of one seed.
    """

    rate: float
    """r, the learning rate."""

    batch_size: int
    """Samples of the teacher in each step's minibatch."""

    @abc.abstractmethod
    def teacher(self) -> Float[Tensor, " theta"]:
        """The parameters θ of the distribution that is learned."""

    @abc.abstractmethod
    def start(self) -> Float[Tensor, " theta"]:
        """The parameters θ_0 where learning begins."""

    # Protocol

    def simulate(
        self, steps: int, *, members: int | None = None, seed: int = 0
    ) -> Float[Tensor, "*members points theta"]:
        """Paths from the same start, each member with batches of its own."""
        require_steps(steps)
        count = 1 if members is None else members
        require(count >= 1, f"members is {members}: give a whole number, 1 or more.")
        generator = torch.Generator().manual_seed(seed)
        teacher = self.teacher().expand(count, -1)
        path = [self.start().expand(count, -1)]
        for _ in range(steps):
            batch = self.sample(teacher, self.batch_size, generator=generator)
            with torch.enable_grad():
                theta = path[-1].clone().requires_grad_()
                (gradient,) = torch.autograd.grad(self.phi(batch, theta).mean(-1).sum(), theta)
            path.append(path[-1] - self.rate * gradient)
        paths = torch.stack(path, -2)
        return paths[0] if members is None else paths

    # Answers

    def exact(self, *, steps: int, seed: int = 0) -> Mapping[str, float]:
        """The ledger of the path that :meth:`simulate` walks in ``steps`` steps; ``seed`` chooses the batches."""
        return self.along(self.simulate(steps, seed=seed))


def require_learning(rate: float, batch_size: int) -> None:
    """Raise :class:`~szilard.errors.SpecError` unless these are a learning rate and a size of batch."""
    require(math.isfinite(rate) and rate > 0, f"rate is {rate}: give a finite learning rate above 0.")
    require(
        isinstance(batch_size, int) and not isinstance(batch_size, bool) and batch_size >= 1,
        f"batch_size is {batch_size!r}: give a whole number of samples per step, 1 or more.",
    )
