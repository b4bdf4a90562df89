"""The named run ``finetune``: a pretrained language model of 135 million parameters goes on learning from real text."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from szilard.data import Text
from szilard.data.text import AUSTEN
from szilard.errors import SpecError
from szilard.models import Autoregressive
from szilard.models.evaluation import undisturbed
from szilard.studies.sampled.families.language import LanguageSpec, compared, phi_on, spread
from szilard.studies.sampled.subject import HeldOut, Score, Subject
from szilard.training import AdamW, Cosine, Training, factory

_AT_ONCE = 8


@dataclass(frozen=True)
class FineTuning(LanguageSpec):
    """A pretrained causal model that learns from running text.

    The model carries its own tokenizer, as ``model.tokenizer``, and may say where its weights come from, in
    ``model.provenance``, which the record and its scores then repeat.

    Attributes:
        data: ``austen``, or the path of a file in UTF-8.
        length: tokens of the sequences that are watched.
        prompt: what they go on from.
        window: tokens of a training example.
        given: pieces of held-out text for the teacher-forced quantities; 0 leaves them out.
        text_held_out: fraction of the text that is held out.
    """

    kind: ClassVar[str] = "finetune"

    length: int = 32
    prompt: str = "In the evening,"
    window: int = 64
    given: int = 8

    def check(self) -> None:
        super().check()
        self.require("length", self.length >= 1, "at least 1")
        self.require("window", self.window >= 4, "at least 4")
        self.require("prompt", bool(self.prompt), "some words to go on from")

    def quick(self) -> Self:
        """At most four steps, scored on eight pieces."""
        return dataclasses.replace(self.with_steps(4), every=2, held_out=8)

    def begin(self, model: nn.Module, data: Text, device: torch.device) -> Subject:
        """The model with its tokenizer, next-token loss, and its score beside that of before; see the base."""
        tokenizer = getattr(model, "tokenizer", None)
        if tokenizer is None:
            raise SpecError(
                "a pretrained model must carry its tokenizer: set model.tokenizer in the factory, to one with"
                " encode(text) and decode(tokens)."
            )
        train, held_out = (_encoded(tokenizer, part) for part in (data.train, data.held_out))
        if min(len(train), len(held_out)) <= max(self.window, self.length):
            raise SpecError(
                f"the text has {len(train)} tokens to learn from and {len(held_out)} held out, not more than a window"
                f" of {self.window}: give a longer text."
            )
        ppm = Autoregressive(
            model,
            self.length,
            prompt=_encoded(tokenizer, self.prompt).to(device),
            end=getattr(getattr(model, "config", None), "eos_token_id", None),
            tokenizer=tokenizer,
        )
        pieces = spread(held_out.unfold(0, self.window + 1, self.window // 2), self.held_out or len(held_out))
        pieces = pieces.to(device)
        before = self._phi(model, pieces, ppm)

        def score(generator: torch.Generator) -> HeldOut:
            name = "fine-tuned model" + (f" ({provenance})" if provenance else "")
            found = Score.over(name, self._phi(model, pieces, ppm))
            return compared(found, Score.over("the same model before fine-tuning", before), "token", len(pieces))

        provenance = getattr(model, "provenance", None)
        given = spread(held_out.unfold(0, self.length, self.length), self.given).to(device)
        return Subject(
            ppm,
            self.loss_of(model, train, self.window, device),
            score,
            ledger={"text": given} if self.given else {},
            attributes={
                "vocabulary": ppm.vocabulary,
                "length": self.length,
                "prompt": self.prompt,
                "weights": provenance or "of the factory",
                "data_fingerprint": data.fingerprint,
            },
        )

    def _phi(self, model: nn.Module, pieces: Tensor, ppm: Autoregressive) -> Tensor:
        """Nats per token on the later half of each piece, so that the earlier half serves as context."""
        with undisturbed(model, ppm.device):
            return phi_on(model, pieces, self.window // 2, _AT_ONCE).mean(1)


def finetune(data: str = AUSTEN) -> FineTuning:
    """SmolLM2-135M, dequantised from 4 bits, on the novels; models are not kept, each taking half a gigabyte.

    Raises:
        DataError: if ``data`` is neither ``austen`` nor a file in UTF-8.
    """
    return FineTuning(
        name="finetune",
        model=factory("szilard.training.pretrained:smollm2"),
        data=data,
        training=Training(
            optimizer=AdamW(lr=1e-4, betas=(0.9, 0.98)),
            batch_size=4,
            steps=40,
            schedule=Cosine(final=0.1, warmup=4),
            clip_norm=1.0,
            shuffle="replacement",
        ),
        every=8,
        path_intervals=(1,),
        held_out=48,
        gallery=4,
        kept=0,
    )


def _encoded(tokenizer: Any, text: str) -> Tensor:
    """Tokens of a text, as the tokenizer gives them."""
    tokens = tokenizer.encode(text)
    return torch.as_tensor(tokens, dtype=torch.int64)
