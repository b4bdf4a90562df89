"""What the runs on text share: settings, pieces of a text, what a model makes of them, and a baseline that counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from szilard.data import Text, load_text
from szilard.data.text import AUSTEN, random_windows, windows
from szilard.errors import SpecError
from szilard.studies.sampled.spec import FamilySpec
from szilard.studies.sampled.subject import HeldOut, Score
from szilard.training import streams

Counts = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Codes that occur, sorted, and how often."""


@dataclass(frozen=True)
class LanguageSpec(FamilySpec):
    """A causal model that learns from running text.

    Attributes:
        data: ``austen``, or the path of a file in UTF-8.
        length: tokens of the sequences that are watched.
        given: pieces of held-out text for the teacher-forced quantities; 0 leaves them out.
        text_held_out: fraction of the text that is held out.
    """

    family: ClassVar[str] = "autoregressive"
    data_by_address: ClassVar[bool] = False

    length: int = 64
    given: int = 32
    text_held_out: float = 0.1

    def check(self) -> None:
        super().check()
        self.require("given", self.given >= 0, "at least 0")
        self.require("text_held_out", 0 < self.text_held_out < 1, "between 0 and 1")

    def load_data(self) -> Text:
        """The text in two parts, to learn from and held out.

        Raises:
            SpecError: if the data are no text.
            DataError: if it cannot be read.
        """
        if not isinstance(self.data, str):
            raise SpecError(f"the run {self.name!r} learns from text: give data={AUSTEN!r} or the path of a file.")
        return load_text(self.data, self.text_held_out)

    def loss_of(
        self, model: nn.Module, train: Int[Tensor, " tokens"], window: int, device: torch.device
    ) -> Callable[[int], Tensor]:
        """The loss of each step, on a batch of random windows of the text, each of ``window`` tokens and the next."""
        order = streams.generator_of(self.seed, streams.ORDER)

        def loss(step: int) -> Tensor:
            return loss_on(model, random_windows(train, self.training.batch_size, window + 1, order).to(device))

        return loss


def compared(model: Score, baseline: Score, token: str, pieces: int) -> HeldOut:
    """A model of text against its baseline, in nats per ``token``."""
    return HeldOut("negative log-likelihood of held-out text", f"nat per {token}", model, baseline, pieces)


def logits_of(model: nn.Module, tokens: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
    """What the model gives, plain or of Hugging Face."""
    found: Any = model(tokens)
    logits: Tensor = getattr(found, "logits", found)
    return logits


def loss_on(model: nn.Module, pieces: Int[Tensor, "count length"]) -> Tensor:
    """Mean cross-entropy per token, in nats, of every token of a piece but the first."""
    return functional.cross_entropy(logits_of(model, pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())


def phi_on(
    model: nn.Module, pieces: Int[Tensor, "count length"], skipped: int, at_once: int
) -> Float[Tensor, "count left"]:
    """``−ln p`` in float64 of each token given those before it in its piece; the first ``skipped + 1`` only serve."""
    found = []
    for batch in pieces.split(at_once):
        logits = logits_of(model, batch[:, :-1])[:, skipped:].to(torch.float64)
        targets = batch[:, skipped + 1 :]
        phi = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        found.append(phi.view(targets.shape))
    return torch.cat(found)


def pieces_after(tokens: Int[Tensor, " tokens"], beginning: int, length: int) -> Int[Tensor, "pieces length"]:
    """What follows each ``beginning``, as far as it does not overlap with the piece before; else any pieces.

    Example:
        >>> pieces_after(torch.tensor([9, 1, 2, 9, 3, 9, 4, 5, 6]), beginning=9, length=2).tolist()
        [[1, 2], [3, 9], [4, 5]]
    """
    after = torch.nonzero(tokens[: max(len(tokens) - length, 0)] == beginning).flatten() + 1
    starts: list[int] = []
    for start in after.tolist():
        if not starts or start >= starts[-1] + length:
            starts.append(start)
    if not starts:
        return windows(tokens, length)
    return tokens[torch.tensor(starts)[:, None] + torch.arange(length)]


def spread(rows: Tensor, most: int) -> Tensor:
    """At most so many of the rows, evenly spread over them.

    Example:
        >>> spread(torch.arange(10), 4).tolist()
        [0, 3, 6, 9]
    """
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most).round().long().to(rows.device)]


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
            total, kind = _counted(totals, contexts), _counted(kinds, contexts)
            mixed = (_counted(grams, codes) + kind * p[here]) / np.maximum(total + kind, 1.0)
            p[here] = np.where(total > 0, mixed, p[here])
        return -np.log(p)


def _codes(tokens: npt.NDArray[np.int64], n: int, vocabulary: int) -> npt.NDArray[np.int64]:
    """Every n tokens in a row as one number, shaped ``(len(tokens) − n + 1,)``."""
    codes = np.zeros(max(len(tokens) - n + 1, 0), dtype=np.int64)
    for place in range(n):
        codes = codes * vocabulary + tokens[place : place + len(codes)]
    return codes


def _counted(counts: Counts, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How often each code occurs; 0 where it does not."""
    known, often = counts
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, often[place], 0.0)
