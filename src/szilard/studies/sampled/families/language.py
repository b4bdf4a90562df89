"""What the runs on text share: their settings, pieces of a text, and what a model makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

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
