"""What a record holds of the models kept along a training: the group ``model_space``.

The models kept: their θ, their samples, φ of their own samples; and which to let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Kind
from szilard.monitor.sampled.schema import ERROR_OVER_EXAMPLES, sampled
from szilard.monitor.source import ModelSamples
from szilard.records.schema import HISTOGRAM_BINS, Variable

MODEL_SPACE = (
    Variable("model_step", "training step of the model kept in each place; -1 where there is none", "step",
             dims=("model",), integer=True),
    Variable("previous_step", "training step of the kept model before, from which sigma leads here", "step",
             integer=True),
    sampled("jeffreys", "symmetric divergence to every kept model, of its dimension or token",
            "KL(p_i||p_j) + KL(p_j||p_i)", Kind.UNBIASED, cumulative=False, dims=("model",)),
    sampled("separation", "the same with log ratios cut at four times their median, for the map",
            "J, with |d| <= max(4, 4 median |d|)", Kind.ASYMPTOTIC, cumulative=False, dims=("model",)),
    sampled("cross_entropy", "cross-entropy on held-out data, of its dimension or token", "<phi_t>_{p*}",
            Kind.UNBIASED, cumulative=False, error=ERROR_OVER_EXAMPLES),
    sampled("free_energy_bar", "free energy against the previous kept model by Bennett's acceptance ratio",
            "dF", Kind.ASYMPTOTIC, cumulative=False),
    Variable("free_energy_bar_shared", "effective samples of the poorer end where the other reaches; below ten there "
             "is no free energy", "1", equation="min over ends of (sum f)^2/sum f^2, f of Bennett"),
    Variable("forward_histogram", "histogram of sigma from the previous kept model", "1", dims=("bin",), integer=True,
             equation="sigma = phi_j(x) - phi_i(x), x ~ p_i"),
    Variable("backward_histogram", "histogram of -sigma of the way back", "1", dims=("bin",), integer=True,
             equation="sigma = phi_i(x) - phi_j(x), x ~ p_j, turned over"),
    Variable("histogram_low", "lower edge of both histograms", "nat"),
    Variable("histogram_high", "upper edge of both histograms", "nat"),
    sampled("detailed_slope", "slope of the log ratio of the two histograms in sigma (Eq. 22)",
            "ln P_F(sigma)/P_B(-sigma) = sigma", Kind.ASYMPTOTIC, cumulative=False, units="1"),
)  # fmt: skip
"""Group ``model_space``: a few models kept along the way, held against one another and against the data."""

BINS = {"bin": tuple(float(number) for number in range(HISTOGRAM_BINS))}


@final
@dataclass(frozen=True, slots=True)
class KeptModel:
    """One model of the past.

    Attributes:
        step: its training step.
        place: among the record's models.
        state: parameters and buffers by name.
        drawn: samples of it.
        phi: φ of these samples under it, nats.
        law: φ of x and z together; the same where there is no z.
        free_energy: ``−ln Z`` against that of the first model kept, with its squared error; 0 for normalised φ.
    """

    step: int
    place: int
    state: Mapping[str, Tensor]
    drawn: ModelSamples
    phi: Float[Tensor, " samples"]
    law: Float[Tensor, " samples"]
    free_energy: tuple[Tensor, Tensor]


@final
class KeptModels:
    """Places for so many models. When it is full, that one is let go whose neighbours lie closest to one another.

    The first and the last always stay, so that what is kept spreads evenly over the way, not over the time.

    Args:
        most: places.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.models: list[KeptModel] = []
        self._divergence: dict[tuple[int, int], Tensor] = {}

    def make_room(self) -> int:
        """A free place, made where there is none; then it waits for the device."""
        if len(self.models) >= self.most:
            steps = [kept.step for kept in self.models]
            around = [self._divergence[pair] for pair in zip(steps[:-2], steps[2:], strict=True)]
            gone = self.models.pop(1 + int(torch.stack(around).nan_to_num(torch.inf).argmin()))
            self._divergence = {pair: each for pair, each in self._divergence.items() if gone.step not in pair}
        taken = {kept.place for kept in self.models}
        return next(place for place in range(self.most) if place not in taken)

    def add(self, model: KeptModel, divergences: Mapping[int, Tensor]) -> None:
        """One model more, with its divergences from those kept, by their steps."""
        self._divergence |= {(step, model.step): divergence for step, divergence in divergences.items()}
        self.models.append(model)
