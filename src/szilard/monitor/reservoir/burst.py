"""A burst: at each of a few consecutive steps the loop's gradient meets fresh ones at the same parameters.

Everything stays on its device; what a step leaves behind are norms of every parameter's gradients, and the values of a
fixed sample of parameters.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from szilard.models.evaluation import any_algorithm
from szilard.models.gradients import dense
from szilard.models.state.random_state import RandomStream
from szilard.monitor.measure import Occasion
from szilard.monitor.reservoir.mean_loss import has_gradient
from szilard.monitor.reservoir.optimizer_state import OptimizerBuffers, OptimizerSettings
from szilard.monitor.reservoir.plan import BurstPlan, BurstStart, burst_start, full_width, greatest_of, norms_of
from szilard.monitor.reservoir.sums import BurstSums, laid_out

NORMS = (
    "halves", "fresh", "mean", "pair", "gradient", "raw", "velocity", "preconditioned", "conditioned", "displacement",
)  # fmt: skip
"""Norms that a step leaves of every parameter: ``g_a − g_b``; ``g_a + g_b`` as it is; the same and the loop's g, both
with the penalty's gradient; ``g_a + g_b − 2g``; the loop's g as it is; and, where the optimiser has them, v (Adam: ``√P
m``), ``√P(g_a − g_b)``, the root of the number of scalars that have a P, and θ − θ before the last step."""
_TRIES = 16
"""Fresh batches drawn in the place of one that has no gradient, as where no label of it counts."""


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
        self.part = plan.trained()
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
        self._measured: list[tuple[str, ...]] = []
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
        plan, part = self.plan, self.part
        settings = OptimizerSettings.of(optimizer, plan.law, plan.tracked)
        own = settings.part(part.places)
        with torch.no_grad():
            loop = [full_width(dense(parameter.grad, parameter)) for parameter in part.tracked.parameters]
            self._unscale(optimizer, loop)
        with plan.gradient.apart(plan.device, self._stream):
            first, second = self._fresh()
            if self.start is None:
                self.start = burst_start(plan, part, optimizer, own, self._generator)
        with torch.no_grad():
            self._compare(optimizer, own, loop, self._thawed(first[1]), self._thawed(second[1]))
        self.losses.append(torch.stack([first[0].double(), second[0].double()]))
        self.settings.append(settings)

    def _fresh(self) -> list[tuple[Tensor, list[Tensor]]]:
        """Losses and gradients of two fresh batches."""
        plan = self.plan
        batches = [plan.examples.draw(plan.half, self._generator, plan.device) for _ in range(2)]
        found = self.part.gradient.several(batches)
        for _ in range(_TRIES if plan.checked else 0):
            missing = [place for place, (loss, gradients) in enumerate(found) if not has_gradient(loss, gradients)]
            if not missing:
                break
            for place in missing:
                found[place] = self.part.gradient(*plan.examples.draw(plan.half, self._generator, plan.device))
        return found

    def _compare(
        self,
        optimizer: torch.optim.Optimizer,
        settings: OptimizerSettings,
        loop: list[Tensor],
        first: list[Tensor],
        second: list[Tensor],
    ) -> None:
        plan, tracked = self.plan, self.part.tracked
        theta = [full_width(parameter.detach()) for parameter in tracked.parameters]
        decays, memory = settings.decays(), OptimizerBuffers.of(optimizer, settings, tracked)
        # In place: large arrays are dearer to allocate than to fill. Both become what they are called.
        both, halves = first, second
        torch._foreach_add_(both, second)
        torch._foreach_mul_(halves, -2.0)
        torch._foreach_add_(halves, both)
        norms = {"halves": norms_of(halves)} | self._remembered(memory, halves, theta)
        of_halves = self._sampled(halves)
        work = plan.forecast if plan.forecast and plan.forecast.due(self.steps, plan.steps) else None
        differences = [g.clone() for g in halves] if work else []
        pair = halves
        torch._foreach_copy_(pair, both)
        torch._foreach_add_(pair, loop, alpha=-2)
        norms["pair"], of_pair = norms_of(pair), self._sampled(pair)
        mean = both
        norms["raw"], norms["fresh"] = norms_of(loop), norms_of(mean)
        if any(decays):
            for g, x, decay in zip(mean, theta, decays, strict=True):
                g.add_(x, alpha=2 * decay)
            pulled = zip(loop, theta, decays, strict=True)
            norms["gradient"] = [torch.linalg.vector_norm(torch.add(g, x, alpha=decay)) for g, x, decay in pulled]
        else:
            norms["gradient"] = norms["raw"]
        norms["mean"] = norms_of(mean) if any(decays) else norms["fresh"]
        # One stack for all: what is missing is zero, and is filled in where the burst is gathered.
        self._measured.append(tuple(name for name in NORMS if name in norms))
        self.norms.append(torch.stack([norm for name in self._measured[-1] for norm in norms[name]]))
        self.ready.append(memory.ready)
        self._samples.append((of_pair, of_halves, self._where(theta), self._sampled(mean)))
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
        norms: dict[str, list[Tensor]] = {"velocity": [], "preconditioned": [], "conditioned": []}
        for velocity, root, half in zip(velocities, memory.preconditioners, halves, strict=True):
            norms["conditioned"].append(root.isfinite().sum().to(half.dtype).sqrt())
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

    def _sampled(self, tensors: list[Tensor]) -> Tensor:
        """Values at the sample's places; zeros in frozen parameters."""
        places = self.part.places
        if len(places) == len(self.plan.tracked.parameters):
            return self.plan.sample.of(tensors)
        return self.plan.sample.of(dict(zip(places, tensors, strict=True)))

    def _where(self, theta: list[Tensor]) -> Tensor:
        """The sample of the parameters themselves, frozen ones too."""
        whole = self.plan.tracked.parameters
        if len(theta) == len(whole):
            return self.plan.sample.of(theta)
        return full_width(self.plan.sample.of([parameter.detach() for parameter in whole]))

    def _thawed(self, gradients: list[Tensor]) -> list[Tensor]:
        """Tensors of their own, which may be written to; zero for what has been frozen since the run began."""
        seen: set[int] = set()
        found = []
        for g, parameter in zip(gradients, self.part.tracked.parameters, strict=True):
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
        greatest = torch.stack([greatest_of(g) for g in self._sum]).double() / (2 * self.steps)
        finite = torch.stack(norms_of([each.detach() for each in self.part.tracked.parameters])).isfinite().all()
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
            laid_out(NORMS, self._measured, self.norms),
            torch.stack(grams).double(),
            moments,
            greatest,
            projected,
            centre,
            finite,
        )
