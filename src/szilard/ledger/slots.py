"""Reuse along a whole run: per-slot terms of one step from samples ``x_i ~ p_s`` with weights ``w = p_{t−1}/p_s``.

A *slot* is a place in the set of samples. When the set is renewed, slot i goes on with a fresh, independent sample, so
that sums along the run stay independent between slots: the spread of a slot's sum over ``√slots`` is the standard
error, whatever correlates within a segment. All functions take float64 φ in nats, the last dimension slots.

A sum along a run with each slot's part in it: what gives a sum over correlated steps its error bar.

Sequences: sums over tokens along sampled prefixes, each with the weight of its own prefix (Rao–Blackwell).

A function of the next-token distributions ``f(x_{<i})`` needs the weight of the tokens before i only,
``w_i = Π_{j<i} p(x_j|x_{<j})/p_s(x_j|x_{<j})``, which scatters less than that of the whole sequence. Divergences and
entropies of the next token are exact sums over the vocabulary; what is sampled is the prefix alone. The last two
dimensions are slots and tokens; what lies beyond a sequence's end is 0.

Latent variables: φ between bounds, and work between bounds, by importance weighting (Burda et al. 2016).

A sample is ``x`` with K draws: one of the model's own posterior, the others from a proposal ``q_s(z|x)`` that is kept
as it was. On the space of x and all draws, with the proposals as base measure,

``φ^K_t(x; z) = −ln (1/K) Σ_k p_t(x,z_k)/q_s(z_k|x)``

is *normalised* for every t, and a joint sample ``(x, z*)`` of the model with K − 1 proposals beside it is an exact
sample of it. So its divergences bound those of x from above (data processing), tend to them as K grows, and obey the
fluctuation theorem exactly; K = 1 is the work on x and z together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.length import angle_of, angle_slope

Slots = Float[Tensor, "*shape slots"]


def slot_work(weight: Slots, d: Slots, balance: float | Tensor = 1.0) -> Slots:
    """Work of one step, ``w (d + e^{−d} − 1)``: unbiased, for normalised φ.

    Args:
        weight: ``w = p_{t−1}(x)/p_s(x)``.
        d: ``φ_t − φ_{t−1}``.
        balance: 0 leaves ``e^{−d} − 1`` out: its mean is zero, and it removes the noise of d where d is small and adds
            some where it is large. Choose it by other samples.
    """
    return weight * (d + balance * torch.expm1(-d))


def slot_work_reverse(weight: Slots, d: Slots) -> Slots:
    """Work of the reversed step, ``KL(p_t‖p_{t−1})``: ``w e^{−d} (e^{d} − 1 − d)``, formed without cancellation."""
    return -weight * (d * torch.exp(-d) + torch.expm1(-d))


def slot_fluctuation(weight: Slots, d: Slots) -> Slots:
    """``w e^{−d}``, whose mean is 1 for normalised φ."""
    return weight * torch.exp(-d)


def slot_excess(weight: Slots, d: Slots) -> Slots:
    """``w (e^{−d} − 1)``, whose mean is 0 for normalised φ: what a change of ln Z that was left out feigns as work."""
    return weight * torch.expm1(-d)


def slot_overlap_defect(weight: Slots, d: Slots) -> Slots:
    """``½ w (1 − e^{−d/2})²``, whose mean is one minus the overlap of ``p_{t−1}`` and ``p_t``."""
    return 0.5 * weight * torch.expm1(-0.5 * d).square()


def slot_length(weight: Slots, d: Slots) -> SlotSum:
    """Length of one step in nat^½; see :func:`length_of_defects`."""
    return length_of_defects(slot_overlap_defect(weight, d))


def length_of_defects(defect: Slots) -> SlotSum:
    """``2 arccos(1 − h)`` with h the mean of ``defect``, the bend of the arccosine taken back.

    See :func:`szilard.ledger.length_sampled`.
    """
    h = defect.mean(-1)
    slope = angle_slope(h)
    influence = slope.unsqueeze(-1) * (defect - h.unsqueeze(-1))
    variance = influence.var(-1) / defect.shape[-1]
    return SlotSum(angle_of(h) + 0.125 * (1 - h) * slope * variance, influence)


def slot_heat(weight: Slots, d: Slots, phi_after: Slots) -> SlotSum:
    """Heat of one step, ``w (e^{−d} − 1)(φ_t − c)`` with c the leave-one-out mean of φ_t: unbiased."""
    gain = weight * torch.expm1(-d)
    centred = phi_after - others(phi_after)
    return SlotSum((gain * centred).mean(-1), (gain - gain.mean(-1, keepdim=True)) * centred)


def slot_mean(weight: Slots, values: Slots) -> Slots:
    """The mean of ``values`` under ``p_t``, ``w f − c (w − 1)`` with ``w = p_t/p_s`` and c a leave-one-out mean.

    Unbiased; the second term takes away what the weights' own scatter adds.
    """
    return weight * values - others(values) * (weight - 1)


def others(values: Slots) -> Slots:
    """For each slot the mean over all the others, shaped as the values."""
    count = values.shape[-1]
    return (values.sum(-1, keepdim=True) - values) / (count - 1)


@final
@dataclass(frozen=True, slots=True)
class SlotSum:
    """A value and each slot's influence on it, added up over steps.

    The influences' standard deviation over ``√slots`` is the standard error. Leading dimensions pass through.
    """

    value: Float[Tensor, "*shape"]
    influence: Float[Tensor, "*shape slots"]

    @classmethod
    def mean(cls, terms: Float[Tensor, "*shape slots"]) -> SlotSum:
        """The sum of a quantity whose estimate is a plain mean over slots."""
        return cls(terms.mean(-1), terms)

    @classmethod
    def zero(cls, *shape: int, device: torch.device) -> SlotSum:
        """A sum to which nothing has been added; ``shape`` is (*members, slots)."""
        influence = torch.zeros(shape, dtype=torch.float64, device=device)
        return cls(influence.sum(-1), influence)

    @property
    def error(self) -> Float[Tensor, "*shape"]:
        """The standard error over slots, in the unit of the sum."""
        return self.influence.std(-1) / math.sqrt(self.influence.shape[-1])

    def __add__(self, other: SlotSum) -> SlotSum:
        return SlotSum(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: SlotSum) -> SlotSum:
        return SlotSum(self.value - other.value, self.influence - other.influence)

    def __mul__(self, factor: float) -> SlotSum:
        return SlotSum(self.value * factor, self.influence * factor)


Tokens = Float[Tensor, "*shape slots tokens"]


def prefix_weights(phi_source: Tokens, phi_now: Tokens, *, inclusive: bool = False) -> Tokens:
    """``w_i = exp Σ_{j<i} (φ_s − φ)_j`` from φ of the tokens, ``φ_j = −ln p(x_j|x_{<j})``; 1 at the first token.

    Args:
        phi_source: φ of the tokens under the model that they were drawn from.
        phi_now: under the model whose mean is sought.
        inclusive: whether token i itself belongs to its prefix, as a function of the drawn token needs.
    """
    change = phi_source - phi_now
    total = change.cumsum(-1)
    return torch.exp(total if inclusive else total - change)


def prefix_sum(weights: Tokens, values: Tokens) -> Slots:
    """``Σ_i w_i f_i`` of each sequence: for values such as next-token divergences, unbiased."""
    return (weights * values).sum(-1)


def prefix_mean(weights: Tokens, values: Tokens) -> Slots:
    """``Σ_i w_i f_i − c_i (w_i − 1)``, c_i the leave-one-out mean of f_i: unbiased, without the weights' own scatter.

    For functions of state such as entropies, see :func:`szilard.ledger.slots.slot_mean`.
    """
    rest = others(values.transpose(-1, -2)).transpose(-1, -2)
    return (weights * values - rest * (weights - 1)).sum(-1)


def token_work(weights: Tokens, d: Tokens, balance: float | Tensor = 1.0) -> Slots:
    """Work of a jump from the sampled tokens alone, ``Σ_i w_i (d_i + e^{−d_i} − 1)``: for jumps of which no whole
    distributions are kept.

    Args:
        weights: of the prefixes with the token itself (``inclusive``), at the jump's start.
        d: change of the tokens' φ.
        balance: see :func:`szilard.ledger.slots.slot_work`.
    """
    return prefix_sum(weights, d + balance * torch.expm1(-d))


def phi_by_draws(log_ratio: Float[Tensor, "slots draws"], numbers: tuple[int, ...]) -> Float[Tensor, "numbers slots"]:
    """``φ^k`` of the first k draws, for each k of ``numbers``, in nats.

    Args:
        log_ratio: ``ln p(x,z_k) − ln q(z_k|x)``.
        numbers: how many draws.
    """
    running = torch.logcumsumexp(log_ratio, -1)
    k = torch.tensor(numbers, device=log_ratio.device)
    return torch.log(k.to(log_ratio.dtype)).unsqueeze(-1) - running[:, k - 1].T


def slot_work_lower(weight: Slots, d: Slots, guess: Slots, balance: float | Tensor = 1.0) -> Slots:
    """Work of a step from below, ``w [f − (e^{f−d} − 1) + (e^{−d} − 1)]``, in nats.

    This is the bound of Donsker and Varadhan, linearised: its mean is ``⟨f⟩_{t−1} − ⟨e^f⟩_t + 1 ≤ KL(p_{t−1}‖p_t)``
    for any function f of x and of draws that are independent of those in d, tight where f is the true change of φ. The
    last term has mean zero and takes the first-order noise away: what is left is ``f d − ½ f²``.

    Args:
        weight: ``w``, on the space of x and all draws.
        d: change of ``φ^K``, at draws that hold the sample's own.
        guess: f, the change of φ as independent draws see it.
        balance: see :func:`szilard.ledger.slots.slot_work`.
    """
    return weight * (guess - torch.expm1(guess - d) + balance * torch.expm1(-d))


def guess_scale(weight: Slots, d: Slots, guess: Slots) -> Float[Tensor, "*shape"]:
    """By what a guess is best multiplied, ``⟨w f d⟩/⟨w f²⟩`` between 0 and 1: less where it is mostly noise.

    From samples that do not measure; any number keeps the bound a bound.
    """
    square = (weight * guess.square()).sum(-1).clamp(min=torch.finfo(d.dtype).tiny)
    return ((weight * guess * d).sum(-1) / square).clamp(0, 1)
