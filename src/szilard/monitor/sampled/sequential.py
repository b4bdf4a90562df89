"""An autoregressive model of sequences, watched by exact sums over the vocabulary along its own samples' prefixes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.errors import ModelError, SpecError
from szilard.ledger.slots import SlotSum
from szilard.models.checks import are_logits
from szilard.models.ppm import Sequential, horizon_of
from szilard.models.precision import Precision, forward_precision
from szilard.monitor.sampled.checks import check_repeatable, check_samples
from szilard.monitor.sampled.family import Combination, PendingRow
from szilard.monitor.sampled.sample_set import SampleSizes
from szilard.monitor.sampled.schema import TEACHER_FORCED, ledger_group
from szilard.monitor.sampled.token_set import TokenSampleSet, TrackedSequences, token_sums
from szilard.monitor.sampled.tractable import state_columns
from szilard.records.schema import Group

_LOGITS_KEPT = 2**25
"""Numbers in the logits of the previous record: 128 MiB in float32; at least 16 sequences whatever they take."""

_AS_THEY_ARE = ("tokens", "length", "fluctuation", "work_conditional", "cross_entropy")


_TEXT = "text"


@final
class GivenText:
    """Teacher forcing: how the model's next-token distributions on a given text move, record by record.

    This is not the work on X, whose prefixes are its own samples.

    Args:
        ppm: the model.
        text: sequences of one length, at most the model's; of each, one token at least must count.
    """

    def __init__(self, ppm: Sequential, text: Int[Tensor, "count tokens"]) -> None:
        alive = ppm.alive(text)
        self._sequences = TrackedSequences(ppm, text, alive)
        self._count = alive.sum(-1)
        self._work = SlotSum.zero(len(text), device=text.device)

    def record(self) -> Mapping[str, Combination]:
        """Work so far and cross-entropy now, means over sequences of what they are per token."""
        sums = self._sequences.sums(keep=True)
        self._work = self._work + SlotSum.mean(sums.work.sum(-1) / self._count)
        cross = SlotSum.mean(sums.phi.sum(-1) / self._count)
        return {
            "work_conditional": Combination.of(_TEXT, self._work),
            "cross_entropy": Combination.of(_TEXT, cross),
        }

    def rehearse(self) -> None:
        """Does the work of :meth:`record`, and keeps none of it."""
        self._sequences.sums(keep=False)


@final
class SequentialFamily:
    """Draws sets of sequences and sums over next tokens; everything in the ledger is per token of the horizon.

    The horizon, the most tokens that a sequence can have, is the same at every record: a mean over sequences that end
    as they like would change along training, and the first law would not close.

    Args:
        ppm: the model.
        text: given sequences, for ``work_conditional``; None for none.

    Raises:
        SpecError: for text that the model cannot read.
    """

    capability = "sequential"
    names = ("work", "work_reverse", "heat_stepwise", "length")

    def __init__(self, ppm: Sequential, text: Tensor | None) -> None:
        self._ppm = ppm
        self._text = None if text is None else GivenText(ppm, _checked_text(ppm, text))
        self.precision: Precision

    @staticmethod
    def sizes(ppm: Sequential, samples: int | None, checkpoint: int | None) -> SampleSizes:
        """Sequences by what their logits take: 16 to 64; few for the jump from the first model."""
        slots = samples or min(64, max(16, _LOGITS_KEPT // (ppm.length * ppm.vocabulary)))
        return SampleSizes.of_sequences(slots, checkpoint or 2 * slots)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: the horizon in tokens, and the vocabulary."""
        return {"horizon": horizon_of(self._ppm), "vocabulary": self._ppm.vocabulary}

    def group(self, path_intervals: tuple[int, ...]) -> Group:
        """What its rows hold: the ledger of sequences, per token of the horizon."""
        more = () if self._text is None else TEACHER_FORCED
        return ledger_group("sequential", more, path_intervals=path_intervals)

    def check(self) -> None:
        """Draws two sequences, evaluates their logits twice, and refuses what cannot be measured."""
        ppm, name = self._ppm, type(self._ppm).__name__
        if ppm.vocabulary < 2:
            raise ModelError(f"{name} has a vocabulary of {ppm.vocabulary}, and one token carries no information.")
        generator = torch.Generator(device=ppm.device).manual_seed(0)
        x = check_samples(ppm, ppm.sample(2, generator), 2)
        if x.is_floating_point() or x.shape != (2, ppm.length):
            raise ModelError(
                f"{name}.sample(2, generator) gives {x.dtype} of shape {tuple(x.shape)}: return whole numbers shaped "
                f"(2, {ppm.length}), padded after the end."
            )
        alive, first = ppm.alive(x), ppm.length - horizon_of(ppm)
        marks = alive.dtype == torch.bool and alive.shape == x.shape
        if not marks or not bool(alive[:, first].all()) or bool(alive[:, :first].any()):
            raise ModelError(
                f"{name}.alive must mark positions by true and false, the first of each sequence true: where sequences "
                "begin with prompts of their own, which do not count, give an attribute horizon, the most tokens that "
                "do."
            )
        inside = x[alive]
        if int(inside.min()) < 0 or int(inside.max()) >= ppm.vocabulary:
            raise ModelError(f"{name}.sample gives tokens outside of 0 to {ppm.vocabulary - 1}: look at vocabulary.")
        logits: Any = ppm.token_logits(x)
        expected = (*x.shape, ppm.vocabulary)
        if not isinstance(logits, Tensor) or not logits.is_floating_point() or logits.shape != expected:
            what = f"{logits.dtype} of shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits)
            raise ModelError(f"{name}.token_logits gives {what}, not floating-point logits shaped {expected}.")
        if not are_logits(logits[alive]):
            raise ModelError(f"{name}.token_logits is not finite: look for NaN or Inf in the weights.")
        logits = logits.clone()
        check_repeatable(ppm, lambda: ppm.token_logits(x)[alive].double())
        self.precision = forward_precision(ppm.module, logits)

    def draw(self, slots: int, scouts: int, generator: torch.Generator, *, light: bool = False) -> TokenSampleSet:
        """A set of fresh sequences of the present model, slots first and scouts after."""
        # All at once: drawing holds the distributions of one position only, and what it costs is mostly each pass.
        return TokenSampleSet(self._ppm, self._ppm.sample(slots + scouts, generator), slots, light=light)

    def checkpoint(self, count: int, generator: torch.Generator) -> Mapping[str, SlotSum]:
        """Energy, entropy and tokens of fresh sequences."""
        parts = []
        for x in self._ppm.sample(count, generator).split(self._ppm.chunk):
            alive = self._ppm.alive(x)
            sums = token_sums(self._ppm.token_logits(x), x, alive, None)
            parts.append(torch.stack([sums.phi.sum(-1), sums.entropy.sum(-1), alive.double().sum(-1)]))
        energy, entropy, tokens = torch.cat(parts, dim=-1)
        means = {"energy": energy, "entropy_conditional": entropy, "tokens": tokens}
        return {name: SlotSum.mean(values) for name, values in means.items()}

    def further_columns(self) -> Mapping[str, Combination]:
        """What teacher forcing says, where text was given."""
        return {} if self._text is None else self._text.record()

    def rehearse_further_columns(self) -> None:
        """Does the work of teacher forcing, where text was given, and keeps none of it."""
        if self._text is not None:
            self._text.rehearse()

    def columns(self, pending: PendingRow) -> Mapping[str, Combination]:
        """Per token of the horizon, and beside them some per sequence."""
        whole = state_columns(pending)
        return {name: column * self._share(name) for name, column in whole.items()} | {
            "work_per_sequence": whole["work"],
            "heat_per_sequence": whole["heat"],
            "entropy_per_sequence": whole["entropy_conditional"],
        }

    def _share(self, name: str) -> float:
        return 1.0 if name in _AS_THEY_ARE else 1 / horizon_of(self._ppm)


def _checked_text(ppm: Sequential, text: Tensor) -> Tensor:
    if not isinstance(text, Tensor) or text.is_floating_point() or text.dim() != 2 or len(text) < 2:
        raise SpecError("text must be whole numbers shaped (sequences, tokens), of at least 2 sequences.")
    if text.shape[1] > ppm.length:
        raise SpecError(
            f"text has sequences of {text.shape[1]} tokens, and the model's horizon is {ppm.length}: cut it."
        )
    if int(text.min()) < 0 or int(text.max()) >= ppm.vocabulary:
        raise SpecError(f"text holds tokens outside of 0 to {ppm.vocabulary - 1}: use the model's own tokenizer.")
    text = text.to(ppm.device)
    if not bool(ppm.alive(text).any(-1).all()):
        raise SpecError("text holds sequences of which no token counts: give more tokens than their prompts have.")
    return text
