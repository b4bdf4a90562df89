"""Jarzynski's equality, ``⟨e^{−(W−ΔF)}⟩ = 1`` over paths that start in equilibrium (Phys. Rev. Lett. 78, 2690)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.free_energy import effective_samples


def jarzynski(
    work: Float[Tensor, "*members chains"], free_energy: Estimate | None = None
) -> tuple[Estimate, Float[Tensor, "*members"]]:
    """The average over chains, and how many of them carry it (the effective sample size of the weights).

    With few effective chains the average sits far below 1 and its error feigns certainty: the rare chains that would
    mend it were not among those drawn. Kernels that do not leave ``e^{−E}`` invariant must have their shadow work
    counted in ``work``; chains that train θ do not obey it at all.

    Args:
        work: path work of each chain, ``Σ_t ΔE_t(x_{t−1})``, nats.
        free_energy: ΔF from elsewhere, with its error; None: 0 (work already less ΔF).

    Returns:
        The average, kind ``asymptotic`` where ΔF has an error, otherwise ``unbiased``; and the effective chains.
    """
    count = work.shape[-1]
    change = torch.as_tensor(0.0 if free_energy is None else free_energy.value, dtype=work.dtype, device=work.device)
    terms = torch.exp(change.unsqueeze(-1) - work)
    mean = terms.mean(-1)
    error = terms.std(-1) / math.sqrt(count)
    if free_energy is None:
        return Estimate(mean, error, Kind.UNBIASED, count - 1), effective_samples(-work)
    spread = torch.as_tensor(free_energy.error, dtype=work.dtype, device=work.device)
    return Estimate(mean, torch.hypot(error, mean * spread), Kind.ASYMPTOTIC, count - 1), effective_samples(-work)
