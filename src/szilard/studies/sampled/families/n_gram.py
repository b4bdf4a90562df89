"""The baseline of a language: tokens from the few before them, by counting."""

from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

Counts = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Codes that occur, sorted, and how often."""


@final
class NGram:
    """``p_n(c|h) = (N(hc) + T(h) p_{n−1}(c|h'))/(N(h) + T(h))``, down to ``p_0 = 1/vocabulary``.

    N counts in the training text, ``T(h)`` is the number of different tokens seen after h, and ``h'`` is h without its
    first token. Source: Witten and Bell, IEEE Trans. Inf. Theory 37, 1085 (1991), method C, interpolated.

    Args:
        tokens: the training text, whole numbers below ``vocabulary``, shaped ``(tokens,)``.
        order: n, the number of tokens that are looked at, the predicted one among them; at least 1.
        vocabulary: number of tokens; ``vocabulary**order`` must stay below 2^63.

    Example:
        >>> model = NGram(np.array([0, 1, 0, 1, 0]), order=1, vocabulary=2)  # (3 + 2/2)/(5 + 2)
        >>> np.exp(-model.phi(np.array([0]))).round(6).tolist()
        [0.571429]
    """

    def __init__(self, tokens: npt.NDArray[np.int64], order: int, vocabulary: int) -> None:
        if order < 1 or vocabulary**order >= 2**63:
            raise ValueError(f"order must be at least 1 and vocabulary**order below 2^63, not {order}, {vocabulary}.")
        self.order, self.vocabulary = order, vocabulary
        self._levels: list[tuple[Counts, Counts, Counts]] = []
        for n in range(1, order + 1):
            seen, counts = np.unique(_codes(tokens, n, vocabulary), return_counts=True)
            contexts, first = np.unique(seen // vocabulary, return_index=True)
            totals = np.add.reduceat(counts.astype(np.float64), first)
            kinds = np.diff(np.append(first, len(seen))).astype(np.float64)
            self._levels.append(((seen, counts.astype(np.float64)), (contexts, totals), (contexts, kinds)))

    def phi(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """``−ln p`` of each token given up to ``order − 1`` of those before it, in nats, shaped like ``tokens``."""
        p = np.full(len(tokens), 1.0 / self.vocabulary)
        for n, (grams, totals, kinds) in enumerate(self._levels, 1):
            codes = _codes(tokens, n, self.vocabulary)
            here = slice(n - 1, None)
            contexts = codes // self.vocabulary
            total, kind = _look_up(totals, contexts), _look_up(kinds, contexts)
            mixed = (_look_up(grams, codes) + kind * p[here]) / np.maximum(total + kind, 1.0)
            p[here] = np.where(total > 0, mixed, p[here])
        return -np.log(p)


def _codes(tokens: npt.NDArray[np.int64], n: int, vocabulary: int) -> npt.NDArray[np.int64]:
    """Every n tokens in a row as one number, shaped ``(len(tokens) − n + 1,)``."""
    codes = np.zeros(max(len(tokens) - n + 1, 0), dtype=np.int64)
    for place in range(n):
        codes = codes * vocabulary + tokens[place : place + len(codes)]
    return codes


def _look_up(counts: Counts, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How often each code occurs; 0 where it does not."""
    known, often = counts
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, often[place], 0.0)
