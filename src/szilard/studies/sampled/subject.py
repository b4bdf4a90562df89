"""What a family makes of its spec and its data: the model, its loss, and its score on data that it never saw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from szilard.estimate import Kind
from szilard.models.ppm import PPM


@final
@dataclass(frozen=True, slots=True)
class Score:
    """One number of one model.

    Attributes:
        model: whose it is, in words: ``"Gaussian of full covariance"``.
        value: the number, lower being better.
        error: its standard error.
        kind: of the number: ``upper`` for a bound on a negative log-likelihood.
        each: the same by held-out example, where it is their mean: two models are then compared pair by pair.
        common: standard error that all examples share, that of an annealed ln Z; part of ``error``.
    """

    model: str
    value: float
    error: float
    kind: Kind = Kind.UNBIASED
    each: Tensor | None = None
    common: float = 0.0

    @classmethod
    def over(cls, model: str, each: Tensor, kind: Kind = Kind.UNBIASED, common: float = 0.0) -> Score:
        """The mean over held-out examples, with its standard error; ``common`` is added in quadrature.

        Example:
            >>> score = Score.over("coin", torch.tensor([0.5, 0.7, 0.9]))
            >>> round(score.value, 3), round(score.error, 3)
            (0.7, 0.115)
        """
        each = each.detach().to("cpu", torch.float64)
        error = float(each.std()) / math.sqrt(len(each)) if len(each) > 1 else math.nan
        return cls(model, float(each.mean()), math.hypot(error, common), kind, each, common)


@final
@dataclass(frozen=True, slots=True)
class HeldOut:
    """A model's score against a baseline's.

    Attributes:
        name: what is scored, in words: ``"negative log-likelihood of held-out images"``.
        units: of the scores, as ``"nat per image"``.
        model: the trained model's.
        baseline: the simple one's, on the same examples.
        examples: how many there were, where they were counted.
        more: further attributes of the record that are known at the end only, as JSON.
    """

    name: str
    units: str
    model: Score
    baseline: Score
    examples: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gain(self) -> tuple[float, float]:
        """By how much the model does better, with its standard error: positive where it beats the baseline."""
        mine, others = self.model.each, self.baseline.each
        if mine is not None and others is not None and len(mine) == len(others):
            better = Score.over("", others - mine, common=math.hypot(self.model.common, self.baseline.common))
            return better.value, better.error
        return self.baseline.value - self.model.value, math.hypot(self.model.error, self.baseline.error)

    def attributes(self) -> dict[str, Any]:
        """What the record says of it: ``held_out``, ``baseline`` and ``gain``."""
        what = {"units": self.units, "examples": self.examples, "better": "lower"}
        scores = {
            key: {"name": name, "value": score.value, "error": score.error, "kind": score.kind.value, **what}
            for key, name, score in (
                ("held_out", self.name, self.model),
                ("baseline", self.baseline.model, self.baseline),
            )
        }
        value, error = self.gain
        return {**self.more, **scores, "gain": {"value": value, "error": error, "units": self.units}}


@final
@dataclass(frozen=True, slots=True)
class Subject:
    """A model about to be trained and watched.

    Attributes:
        ppm: what is watched; the parameters of its module that require gradients are what is trained.
        loss: of a training step, by its number from 0: the gradient of what it returns trains the model. Chains that it
            runs are its own. Global random numbers are the run's own, so dropout and ``torch.randn`` are welcome.
        held_out: the trained model's score beside a baseline's; called once at the end, on a model in evaluation mode
            without gradients, with a generator on the CPU.
        examples: some of the held-out data, shaped as the model's samples: what the target is in model space.
        ledger: further settings of :class:`szilard.Ledger`, as ``sampler_steps``.
        gallery: further settings of :class:`szilard.Gallery`, as ``shape``.
        model_space: further settings of :class:`szilard.ModelSpace`, as ``target_entropy``.
        after: is called after every step of the optimiser.
        attributes: more for the record, as JSON.
    """

    ppm: PPM
    loss: Callable[[int], Tensor]
    held_out: Callable[[torch.Generator], HeldOut]
    examples: Tensor | None = None
    ledger: Mapping[str, Any] = field(default_factory=dict)
    gallery: Mapping[str, Any] = field(default_factory=dict)
    model_space: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[], None] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
