"""The ledger of X along a way of the parameters, exactly: laws of chains that lag behind, and what that costs.

``ρ_0 = p_0``, ``ρ_t = T^τ_{θ_t} ρ_{t−1}``. With E the energy up to a constant and ``F = −ln Z``, in nats:

    W_lagged = Σ_t ⟨E_t − E_{t−1}⟩_{ρ_{t−1}},    Q = Σ_t ⟨E_t⟩_{ρ_t} − ⟨E_t⟩_{ρ_{t−1}}
    W_diss = W_lagged − ΔF,    Σ = S(ρ_n) − S(ρ_0) − Q = W_diss − KL(ρ_n‖p_n)

Source: the paper's §§3.3, 4; Jarzynski 1997 and Crooks 1999 for the identity ``Σ_x Π_t (T_t e^{−ΔE_t}) p_0 = Z_n/Z_0``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.studies.tradeoff.engine.enumeration import Enumeration, Machine, every_state

OF_CHAINS = ("work_lagged", "heat", "entropy", "work_dissipated", "lag", "ep_conditional")
"""Of each τ; cumulative but for the entropy S(ρ_t) and the lag KL(ρ_t‖p_t)."""
OF_MODELS = ("work", "work_coarse", "free_energy_change", "jarzynski")
"""Of no τ or the first: W of fresh samples at every update and at every second one, ΔF, and
``⟨e^{−(W − ΔF)}⟩ = 1`` over the chains."""


@final
class LaggedLedger:
    """Follows the parameters of many members, with the laws of chains at several τ side by side.

    Args:
        machine: where they start, (members, …); chains start in equilibrium.
        sampler_steps: τ, each with a law ρ of its own; with the first of them Jarzynski's average is taken too.

    Attributes:
        laws: ρ of each τ, (members, states, steps).
        states: of the visible bits.
    """

    def __init__(self, machine: Machine, sampler_steps: Sequence[int]) -> None:
        self.states = every_state(machine.visible.shape[-1])
        self._steps = tuple(sampler_steps)
        self._now = self._past = Enumeration(machine, self.states)
        self.laws: Float[Tensor, "members states steps"] = self._now.law[..., None].repeat(1, 1, len(self._steps))
        self._weighted = self.laws[..., :1].clone()  # by e^{−W} along the way, over Z_t/Z_0
        self._entropy, self._free_energy = _entropy(self.laws), self._now.free_energy
        self._lagged, self._heat = torch.zeros_like(self._entropy), torch.zeros_like(self._entropy)
        self._work, self._coarse = torch.zeros_like(self._free_energy), torch.zeros_like(self._free_energy)
        self._updates = 0

    def move(self, machine: Machine) -> None:
        """One update of the parameters, then τ steps of the sampler under the new ones."""
        before, now = self._now, Enumeration(machine, self.states)
        self._now, self._updates = now, self._updates + 1
        self._work = self._work + _relative(before, now)
        if self._updates % 2 == 0:
            self._coarse, self._past = self._coarse + _relative(self._past, now), now
        tilted = self._weighted * torch.exp(before.phi - now.phi)[..., None]
        moved = now.relaxed(torch.cat([self.laws, tilted], -1), [*self._steps, self._steps[0]])
        laws, self._weighted = moved[..., :-1], moved[..., -1:]
        self._lagged = self._lagged + _mean(now.energy - before.energy, self.laws)
        self._heat = self._heat + _mean(now.energy, laws - self.laws)
        self.laws = laws

    def row(self) -> dict[str, Float[Tensor, "members steps"]]:
        """Sums up to now: :data:`OF_CHAINS`, (members, steps), and :data:`OF_MODELS`, (members,)."""
        entropy, free = _entropy(self.laws), self._now.free_energy - self._free_energy
        return {
            "work_lagged": self._lagged,
            "heat": self._heat,
            "entropy": entropy,
            "work_dissipated": self._lagged - free[:, None],
            "lag": _mean(self._now.phi, self.laws) - entropy,
            "ep_conditional": entropy - self._entropy - self._heat,
            "jarzynski": self._weighted.sum((1, 2)),
            "work": self._work,
            "work_coarse": self._coarse,
            "free_energy_change": free,
        }

    @property
    def log_models(self) -> Float[Tensor, "members states"]:
        """``ln p_t`` of every state of the visible bits."""
        return -self._now.phi


def _mean(values: Float[Tensor, "members states"], laws: Float[Tensor, "members states laws"]) -> Tensor:
    """Over the states, (members, laws)."""
    return (values[:, None] @ laws)[:, 0]


def _entropy(laws: Float[Tensor, "members states laws"]) -> Float[Tensor, "members laws"]:
    return -torch.special.xlogy(laws, laws).sum(1)


def _relative(before: Enumeration, after: Enumeration) -> Float[Tensor, " members"]:
    """``KL(p‖p') = ⟨d + e^{−d} − 1⟩``, d = φ' − φ."""
    d = after.phi - before.phi
    return (before.law * (d + torch.expm1(-d))).sum(1)
