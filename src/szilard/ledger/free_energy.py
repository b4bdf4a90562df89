"""Free-energy differences, by averages of exponentials or from both ends, and the equality of Jarzynski.

Free-energy difference by the exponential average, ``ΔF = −ln(Z_t/Z_s) = −ln⟨e^{−ΔE}⟩_{p_s}`` (Zwanzig 1954).

Free-energy difference from samples of both ends: Bennett's acceptance ratio (J. Comput. Phys. 22, 245, 1976).

Jarzynski's equality, ``⟨e^{−(W−ΔF)}⟩ = 1`` over paths that start in equilibrium (Phys. Rev. Lett. 78, 2690).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.totals import jackknife, weights_of

Samples = Float[Tensor, "*members samples"]


def free_energy_of(change: Samples, weights: Samples | None = None) -> Estimate:
    """``ΔF = −ln⟨e^{−ΔE}⟩`` in nats, jackknifed; kind ``asymptotic``.

    With ΔE replaced by the work along a path this is Jarzynski's estimate of the whole path. It rests on the rare
    samples of the left tail: where their number is below a few (see :func:`szilard.ledger.effective_samples`), neither
    value nor error can be trusted, and :func:`szilard.ledger.bennett` with samples of both ends is far better.

    Args:
        change: ΔE (or work) at samples of the model before.
        weights: of the samples, where they are weighted; any scale.

    Raises:
        ValueError: with fewer than two samples, or weights of another shape.
    """
    w = weights_of(change, weights)
    least = change.min(-1, keepdim=True).values
    terms = w * torch.exp(least - change)
    total = terms.sum(-1)
    left = (total.unsqueeze(-1) - terms) / (1 - w)
    tiny = torch.finfo(change.dtype).tiny
    base = least.squeeze(-1)
    return jackknife(base - torch.log(total), least - torch.log(left.clamp(min=tiny)))


def effective_samples(log_weights: Samples) -> Float[Tensor, "*members"]:
    """How many equal weights would carry as much: ``(Σ w)²/Σ w²``, between 1 and the number of samples."""
    w = torch.softmax(log_weights, -1)
    return 1 / w.square().sum(-1)


_ITERATIONS = 24
_FEWEST_SHARED = 10
"""Effective samples at an end where the other reaches: with fewer Bennett's error is too small (docs/sizes.md)."""


def bennett(
    forward: Float[Tensor, "*members before"],
    backward: Float[Tensor, "*members after"],
    weights_forward: Float[Tensor, "*members before"] | None = None,
    weights_backward: Float[Tensor, "*members after"] | None = None,
) -> Estimate:
    """``ΔF = −ln(Z_1/Z_0)`` in nats with the least variance that the two sets allow; kind ``asymptotic``.

    Solves ``n_0 ⟨1/(1 + e^{M + ΔE − ΔF})⟩_0 = n_1 ⟨1/(1 + e^{−M − ΔE + ΔF})⟩_1``, ``M = ln(n_0/n_1)``, for ΔF:
    monotone, and its root lies between the least and the greatest ΔE. A fixed number of steps by Newton, or halving
    where that leads outside, so that nothing waits for the device. The error is Bennett's own, for samples independent
    of one another.

    Where the ends do not meet the error is infinite: fewer than ten effective samples, and less than half of all, of an
    end lie where the other reaches (:func:`shared_samples`). The value is then no more than a place between the ends.

    Args:
        forward: ``ΔE = E_1 − E_0`` at samples of the model before, nats; +∞ where E_1 forbids what E_0 allows.
        backward: the same difference ``E_1 − E_0``, not turned over, at samples of the model after; −∞ likewise.
        weights_forward, weights_backward: where the samples are weighted; any scale. The n are then effective numbers.

    Raises:
        ValueError: with fewer than two samples at one end.
    """
    w0, w1 = weights_of(forward, weights_forward), weights_of(backward, weights_backward)
    n0, n1 = 1 / w0.square().sum(-1, keepdim=True), 1 / w1.square().sum(-1, keepdim=True)
    shift = torch.log(n0 / n1)
    # both conditions as one: Σ share·sign·σ(sign·(ΔF − place)) = 0
    place = torch.cat([forward + shift, backward + shift], dim=-1)
    sign = torch.cat([torch.ones_like(forward), -torch.ones_like(backward)], dim=-1)
    share = torch.cat([n0 * w0, n1 * w1], dim=-1)
    # what one of the models forbids has no place of its own: its part is 0 wherever ΔF is
    finite = torch.isfinite(place)
    lowest, highest = torch.full_like(place, torch.inf), torch.full_like(place, -torch.inf)
    low = torch.where(finite, place, lowest).min(-1, keepdim=True).values - shift
    high = torch.where(finite, place, highest).max(-1, keepdim=True).values - shift
    change = 0.5 * (low + high)
    for _ in range(_ITERATIONS):
        p = torch.sigmoid(sign * (change - place))
        part = share * p
        excess = (sign * part).sum(-1, keepdim=True)
        low, high = torch.where(excess > 0, low, change), torch.where(excess > 0, change, high)
        newton = change - excess / (part - part * p).sum(-1, keepdim=True)
        inside = (newton >= low) & (newton <= high)
        change = torch.where(inside, newton, 0.5 * (low + high))
    here, there = torch.sigmoid(change - shift - forward), torch.sigmoid(shift + backward - change)
    variance = _relative_variance(w0, here) / n0.squeeze(-1) + _relative_variance(w1, there) / n1.squeeze(-1)
    met = _enough(w0 * here, n0) & _enough(w1 * there, n1)
    error = torch.where(met, variance.sqrt(), torch.full_like(variance, torch.inf))
    degrees = min(forward.shape[-1], backward.shape[-1]) - 1
    return Estimate(change.squeeze(-1), error, Kind.ASYMPTOTIC, degrees)


def shared_samples(
    forward: Float[Tensor, "*members before"],
    backward: Float[Tensor, "*members after"],
    free_energy: Float[Tensor, "*members"],
) -> Float[Tensor, "*members"]:
    """How many effective samples of the poorer end lie where the other reaches: what carries :func:`bennett`.

    ``(Σf)²/Σf²`` of the weights f that Bennett gives, the least of both ends; 0 where all have vanished.

    Args:
        forward, backward: as :func:`bennett` takes them.
        free_energy: its value.
    """
    shift = math.log(forward.shape[-1] / backward.shape[-1])
    change = free_energy.unsqueeze(-1)
    here, there = torch.sigmoid(change - shift - forward), torch.sigmoid(shift + backward - change)
    return torch.minimum(_carried(here), _carried(there))


def _carried(terms: Float[Tensor, "*members samples"]) -> Float[Tensor, "*members"]:
    relative = terms / terms.max(-1, keepdim=True).values.clamp(min=torch.finfo(terms.dtype).tiny)
    return relative.sum(-1).square() / relative.square().sum(-1).clamp(min=torch.finfo(terms.dtype).tiny)


def _enough(terms: Float[Tensor, "*members samples"], samples: Float[Tensor, "*members one"]) -> Tensor:
    """Whether an end of so many effective samples has enough of them in common with the other."""
    return _carried(terms) >= torch.clamp(0.5 * samples.squeeze(-1), max=_FEWEST_SHARED)


def _relative_variance(
    weights: Float[Tensor, "*members samples"], values: Float[Tensor, "*members samples"]
) -> Float[Tensor, "*members"]:
    """``⟨f²⟩/⟨f⟩² − 1``; infinite where all f have vanished, for the two ends do not overlap."""
    mean = (weights * values).sum(-1, keepdim=True)
    some = mean > torch.finfo(mean.dtype).tiny
    spread = (weights * (values / torch.where(some, mean, torch.ones_like(mean)) - 1).square()).sum(-1, keepdim=True)
    return torch.where(some, spread, torch.full_like(mean, torch.inf)).squeeze(-1)


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
