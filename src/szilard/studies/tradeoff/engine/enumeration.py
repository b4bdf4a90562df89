"""Restricted Boltzmann machines so small that all states are counted: laws, free energy, and block Gibbs exactly.

``p(v,h) ∝ exp(v·b + h·c + vWh)`` for bits v and h. The sampler is block Gibbs, h from v and v from h; on laws of v it
is a matrix, and reversible with respect to ``p(v)``. Many machines go side by side, in the leading dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

SHORT = 4
"""Sampler steps up to which they are taken one by one; for more, the kernel from h to h is made first."""


@final
@dataclass(frozen=True, slots=True)
class Machine:
    """The parameters of machines.

    Attributes:
        weights: W, (…, visible, hidden).
        visible: b, (…, visible).
        hidden: c, (…, hidden).
    """

    weights: Float[Tensor, "*many visible hidden"]
    visible: Float[Tensor, "*many visible"]
    hidden: Float[Tensor, "*many hidden"]

    def __getitem__(self, place: int | slice) -> Machine:
        return Machine(self.weights[place], self.visible[place], self.hidden[place])

    def __len__(self) -> int:
        return len(self.visible)

    @staticmethod
    def stack(machines: Sequence[Machine]) -> Machine:
        """Machines of one shape as one, along a new first dimension."""
        return Machine(
            torch.stack([each.weights for each in machines]),
            torch.stack([each.visible for each in machines]),
            torch.stack([each.hidden for each in machines]),
        )


def every_state(bits: int) -> Float[Tensor, "states bits"]:
    """All states of so many bits, the first bit the highest.

    Example:
        >>> every_state(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    return ((torch.arange(2**bits)[:, None] >> torch.arange(bits - 1, -1, -1)) & 1).double()


def index_of(states: Float[Tensor, "*many bits"]) -> Tensor:
    """The place of each state in :func:`every_state`."""
    return (states.long() << torch.arange(states.shape[-1] - 1, -1, -1)).sum(-1)


@final
class Enumeration:
    """All states of machines: energies up to a constant, Z, and what the sampler does to laws.

    Args:
        machine: of one leading dimension, float64.
        states: of the visible bits, from :func:`every_state`.

    Attributes:
        energy: ``E(v) = −ln Σ_h exp(v·b + h·c + vWh)`` of every state, in nats, (members, states).
        free_energy: ``F = −ln Z``, (members,).
    """

    def __init__(self, machine: Machine, states: Float[Tensor, "states visible"]) -> None:
        odds = torch.exp((states @ machine.weights + machine.hidden[:, None]).transpose(1, 2))  # (members, hidden, v)
        members, hidden, _ = odds.shape
        bare = torch.exp(machine.visible @ states.T)
        # weights of (h, v), doubled hidden bit by hidden bit; the last bit changes fastest, as in every_state
        joint = states.new_empty(members, 2**hidden, len(states))
        joint[:, 0] = bare
        for place in range(hidden):
            have = 2**place
            torch.mul(joint[:, :have], odds[:, hidden - 1 - place, None], out=joint[:, have : 2 * have])
        self._joint = joint
        self._of_visible = bare * (1 + odds).prod(1)  # the sum over h is a product over its bits, and likewise over v
        hidden_states = every_state(hidden)
        opposite = torch.exp(hidden_states @ machine.weights.transpose(1, 2) + machine.visible[:, None])
        self._of_hidden = torch.exp(machine.hidden @ hidden_states.T) * (1 + opposite).prod(2)
        self._total = self._of_hidden.sum(1, keepdim=True)
        self.energy: Tensor = -torch.log(self._of_visible)
        self.free_energy: Tensor = -torch.log(self._total[:, 0])

    @property
    def phi(self) -> Float[Tensor, "members states"]:
        """``φ = E − F = −ln p`` of every state, in nats."""
        return self.energy - self.free_energy[:, None]

    @property
    def law(self) -> Float[Tensor, "members states"]:
        """``p(v)`` of every state of the visible bits."""
        return self._of_visible / self._total

    def relaxed(
        self, laws: Float[Tensor, "members states laws"], steps: Sequence[int]
    ) -> Float[Tensor, "members states laws"]:
        """Each law after so many block-Gibbs steps of its own, at least one: ``T^τ ρ``.

        Args:
            laws: probabilities of v.
            steps: τ of each law.
        """
        of_hidden = self._joint @ (laws / self._of_visible[..., None])
        kernel = self._kernel() if max(steps) > SHORT else None
        done = of_hidden
        for step in range(1, max(steps)):
            if kernel is None:
                of_hidden = self._joint @ (self._back(of_hidden) / self._of_visible[..., None])
            else:
                of_hidden = kernel @ of_hidden
            done = torch.where(torch.tensor([tau > step for tau in steps]), of_hidden, done)
        return self._back(done)

    def _back(self, of_hidden: Float[Tensor, "members hidden laws"]) -> Float[Tensor, "members states laws"]:
        """v from h."""
        return self._joint.transpose(1, 2) @ (of_hidden / self._of_hidden[..., None])

    def _kernel(self) -> Float[Tensor, "members hidden hidden"]:
        """One step as seen from h: to v and back."""
        onward = self._joint / self._of_visible[:, None]
        return onward @ self._joint.transpose(1, 2) / self._of_hidden[:, None]
