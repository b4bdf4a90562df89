"""How the machines learn: persistent contrastive divergence, by the law of the chains or by a number of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.studies.tradeoff.engine.enumeration import Machine
from szilard.training import streams

SPREAD = 0.1
"""Standard deviation of the weights at the start; all biases are 0, so that every law begins near the uniform one."""


@final
@dataclass(frozen=True, slots=True)
class Learning:
    """How each member is trained.

    Attributes:
        examples: its training set, bits (members, examples, visible).
        hidden: hidden bits.
        distance: D, training time ``r n``: the same for every number of updates.
        batch: examples of a step, drawn with replacement; None takes all of them.
        seed: of initialisation, batches and chains.
    """

    examples: Float[Tensor, "members examples visible"]
    hidden: int
    distance: float
    batch: int | None
    seed: int

    def start(self) -> Machine:
        """At the initialisation, which is the same for every state."""
        members, _, visible = self.examples.shape
        generator = streams.generator_of(self.seed, streams.INITIALISATION)
        weights = SPREAD * torch.randn(members, visible, self.hidden, generator=generator, dtype=torch.float64)
        return Machine(weights, weights.new_zeros(members, visible), weights.new_zeros(members, self.hidden))

    def batch_of(self, generator: torch.Generator) -> Float[Tensor, "members batch visible"]:
        """The examples of a step: all of them, or a batch drawn with replacement by each member."""
        if self.batch is None:
            return self.examples
        members, examples, visible = self.examples.shape
        rows = torch.randint(examples, (members, self.batch), generator=generator)
        return torch.gather(self.examples, 1, rows[..., None].expand(-1, -1, visible))


class Means(NamedTuple):
    """``⟨∂ ln w/∂θ⟩`` of the weight ``w(v) = Σ_h exp(v·b + h·c + vWh)``, shaped as the parameters.

    Attributes:
        weights: ``⟨v σ(vW + c)⟩``.
        visible: ``⟨v⟩``.
        hidden: ``⟨σ(vW + c)⟩``.
    """

    weights: Float[Tensor, "members visible hidden"]
    visible: Float[Tensor, "members visible"]
    hidden: Float[Tensor, "members hidden"]


def means_of_examples(machine: Machine, examples: Float[Tensor, "members many visible"]) -> Means:
    """The means over examples, or over chains, each counting the same."""
    hidden = torch.sigmoid(examples @ machine.weights + machine.hidden[:, None])
    return Means(examples.transpose(1, 2) @ hidden / examples.shape[1], examples.mean(1), hidden.mean(1))


def means_of_law(
    machine: Machine, law: Float[Tensor, "members states"], states: Float[Tensor, "states visible"]
) -> Means:
    """Each state counting as the law says: what infinitely many chains would give."""
    hidden = torch.sigmoid(states @ machine.weights + machine.hidden[:, None]) * law[..., None]
    return Means(states.T @ hidden, law @ states, hidden.sum(1))


def ascended(machine: Machine, data: Means, model: Means, rate: float) -> Machine:
    """The machine after a step of ascent: ``θ + r (⟨∂ ln w⟩_data − ⟨∂ ln w⟩_model)``."""
    return Machine(
        machine.weights + rate * (data.weights - model.weights),
        machine.visible + rate * (data.visible - model.visible),
        machine.hidden + rate * (data.hidden - model.hidden),
    )


@final
class Chains:
    """Persistent chains of v, moved by block Gibbs in float32.

    Args:
        machine: whose law they are drawn from at the start, by so many sweeps from uniform bits.
        chains: of each member.
        generator: of everything random.
    """

    BURN = 50
    """Sweeps at the start, under weights that hardly couple anything."""

    def __init__(self, machine: Machine, chains: int, generator: torch.Generator) -> None:
        members, visible = machine.visible.shape
        self._generator = generator
        self._visible = torch.randint(2, (members, chains, visible), generator=generator).float()
        self.sweep(machine, self.BURN)

    def means(self, machine: Machine) -> Means:
        """Under other parameters than they were moved by, mostly."""
        return means_of_examples(machine, self._visible.double())

    def sweep(self, machine: Machine, times: int) -> None:
        """Block Gibbs: draws h from v and v from h, so many times."""
        weights, b, c = (each.float() for each in (machine.weights, machine.visible[:, None], machine.hidden[:, None]))
        for _ in range(times):
            hidden = self._draw(torch.baddbmm(c, self._visible, weights))
            self._visible = self._draw(torch.baddbmm(b, hidden, weights.transpose(1, 2)))

    def _draw(self, logits: Tensor) -> Tensor:
        return (torch.rand(logits.shape, generator=self._generator) < torch.sigmoid(logits)).float()
