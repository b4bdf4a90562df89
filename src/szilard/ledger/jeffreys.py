"""The symmetric divergence of two models from samples of both: ``J = KL(p‖p') + KL(p'‖p)`` (Jeffreys)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind

_CUT = _LEAST_CUT = 4.0


def jeffreys_sampled(d_here: Float[Tensor, "*pairs samples"], d_there: Float[Tensor, "*pairs samples"]) -> Estimate:
    """``J = ∫(p − p')(φ' − φ) dx`` from samples of both sides, in nats, unbiased, each term ≥ 0.

    With ``d = φ' − φ = ln p/p'`` the identity ``p − p' = (p + p') tanh(d/2)`` makes it the mean of ``d tanh(d/2)``
    under p plus that under p'. Near one another the terms are of second order in d, as those of
    :func:`szilard.ledger.work_sampled`; far apart they are ``|d|``, where an exponential would have no variance.

    Args:
        d_here: ``φ' − φ`` at samples of p.
        d_there: ``φ' − φ`` at samples of p'.

    Example:
        >>> d = torch.tensor([0.5, -0.5], dtype=torch.float64)
        >>> float(jeffreys_sampled(d, d).value) == float((d * torch.tanh(d / 2)).sum())
        True
    """
    here, there = d_here * torch.tanh(d_here / 2), d_there * torch.tanh(d_there / 2)
    variance = here.var(-1) / here.shape[-1] + there.var(-1) / there.shape[-1]
    return Estimate(here.mean(-1) + there.mean(-1), variance.sqrt(), Kind.UNBIASED, here.shape[-1] - 1)


def jeffreys_of_energies(
    change_here: Float[Tensor, "*pairs samples"],
    change_there: Float[Tensor, "*pairs samples"],
    free_energy: Float[Tensor, "*pairs"],
) -> Estimate:
    """The same from energies, ``d = ΔE − ΔF`` with an estimated ΔF, in nats, asymptotic.

    ΔF should be Bennett's, from the same samples: to first order its error leaves through the influence of each
    sample on it. Where the models are far apart ΔF cancels between the sides.

    Args:
        change_here: ``E' − E`` at samples of p.
        change_there: ``E' − E`` at samples of p'.
        free_energy: ``ΔF = −ln Z'/Z``.
    """
    shift = free_energy.unsqueeze(-1)
    d_here, d_there = change_here - shift, change_there - shift
    slope = -(_slope(d_here).mean(-1) + _slope(d_there).mean(-1)).unsqueeze(-1)
    # Bennett: mean_p s(−d) = mean_p' s(d), s the logistic function; the derivative of the difference in ΔF
    stiffness = (_curvature(d_here).mean(-1) + _curvature(d_there).mean(-1)).unsqueeze(-1)
    stiffness = stiffness.clamp(min=torch.finfo(torch.float64).tiny)
    pull = torch.where(stiffness > 1e-6, slope / stiffness, torch.zeros_like(slope))
    here = d_here * torch.tanh(d_here / 2) - pull * torch.sigmoid(-d_here)
    there = d_there * torch.tanh(d_there / 2) + pull * torch.sigmoid(d_there)
    value = (d_here * torch.tanh(d_here / 2)).mean(-1) + (d_there * torch.tanh(d_there / 2)).mean(-1)
    variance = here.var(-1) / here.shape[-1] + there.var(-1) / there.shape[-1]
    return Estimate(value, variance.sqrt(), Kind.ASYMPTOTIC, here.shape[-1] - 1)


def separation_of(d_here: Float[Tensor, "*pairs samples"], d_there: Float[Tensor, "*pairs samples"]) -> Estimate:
    """The same with log ratios cut at four times their median (and never below 4), in nats: for a map of models.

    Where a few samples of one model are all but impossible under the other, as with flows, they alone make J. Cut so
    they count as other samples do, and where log ratios are normal hardly anything is cut: then it is J. Kind
    ``asymptotic`` for that reason; it is at most J but for chance.

    Args:
        d_here: ``φ' − φ`` at samples of p; of energies less ΔF.
        d_there: ``φ' − φ`` at samples of p'; likewise.
    """
    both = torch.cat([d_here, d_there], dim=-1)
    most = (_CUT * both.abs().median(-1, keepdim=True).values).clamp(min=_LEAST_CUT)
    found = jeffreys_sampled(d_here.clamp(-most, most), d_there.clamp(-most, most))
    return Estimate(found.value, found.error, Kind.ASYMPTOTIC, found.degrees_of_freedom)


def mean_of(values: Float[Tensor, "*shape samples"]) -> Estimate:
    """A plain mean over samples with its standard error."""
    count = values.shape[-1]
    return Estimate(values.mean(-1), values.std(-1) / math.sqrt(count), Kind.UNBIASED, count - 1)


def _slope(d: Tensor) -> Tensor:
    """The derivative of ``d tanh(d/2)``."""
    tanh = torch.tanh(d / 2)
    return tanh + d / 2 * (1 - tanh.square())


def _curvature(d: Tensor) -> Tensor:
    """The derivative of the logistic function."""
    return torch.sigmoid(d) * torch.sigmoid(-d)
