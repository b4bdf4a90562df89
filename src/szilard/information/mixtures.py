"""Entropies of mixtures at one node of the nesting: with all children, and with one whole child left out."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

FLOOR = float(np.finfo(np.float64).tiny)
"""Probabilities below this (10⁻³⁰⁸) are taken as this inside logarithms."""


EXACT = 8
"""Up to so many children mixtures without two of them are formed."""
SMALL = 2**16
"""Numbers up to which mixtures are formed at once: the work is then in the calls, beyond in the logarithms."""


def log_of(p: ndarray) -> ndarray:
    """``ln max(p, FLOOR)``, so that what cannot happen counts as all but impossible."""
    return np.log(np.maximum(p, FLOOR))


def entropy_sum(p: Float[ndarray, " outcomes"]) -> float:
    """``−Σ p ln p`` over everything in ``p``, in nats."""
    return -float(np.vdot(p, log_of(p)))


def mean_of_others(children: Float[ndarray, "*nodes children outcomes"]) -> Float[ndarray, "*nodes children outcomes"]:
    """For each child the mean of all the others, by sums from both sides (subtracting would cancel)."""
    others = np.zeros_like(children)
    np.cumsum(children[..., :-1, :], axis=-2, out=others[..., 1:, :])
    others[..., :-1, :] += np.cumsum(children[..., :0:-1, :], axis=-2)[..., ::-1, :]
    others /= children.shape[-2] - 1
    return others


def node_entropies(children: Float[ndarray, "*nodes children outcomes"]) -> Float[ndarray, "*nodes routes"]:
    """``(self, loo, jack)``: three entropies of the mixture that ``children`` are a sample of, summed over outcomes.

    ``self = H(p̄)`` is low in expectation; ``loo = ⟨−Σ p_k ln p̄_{−k}⟩`` is high, p_k and p̄_{−k} being independent;
    ``jack = n H(p̄) − (n−1) ⟨H(p̄_{−k})⟩`` is free of bias to first order in 1/n. One child gives only the first.
    """
    count = children.shape[-2]
    mean = children.mean(-2)
    routes = np.full((*mean.shape[:-1], 3), math.nan)
    routes[..., 0] = whole = -np.einsum("...o,...o->...", mean, log_of(mean))
    if count > 1:
        others = mean_of_others(children)
        logs = log_of(others)
        minus = -np.einsum("...ko,...ko->...", others, logs) / count
        routes[..., 1] = -np.einsum("...ko,...ko->...", children, logs) / count
        routes[..., 2] = count * whole - (count - 1) * minus
    return routes


def deletion_entropies(children: Float[ndarray, "children outcomes"]) -> Float[ndarray, "deletions parts"]:
    """:func:`node_entropies` of all children and, with each one deleted, what the same needs (:func:`resolved`).

    Sums over outcomes, so that they may be added up. Up to :data:`EXACT` children the routes are taken anew for each
    deletion. Beyond, the first column is exact, and the fourth, the children's own mean entropy, gives the others.
    """
    count = len(children)
    parts = np.zeros((count + 1, 4))
    parts[0, :3] = node_entropies(children)
    if count == 1:
        parts[1, :3] = math.nan
    elif count <= EXACT:
        each, kept = np.arange(count), np.arange(count - 1)
        left = kept + (kept >= each[:, None])  # the children that each deletion leaves
        at_once = children.shape[1] * left.size <= SMALL
        parts[1:, :3] = node_entropies(children[left]) if at_once else [node_entropies(children[one]) for one in left]
    else:
        others = mean_of_others(children)
        parts[1:, 0] = -np.einsum("ko,ko->k", others, log_of(others))
        own = -np.einsum("ko,ko->k", children, log_of(children))
        parts[0, 3] = own.mean()
        parts[1:, 3] = (own.sum() - own) / (count - 1)
    return parts


def resolved(sums: Float[ndarray, "deletions parts"]) -> Float[ndarray, "deletions routes"]:
    """Routes for every deletion from the sums of :func:`deletion_entropies`.

    With many children n, what ``loo`` and ``jack`` add to ``self`` is a bias of the form ``gap/(n−1)``,
    ``gap = H(p̄) − ⟨H(p_k)⟩``, and changes with a deletion as that does:
    ``jack_{−j} = self_{−j} + (jack − self)·(gap_{−j}/gap)·(n−1)/(n−2)``. This spares the n² mixtures without two.
    """
    routes = np.array(sums[:, :3])
    count = len(sums) - 1
    if count <= EXACT:
        return routes
    gap = sums[:, 0] - sums[:, 3]
    ratio = (gap[1:] / gap[0] if gap[0] > 0 else np.ones(count)) * (count - 1) / (count - 2)
    routes[1:, 1:] = routes[1:, :1] + (routes[0, 1:] - routes[0, 0]) * ratio[:, None]
    return routes


def table_entropies(
    children: Float[ndarray, "children outcomes"], table: tuple[int, int]
) -> tuple[Float[ndarray, " routes"], Float[ndarray, " parts"]]:
    """The same where children are crossed, initialisations × orders, and two share neither only off row and column.

    ``loo`` leaves a child's row and column out; ``jack`` applies the jackknife to rows and to columns,
    ``IJ H − (I−1)J ⟨H_{−i}⟩ − I(J−1) ⟨H_{−j}⟩ + (I−1)(J−1) ⟨H_{−i,−j}⟩``. The second result has the entropies of rows
    by the three routes (a row is one initialisation with all its orders), and of columns by the first.
    """
    rows, columns = table
    grid = children.reshape(rows, columns, -1)
    by_row, by_column = grid.mean(1), grid.mean(0)
    whole = entropy_sum(by_row.mean(0))
    without_row, without_column = mean_of_others(by_row), mean_of_others(by_column)
    strangers = _strangers(grid)
    logs = log_of(strangers)
    loo = -float(np.vdot(grid, logs)) / (rows * columns)
    both = -float(np.vdot(strangers, logs)) / (rows * columns)
    jack = (
        rows * columns * whole
        - (rows - 1) * columns * entropy_sum(without_row) / rows
        - rows * (columns - 1) * entropy_sum(without_column) / columns
        + (rows - 1) * (columns - 1) * both
    )
    of_rows = node_entropies(grid).mean(0)
    return np.array([whole, loo, jack]), np.append(of_rows, entropy_sum(by_column) / columns)


def _strangers(grid: Float[ndarray, "rows columns outcomes"]) -> Float[ndarray, "rows columns outcomes"]:
    """For each cell the mean of those in another row and another column."""
    without_row = mean_of_others(grid.transpose(1, 0, 2))  # (columns, rows, outcomes)
    return mean_of_others(without_row.transpose(1, 0, 2))
