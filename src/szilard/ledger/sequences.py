"""Sequences: sums over tokens along sampled prefixes, each with the weight of its own prefix (Rao–Blackwell).

A function of the next-token distributions ``f(x_{<i})`` needs the weight of the tokens before i only,
``w_i = Π_{j<i} p(x_j|x_{<j})/p_s(x_j|x_{<j})``, which scatters less than that of the whole sequence. Divergences and
entropies of the next token are exact sums over the vocabulary; what is sampled is the prefix alone. The last two
dimensions are slots and tokens; what lies beyond a sequence's end is 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.slots import others

Tokens = Float[Tensor, "*shape slots tokens"]
Slots = Float[Tensor, "*shape slots"]


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
