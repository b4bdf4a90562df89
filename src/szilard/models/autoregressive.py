"""A causal language model as a PPM: X is a sequence of tokens, ``φ(x) = −Σ_i ln p_θ(x_i | x_{<i})``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Protocol, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.causal import Causal, Forward
from szilard.models.causal_checks import (
    check_causal,
    check_not_padded,
    check_tokens,
    check_whole_length,
    vocabulary_of,
)
from szilard.models.checks import check_same_device
from szilard.models.evaluation import unwrap
from szilard.models.state.keeping import accompany
from szilard.samplers.ancestral import ancestral

_CHUNK_ELEMENTS = 2**23
_CHUNK_SEQUENCES = 64
_SAMPLED_ELEMENTS = 2**22


class Decodes(Protocol):
    """What a tokenizer must do for samples to be read as text."""

    def decode(self, tokens: Any) -> str:
        """The text of these tokens, special ones included or not as the tokenizer has it."""


@final
class Autoregressive:
    """Any causal language model: an ``nn.Module`` from tokens to logits, or one of Hugging Face.

    Sequences are sampled token by token at temperature 1, with the module's cache of keys and values where it has one:
    ``extend(tokens, cache) -> (logits, cache)`` of a plain module, ``past_key_values`` of Hugging Face's. Evaluation
    leaves the model exactly as it was, dropout off.

    Args:
        model: the network in training, ``module(tokens) -> logits`` shaped ``(count, length, vocabulary)``, or an
            object with such ``.logits``; ``torch.compile``d or data-parallel wrappers are looked through.
        length: tokens of a sequence, the horizon T, not counting a common prompt. Within it the model's own text is
            watched; a longer one costs in proportion.
        prompt: what sequences go on from. One, shaped ``(tokens,)``, at least one token, common to all; or many of one
            length, shaped ``(prompts, tokens)``: each sequence then begins with one of them, drawn at random, which
            counts in ``length`` but neither in φ nor in :attr:`horizon`. By default a Hugging Face model's beginning.
        end: the token that ends a sequence, or several of them, if any; what follows the first does not count.
        tokenizer: anything with ``decode(tokens) -> str``: samples that are kept can then be read; :attr:`decode` is
            its.
        forward: ``forward(model, tokens) -> logits`` for other signatures; sampling then has no cache.
        chunk: sequences per forward pass; by default 64, fewer where their logits would take more than some 32 MB.

    Raises:
        ModelError: the model's output is not causal logits of that shape, not finite or of one token; its cache gives
            other logits than it does; a sequence does not fit into its context; tokens lie outside the vocabulary;
            numbers of tokens are not whole.

    Example:
        >>> import torch
        >>> from szilard.models import Autoregressive
        >>> bigram = torch.nn.Embedding(3, 3)  # logits of the next token, by the last one
        >>> ppm = Autoregressive(bigram, length=5, prompt=torch.tensor([0]))
        >>> x = ppm.sample(4, torch.Generator().manual_seed(0))
        >>> x.shape, ppm.token_logits(x).shape, ppm.vocabulary
        (torch.Size([4, 5]), torch.Size([4, 5, 3]), 3)
    """

    decode: Callable[[Tensor], str]
    """From the tokens of one sequence, shaped ``(tokens,)``, to its text. Only where a tokenizer was given."""

    def __init__(
        self,
        model: nn.Module,
        length: int,
        *,
        prompt: Tensor | None = None,
        end: int | Iterable[int] | None = None,
        tokenizer: Decodes | None = None,
        forward: Forward | None = None,
        chunk: int | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ModelError(f"the model must be a torch.nn.Module, not {type(model).__name__}: wrap it in one.")
        self.module = unwrap(model)
        self.device = check_same_device(self.module, [])
        self._causal = Causal(self.module, forward)
        accompany(self.module, forward)
        self._prompt = self._prompts(prompt)
        self._given_tokens = 0 if self._common else self._prompt.shape[1]
        self.length, self.ends = _whole("length", length), _ends(end)
        self._check_length()
        self.vocabulary = vocabulary_of(self._causal, self.module, self._prompt)
        check_tokens("the prompt", self._prompt, self.vocabulary)
        check_not_padded(self._prompt, self._causal.padding)
        for token in self.ends:
            if not 0 <= token < self.vocabulary:
                raise ModelError(
                    f"the end token {token} lies outside 0 … {self.vocabulary - 1}, the model's vocabulary: give one of"
                    " it."
                )
        check_whole_length(self._causal, self.module, self._prompt, self.length, self._read)
        check_causal(self._causal, self.module, self._prompt, self.vocabulary, self.length, self._read)
        chunk = None if chunk is None else _whole("chunk", chunk)
        if chunk is not None and chunk < 1:
            raise ModelError(f"chunk must be at least 1, not {chunk}: leave it out for the default.")
        self.chunk = chunk or max(1, min(_CHUNK_SEQUENCES, _CHUNK_ELEMENTS // (self.length * self.vocabulary)))
        if tokenizer is not None:
            self.decode = tokenizer.decode

    @property
    def horizon(self) -> int:
        """Most tokens of a sequence that count: ``length`` without a prompt of its own."""
        return self.length - self._given_tokens

    @property
    def _common(self) -> bool:
        return self._prompt.shape[0] == 1

    @property
    def _read(self) -> int:
        """Tokens that the model must read of a whole sequence: the last is sampled but never read."""
        return self.length - 1 + (self._prompt.shape[1] if self._common else 0)

    def sample(self, count: int, generator: torch.Generator) -> Int[Tensor, "count length"]:
        """``count`` fresh, independent sequences, at temperature 1."""
        fresh = self.length - self._given_tokens
        uniform = torch.rand(count, fresh, generator=generator, device=generator.device, dtype=torch.float64)
        which = torch.zeros(count, dtype=torch.int64, device=generator.device)
        if not self._common:
            which = torch.randint(len(self._prompt), (count,), generator=generator, device=generator.device)
        prompts, uniform = self._prompt[which.to(self.device)], uniform.to(self.device)
        # A cache of keys and values takes more where the vocabulary, and so the model, is large.
        at_once = max(16, min(1024, _SAMPLED_ELEMENTS // self.vocabulary))
        batches = zip(prompts.split(at_once), uniform.split(at_once), strict=True)
        x = torch.cat([ancestral(self._causal.extend, *batch, end=self.ends or None) for batch in batches])
        return x if self._common else torch.cat([prompts, x], 1)

    def alive(self, x: Int[Tensor, "count length"]) -> Bool[Tensor, "count length"]:
        """Which positions count: after a prompt of the sequence's own, up to and including the end token."""
        here = torch.ones_like(x, dtype=torch.bool)
        here[:, : self._given_tokens] = False
        if not self.ends:
            return here
        ends = torch.isin(x, x.new_tensor(self.ends)) & here
        return here & (ends.cumsum(-1) - ends.long() == 0)

    def token_logits(self, x: Int[Tensor, "count length"]) -> Float[Tensor, "count length vocabulary"]:
        """Logits of each token given those before it, as the model gives them.

        Where many prompts were given, the first token has nothing before it and its logits are zeros; it never counts.
        """
        before = torch.cat([self._prompt.expand(len(x), -1), x[:, :-1]], 1) if self._common else x[:, :-1]
        logits = self._causal.logits(before, min(self.length, before.shape[1]))
        if self._common:
            return logits
        return torch.cat([torch.zeros_like(logits[:, :1]), logits], 1)

    def _prompts(self, prompt: Tensor | None) -> Int[Tensor, "prompts tokens"]:
        if prompt is None:
            if self._causal.beginning is None:
                raise ModelError(
                    "a causal model needs a first token to go on from: give prompt=torch.tensor([token]), for instance"
                    " that of a newline or of the beginning of a text."
                )
            prompt = torch.tensor([self._causal.beginning])
        if not isinstance(prompt, Tensor) or prompt.is_floating_point() or prompt.dim() not in (1, 2):
            raise ModelError(
                "the prompt must be whole numbers shaped (tokens,) or (prompts, tokens), all of one length: encode the"
                " text, and cut prompts to the same number of tokens."
            )
        if prompt.numel() == 0:
            raise ModelError("the prompt is empty: give at least one token for sequences to go on from.")
        return prompt.to(device=self.device, dtype=torch.int64).reshape(-1, prompt.shape[-1]).clone()

    def _check_length(self) -> None:
        prompt = self._prompt.shape[1]
        if self.length <= self._given_tokens:
            raise ModelError(
                f"length must be at least {self._given_tokens + 1}, not {self.length}: it counts the tokens of a"
                " sequence" + (", with its own prompt." if self._given_tokens else ".")
            )
        needed = self._read
        if self._causal.context is not None and needed > self._causal.context:
            raise ModelError(
                f"sequences of {self.length} tokens after a prompt of {prompt} need a context of {needed}, and the"
                f" model's is {self._causal.context}: give length={max(self.length - needed + self._causal.context, 1)}"
                " or less."
            )


def _whole(name: str, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise ModelError(f"{name} must be a whole number, not {number!r}: give one such as {name}=32.") from None


def _ends(end: Any) -> tuple[int, ...]:
    """End tokens, none or one or many, each once."""
    if end is None:
        return ()
    try:
        several = [end] if hasattr(end, "__index__") and getattr(end, "ndim", 0) == 0 else list(end)
        return tuple(dict.fromkeys(operator.index(token) for token in several))
    except TypeError:
        raise ModelError(
            f"the end must be a token or several, as whole numbers, not {end!r}: encode it with the tokenizer."
        ) from None
