"""A burst: at each of a few consecutive steps the loop's gradient meets fresh ones at the same parameters.

Everything stays on its device; what a step leaves behind are norms of every parameter's gradients, and the values of a
fixed sample of parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.evaluation import RandomStream, any_algorithm, apart
from szilard.models.gradients import dense
from szilard.monitor.measure import Occasion
from szilard.monitor.reservoir.optimizer_state import OptimizerBuffers, OptimizerSettings
from szilard.monitor.reservoir.plan import BurstPlan, BurstStart, burst_start, full_width, norms_of

NORMS = ("halves", "mean", "pair", "gradient", "raw", "velocity", "preconditioned", "displacement")
"""Norms that a step leaves of every parameter: ``g_a − g_b``; ``g_a + g_b`` and the loop's g, both with the penalty's
gradient; ``g_a + g_b − 2g``; the loop's g as it is; and, where the optimiser has them, v (Adam: ``√P m``), ``√P(g_a −
g_b)`` and θ − θ before the last step."""


@final
class Burst:
    """Takes in the steps that follow a record.

    Args:
        plan: of all bursts.
        occasion: of the record.
        generator: of the fresh batches.
        stream: random states of the model's own evaluations, as for dropout.
    """

    def __init__(self, plan: BurstPlan, occasion: Occasion, generator: torch.Generator, stream: RandomStream) -> None:
        self.plan = plan
        self.occasion = occasion
        self.settings: list[OptimizerSettings] = []
        self.ready: list[tuple[bool, ...]] = []
        self.norms: list[Tensor] = []
        self.losses: list[Tensor] = []
        self.overflow: list[Tensor] = []
        self.start: BurstStart | None = None
        self.works: list[Tensor] = []
        self.skipped = 0
        self.made: tuple[int, Tensor | None] = (0, None)
        self._generator, self._stream = generator, stream
        self._samples: list[tuple[Tensor, ...]] = []
        self._sum: list[Tensor] = []
        self._before: list[Tensor] | None = None

    @property
    def steps(self) -> int:
        """Number of the optimiser's steps taken in so far."""
        return len(self.norms)

    @property
    def done(self) -> bool:
        """Whether as many steps were taken in as a burst has."""
        return self.steps >= self.plan.steps

    @any_algorithm()
    def take(self, optimizer: torch.optim.Optimizer) -> None:
        """One step of the optimiser is about to be made: its gradient is there, the parameters have not moved."""
        plan, tracked = self.plan, self.plan.tracked
        settings = OptimizerSettings.of(optimizer, tracked)
        with torch.no_grad():
            loop = [full_width(dense(parameter.grad, parameter)) for parameter in tracked.parameters]
            self._unscale(optimizer, loop)
        with apart(plan.gradient.module, plan.device, self._stream):
            batches = [plan.examples.draw(plan.half, self._generator, plan.device) for _ in range(2)]
            first, second = plan.gradient.several(batches)
            if self.start is None:
                self.start = burst_start(plan, optimizer, settings, self._generator)
        with torch.no_grad():
            self._compare(optimizer, settings, loop, self._thawed(first[1]), self._thawed(second[1]))
        self.losses.append(0.5 * (first[0].double() + second[0].double()))
        self.settings.append(settings)

    def _compare(
        self,
        optimizer: torch.optim.Optimizer,
        settings: OptimizerSettings,
        loop: list[Tensor],
        first: list[Tensor],
        second: list[Tensor],
    ) -> None:
        plan, tracked = self.plan, self.plan.tracked
        theta = [full_width(parameter.detach()) for parameter in tracked.parameters]
        decays, memory = settings.decays(), OptimizerBuffers.of(optimizer, settings, tracked)
        # In place: large arrays are dearer to allocate than to fill. Both become what they are called.
        both, halves = first, second
        torch._foreach_add_(both, second)
        torch._foreach_mul_(halves, -2.0)
        torch._foreach_add_(halves, both)
        norms = {"halves": norms_of(halves)} | self._remembered(memory, halves, theta)
        of_halves = plan.sample.of(halves)
        work = plan.forecast if plan.forecast and plan.forecast.due(self.steps, plan.steps) else None
        differences = [g.clone() for g in halves] if work else []
        pair = halves
        torch._foreach_copy_(pair, both)
        torch._foreach_add_(pair, loop, alpha=-2)
        norms["pair"], of_pair = norms_of(pair), plan.sample.of(pair)
        mean = both
        norms["raw"] = norms_of(loop)
        if any(decays):
            for g, x, decay in zip(mean, theta, decays, strict=True):
                g.add_(x, alpha=2 * decay)
            pulled = zip(loop, theta, decays, strict=True)
            norms["gradient"] = [torch.linalg.vector_norm(torch.add(g, x, alpha=decay)) for g, x, decay in pulled]
        else:
            norms["gradient"] = norms["raw"]
        norms["mean"] = norms_of(mean)
        nothing = [torch.zeros_like(norm) for norm in norms["halves"]]
        self.norms.append(torch.stack([torch.stack(norms.get(name, nothing)) for name in NORMS]))
        self.ready.append(memory.ready)
        self._samples.append((of_pair, of_halves, plan.sample.of(theta), plan.sample.of(mean)))
        if work:
            self.works.append(work.products(tracked.names, mean, differences, settings))
        if self._sum:
            torch._foreach_add_(self._sum, mean)
        else:
            self._sum = mean

    def _remembered(
        self, memory: OptimizerBuffers, halves: list[Tensor], theta: list[Tensor]
    ) -> dict[str, list[Tensor]]:
        """Norms of what the optimiser remembers."""
        if memory.velocities is None:
            return {}
        velocities = [full_width(velocity) for velocity in memory.velocities]
        if memory.preconditioners is None:
            return {"velocity": norms_of(velocities)}
        # One parameter after the other: full-size temporaries would all live at once.
        norms: dict[str, list[Tensor]] = {"velocity": [], "preconditioned": []}
        for velocity, root, half in zip(velocities, memory.preconditioners, halves, strict=True):
            root = root.sqrt()
            norms["velocity"].append(torch.linalg.vector_norm(velocity / root))
            norms["preconditioned"].append(torch.linalg.vector_norm(half / root))
        if self._before is not None:
            norms["displacement"] = [
                torch.linalg.vector_norm(x - before) for x, before in zip(theta, self._before, strict=True)
            ]
        if self._before is None:
            self._before = [x.clone() for x in theta]
        else:
            torch._foreach_copy_(self._before, theta)
        return norms

    def _thawed(self, gradients: list[Tensor]) -> list[Tensor]:
        """Tensors of their own, which may be written to; zero for what has been frozen since the run began."""
        seen: set[int] = set()
        found = []
        for g, parameter in zip(gradients, self.plan.tracked.parameters, strict=True):
            own = full_width(g)
            if not parameter.requires_grad:
                own = torch.zeros_like(own)
            elif own.data_ptr() in seen or not own.is_contiguous():  # autograd hands one tensor to both sides of a sum
                own = own.clone(memory_format=torch.contiguous_format)
            seen.add(own.data_ptr())
            found.append(own)
        return found

    def _unscale(self, optimizer: torch.optim.Optimizer, loop: list[Tensor]) -> None:
        """Fused optimisers undo a gradient scaler's factor themselves, and skip their step where it overflowed."""
        scale, overflow = getattr(optimizer, "grad_scale", None), getattr(optimizer, "found_inf", None)
        if isinstance(scale, Tensor):
            for index, g in enumerate(loop):
                loop[index] = g / scale
        if isinstance(overflow, Tensor):
            self.overflow.append(overflow.detach().clone().double().reshape(()))

    @any_algorithm()
    def gather(self, centre: Tensor | None) -> BurstSums:
        """Sums over the burst's steps, still on the device.

        Args:
            centre: where the sample of parameters is counted from; None takes its values at the first step.
        """
        plan = self.plan
        pair, halves, theta, mean = (torch.stack(of) for of in zip(*self._samples, strict=True))
        theta, mean = theta.double(), mean.double() / 2
        first = theta[0].clone()
        centre = first if centre is None else centre
        theta = theta - centre
        grams = []
        for part in plan.sample.slices:
            d, e, square = halves[:, part], pair[:, part], halves[:, part].square()
            grams.append(torch.stack([e @ e.T, d @ d.T, square @ square.T]))
        greatest = torch.stack([g.abs().max() for g in self._sum]).double() / (2 * self.steps)
        projected = None
        if plan.directions is not None:
            projected = (
                torch.stack([plan.directions[:, part] @ first[part] for part in plan.sample.slices]),
                torch.stack([plan.directions[:, part] @ mean[:, part].T for part in plan.sample.slices]),
            )
        moments = torch.stack([theta.mean(0), mean.mean(0), (theta * mean).mean(0)])
        # What is as large as the model must not wait for the statistics of several bursts.
        self._sum, self._before, self._samples = [], None, []
        return BurstSums(
            torch.stack(self.norms).double(), torch.stack(grams).double(), moments, greatest, projected, centre
        )


@final
@dataclass(frozen=True, slots=True)
class BurstSums:
    """Sums over the steps of a finished burst, still on the device.

    Attributes:
        norms: in the order of :data:`NORMS`.
        grams: of each group, on its sample: of ``2(g' − g)``, of ``g_a − g_b``, and of the latter's squares.
        moments: means over the burst of the sample's θ (from a centre), its force, and their product.
        greatest: greatest component of each parameter's mean force.
        projected: positions ``(groups, directions)`` and forces ``(groups, directions, steps)``.
        centre: of the sample.
    """

    norms: Float[Tensor, "steps norms parameters"]
    grams: Float[Tensor, "groups 3 steps steps"]
    moments: Float[Tensor, "3 sampled"]
    greatest: Float[Tensor, " parameters"]
    projected: tuple[Tensor, Tensor] | None
    centre: Tensor = field(repr=False)
