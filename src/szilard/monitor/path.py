"""The cumulative quantities of the measured path, per probe input: what was W, Q and L since the first record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger


@final
@dataclass(frozen=True, slots=True)
class LengthSum:
    """A length that is not a mean over inputs, with each input's influence on it, for its standard error.

    A step's angle is a function of the mean overlap defect ``h̄``; by the delta method input i moves it by
    ``angle'(h̄)(h_i − h̄)``. Influences add up over steps as the inputs are shared. Leading dimensions are intervals.
    """

    value: Float[Tensor, "*intervals"]
    influence: Float[Tensor, "*intervals inputs"]

    @classmethod
    def zero(cls, *shape: int, device: torch.device) -> LengthSum:
        """No length yet; ``shape`` ends in inputs."""
        influence = torch.zeros(shape, dtype=torch.float64, device=device)
        return cls(influence.sum(-1), influence)

    def add_joint(self, h: Float[Tensor, "*intervals inputs"]) -> LengthSum:
        """One step: the overlap is averaged over inputs before the arccosine (theory §1)."""
        mean = h.mean(-1)
        influence = ledger.angle_slope(mean).unsqueeze(-1) * (h - mean.unsqueeze(-1))
        return LengthSum(self.value + ledger.angle_of(mean), self.influence + influence)

    def add_root_mean_square(self, angle: Float[Tensor, "*intervals inputs"]) -> LengthSum:
        """One step: the root-mean-square over inputs of their own angles."""
        square = angle.square()
        mean = square.mean(-1, keepdim=True)
        rms = mean.sqrt()
        influence = torch.where(rms > 0, (square - mean) / (2 * rms), torch.zeros_like(square))
        return LengthSum(self.value + rms.squeeze(-1), self.influence + influence)


@final
@dataclass(frozen=True, slots=True)
class PathSums:
    """Sums over the records so far; tensors hold one number per probe input, in nats (lengths: nat^½)."""

    work: Float[Tensor, " inputs"]
    heat: Float[Tensor, " inputs"]
    work_reverse: Float[Tensor, " inputs"]
    work_quadratic: Float[Tensor, " inputs"]
    precision_floor: Float[Tensor, " inputs"]
    length: LengthSum
    length_mean: Float[Tensor, " inputs"]
    length_rms: LengthSum

    @classmethod
    def zero(cls, inputs: int, device: torch.device) -> PathSums:
        """The path of a single point."""
        nothing = torch.zeros(inputs, dtype=torch.float64, device=device)
        none = LengthSum.zero(inputs, device=device)
        return cls(nothing, nothing, nothing, nothing, nothing, none, nothing, none)

    def advance(
        self,
        *,
        work: Float[Tensor, " inputs"],
        heat: Float[Tensor, " inputs"],
        h: Float[Tensor, " inputs"],
        work_reverse: Float[Tensor, " inputs"],
        work_quadratic: Float[Tensor, " inputs"] | None,
        precision_floor: Float[Tensor, " inputs"],
    ) -> PathSums:
        """One step further."""
        angle = ledger.angle_of(h)
        return replace(
            self,
            work=self.work + work,
            heat=self.heat + heat,
            work_reverse=self.work_reverse + work_reverse,
            work_quadratic=self.work_quadratic if work_quadratic is None else self.work_quadratic + work_quadratic,
            precision_floor=self.precision_floor + precision_floor,
            length=self.length.add_joint(h),
            length_mean=self.length_mean + angle,
            length_rms=self.length_rms.add_root_mean_square(angle),
        )
