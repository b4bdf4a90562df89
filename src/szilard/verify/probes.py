"""Error bars over probe inputs: probes drawn from a pool whose own mean is the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.length import angle_slope
from szilard.verify.coverage import REPLICATES, Coverage, count

NAME = "softmax regression, probe inputs"
_POOL, _FEATURES, _OUTCOMES, _STEPS = 4000, 8, 10, 12


def pool() -> Float[Tensor, "points inputs outcomes"]:
    """φ of a linear classifier along twelve steps of a random walk of its weights, on 4,000 Gaussian inputs."""
    generator = torch.Generator().manual_seed(29)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = (0.25 * normal(_STEPS + 1, _FEATURES, _OUTCOMES)).cumsum(0)
    return -torch.log_softmax(normal(_POOL, _FEATURES) @ weights, -1)


def probe_coverage(inputs: int, *, replicates: int = REPLICATES, seed: int = 31) -> Iterator[Coverage]:
    """Coverage of the error over inputs of exact sums, and of lengths by influence, for probes of that many inputs."""
    phi = pool()
    before, after = phi[:-1], phi[1:]
    picks = torch.randint(_POOL, (replicates, inputs), generator=torch.Generator().manual_seed(seed))
    cumulative = {
        "work, over inputs": ledger.work_per_input(before, after).sum(0),
        "heat, over inputs": ledger.heat_per_input(before, after).sum(0),
        "entropy, over inputs": ledger.entropy_per_input(phi[-1]),
        "work of one jump, over inputs": ledger.work_per_input(phi[0], phi[-1]),
    }
    for estimator, per_input in cumulative.items():
        truth = float(per_input.mean())
        yield count(NAME, estimator, inputs, truth, ledger.over_inputs(per_input[picks]))
    h = ledger.hellinger_per_input(before, after)
    angle = ledger.angle_of(h)
    mean = angle.sum(0)
    yield count(NAME, "length, mean over inputs", inputs, float(mean.mean()), ledger.over_inputs(mean[picks]))
    joint, rms = _joint(h[:, picks]), _root_mean_square(angle[:, picks])
    truth = float(ledger.angle_of(h.mean(-1)).sum())
    yield count(NAME, "length of the joint, by influence", inputs, truth, joint)
    truth = float(angle.square().mean(-1).sqrt().sum())
    yield count(NAME, "length of RMS angles, by influence", inputs, truth, rms)


def _joint(h: Float[Tensor, "steps replicates inputs"]) -> Estimate:
    """An input moves a step's angle by ``angle'(h̄)(h_i − h̄)``; influences add up, as inputs are shared by all steps."""
    mean = h.mean(-1)
    influence = angle_slope(mean)[..., None] * (h - mean[..., None])
    return _by_influence(ledger.angle_of(mean).sum(0), influence.sum(0))


def _root_mean_square(angle: Float[Tensor, "steps replicates inputs"]) -> Estimate:
    """The same for the root-mean-square of the inputs' own angles, whose slope is ``1/2 rms``."""
    square = angle.square()
    rms = square.mean(-1).sqrt()
    influence = (square - rms.square()[..., None]) / (2 * rms[..., None])
    return _by_influence(rms.sum(0), influence.sum(0))


def _by_influence(value: Float[Tensor, " replicates"], influence: Float[Tensor, "replicates inputs"]) -> Estimate:
    inputs = influence.shape[-1]
    return Estimate(value, influence.std(-1) / math.sqrt(inputs), Kind.ASYMPTOTIC, inputs - 1)
