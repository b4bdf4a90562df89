"""The named run ``text``: a small transformer learns English from six novels, character by character."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from szilard.data import Text, load_text
from szilard.data.text import AUSTEN
from szilard.errors import ModelError, SpecError
from szilard.models import Autoregressive
from szilard.studies.sampled.families.language import LanguageSpec, NGram, compared, phi_on, pieces_after, spread
from szilard.studies.sampled.subject import HeldOut, Score, Subject
from szilard.training import AdamW, Cosine, Training, factory

CHARACTERS_OF_AUSTEN = 81
"""Kinds of characters in the novels, whose text is known by its hash."""
_EXAMPLES = 64
_AT_ONCE = 64


@dataclass(frozen=True)
class CharacterText(LanguageSpec):
    """A causal model of characters, trained on running text.

    Attributes:
        data: ``austen``, or the path of a file in UTF-8.
        length: characters of the sequences that are watched; they go on from a newline.
        order: of the baseline, an n-gram model (:class:`~szilard.studies.sampled.families.language.NGram`).
        given: pieces of held-out text for the teacher-forced quantities; 0 leaves them out.
        text_held_out: fraction of the text that is held out.
    """

    kind: ClassVar[str] = "text"

    order: int = 4

    def check(self) -> None:
        super().check()
        self.require("length", self.length >= 2, "at least 2")
        self.require("order", 1 <= self.order <= 8, "from 1 to 8")

    def quick(self) -> Self:
        """At most 100 steps, scored on 100 pieces."""
        return dataclasses.replace(self.with_steps(100), held_out=100)

    def begin(self, model: nn.Module, data: Text, device: torch.device) -> Subject:
        """The transformer on its alphabet, next-character loss, and its score beside n-grams; see the base."""
        characters = data.characters
        beginning = characters.encode("\n" if "\n" in characters.alphabet else characters.alphabet[0])
        train, held_out = characters.encode(data.train).to(device), characters.encode(data.held_out)
        context = getattr(model, "context", self.length)
        if min(len(train), len(held_out)) <= max(context, self.length):
            raise SpecError(
                f"the text has {len(train)} characters to learn from and {len(held_out)} held out, not more than the"
                f" context of {context}: give a longer text."
            )
        pieces = pieces_after(held_out, int(beginning), self.length)
        try:
            ppm = Autoregressive(model, self.length, prompt=beginning, tokenizer=characters)
        except ModelError as error:
            raise SpecError(f"the model does not fit the text: {error} Set length or model.context.") from error
        if ppm.vocabulary != len(characters):
            raise SpecError(
                f"the model has {ppm.vocabulary} tokens and the text {len(characters)} kinds of character: set"
                f" model.vocabulary={len(characters)}."
            )

        def score(generator: torch.Generator) -> HeldOut:
            return self._score(model, train, held_out.to(device), context, len(characters))

        return Subject(
            ppm,
            self.loss_of(model, train, context, device),
            score,
            examples=spread(pieces, _EXAMPLES).to(device),
            ledger={"text": spread(pieces, self.given).to(device)} if self.given else {},
            gallery={"characters": self.length},
            model_space={"samples": _EXAMPLES},
            attributes={"vocabulary": len(characters), "length": self.length, "data_fingerprint": data.fingerprint},
        )

    def _score(self, model: nn.Module, train: Tensor, held_out: Tensor, context: int, vocabulary: int) -> HeldOut:
        """Nats per character on the later half of each piece, so that the earlier half serves as context."""
        half = max(1, context // 2)
        starts = torch.arange(0, len(held_out) - context, context - half, device=held_out.device)
        starts = spread(starts, self.held_out or len(starts))[:, None]
        pieces = held_out[starts + torch.arange(context + 1, device=held_out.device)]
        mine = phi_on(model, pieces, half, _AT_ONCE).mean(1)
        counted = torch.from_numpy(NGram(train.cpu().numpy(), self.order, vocabulary).phi(held_out.cpu().numpy()))
        others = counted[starts.cpu() + torch.arange(half + 1, context + 1)].mean(1)
        baseline = Score.over(f"{self.order}-gram of characters, smoothed after Witten and Bell", others)
        return compared(Score.over("transformer", mine), baseline, "character", len(pieces))


def text(data: str = AUSTEN) -> CharacterText:
    """Some 800,000 parameters that see 64 characters at a time.

    Raises:
        DataError: if ``data`` is neither ``austen`` nor a file in UTF-8.
    """
    characters = CHARACTERS_OF_AUSTEN if data == AUSTEN else len(load_text(data).characters)
    sizes = {"vocabulary": characters, "context": 64, "width": 128, "blocks": 4, "heads": 4}
    return CharacterText(
        name="text",
        model=factory("szilard.training.transformer:transformer", **sizes),
        data=data,
        training=Training(
            optimizer=AdamW(lr=4e-3, betas=(0.9, 0.98), weight_decay=0.1),
            batch_size=32,
            steps=600,
            schedule=Cosine(final=0.05, warmup=50),
            clip_norm=1.0,
            shuffle="replacement",
        ),
        every=20,
        held_out=2000,
        gallery=8,
        kept=8,
    )
