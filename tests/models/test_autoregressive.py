"""Causal language models as PPMs: what is sampled is what is scored, with a cache, prompts and ends; and bad ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard.data import Characters
from szilard.errors import ModelError, SpecError
from szilard.models import Autoregressive, Sequential
from szilard.models.evaluation import undisturbed
from szilard.training.transformer import transformer

START = torch.tensor([0])


class Bigram(nn.Module):
    """Logits of the next token by the last one."""

    def __init__(self, vocabulary: int = 3, scale: float = 1.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.table = nn.Parameter(scale * torch.randn(vocabulary, vocabulary, generator=generator))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.table[tokens]


class Gives(nn.Module):
    """Whatever a function makes of tokens."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.function = function

    def forward(self, tokens: Tensor) -> Any:
        return self.function(tokens)


def small(**changes: Any) -> nn.Module:
    torch.manual_seed(0)
    model = transformer(**{"vocabulary": 5, "context": 12, "width": 16, "blocks": 2, "heads": 2, **changes})
    # A fresh one is nearly uniform: its embedding is spread so that tokens differ.
    with torch.no_grad():
        model.embedding.weight.mul_(20)
    return model


def hugging_face() -> nn.Module:
    transformers = pytest.importorskip("transformers", reason="pip install 'szilard[llm]'")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=7, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=16, bos_token_id=1, eos_token_id=2, initializer_range=0.5,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config)


def phi(ppm: Autoregressive, x: Tensor) -> Tensor:
    """φ of whole sequences, as the docstring has it."""
    with undisturbed(ppm.module, ppm.device):
        logits = ppm.token_logits(x).double()
    each = -logits.log_softmax(-1).gather(-1, x[..., None])[..., 0]
    return torch.where(ppm.alive(x), each, 0.0).sum(1)


def every_sequence(vocabulary: int, length: int) -> Tensor:
    return torch.tensor(list(itertools.product(range(vocabulary), repeat=length)))


def frequencies_in_errors(ppm: Autoregressive, outcomes: Tensor, count: int = 20_000) -> Tensor:
    """By how many errors the frequency of each outcome is off ``e^{−φ}``."""
    with undisturbed(ppm.module, ppm.device):
        x = ppm.sample(count, torch.Generator().manual_seed(1))
    p = torch.exp(-phi(ppm, outcomes))
    found = torch.stack([(x == outcome).all(1).double().mean() for outcome in outcomes])
    return (found - p) / (p * (1 - p) / count).sqrt()


# What is sampled is what is scored


def test_phi_is_normalised_and_samples_follow_it() -> None:
    ppm = Autoregressive(Bigram(), length=3, prompt=START)
    outcomes = every_sequence(3, 3)
    assert torch.exp(-phi(ppm, outcomes)).sum() == pytest.approx(1, abs=1e-6)
    assert frequencies_in_errors(ppm, outcomes).abs().max() < 4


def test_a_sequence_ends_at_its_end_token() -> None:
    ppm = Autoregressive(Bigram(), length=3, prompt=START, end=2)
    outcomes = torch.tensor(
        [[2, 2, 2]] + [[a, 2, 2] for a in (0, 1)] + [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1, 2)]
    )
    assert ppm.alive(torch.tensor([[0, 2, 2], [2, 2, 2], [0, 1, 2]])).sum(1).tolist() == [2, 1, 3]
    assert torch.exp(-phi(ppm, outcomes)).sum() == pytest.approx(1, abs=1e-6)
    assert frequencies_in_errors(ppm, outcomes).abs().max() < 4


def test_several_tokens_may_end_a_sequence() -> None:
    ppm = Autoregressive(Bigram(), length=3, prompt=START, end=[2, 1])
    outcomes = torch.tensor([[1, 2, 2], [2, 2, 2], [0, 1, 2], [0, 2, 2], [0, 0, 0], [0, 0, 1], [0, 0, 2]])
    assert ppm.alive(outcomes).sum(1).tolist() == [1, 1, 2, 2, 3, 3, 3]
    assert torch.exp(-phi(ppm, outcomes)).sum() == pytest.approx(1, abs=1e-6)
    assert frequencies_in_errors(ppm, outcomes).abs().max() < 4
    assert Autoregressive(Bigram(), length=3, prompt=START, end=torch.tensor([2, 1])).ends == (2, 1)
    assert Autoregressive(Bigram(), length=3, prompt=START, end=[]).ends == ()


def test_many_prompts_are_drawn_and_do_not_count() -> None:
    prompts = torch.tensor([[0, 1], [2, 2]])
    ppm = Autoregressive(Bigram(), length=4, prompt=prompts)
    with undisturbed(ppm.module, ppm.device):
        x = ppm.sample(4000, torch.Generator().manual_seed(0))
    assert x.shape == (4000, 4)
    first = (x[:, :2] == prompts[0]).all(1)
    assert torch.equal(~first, (x[:, :2] == prompts[1]).all(1))
    assert abs(first.double().mean() - 0.5) < 3 * 0.5 / math.sqrt(4000)
    assert ppm.alive(x).sum(1).unique().tolist() == [2]
    each = torch.cat([prompts[:1].expand(9, -1), every_sequence(3, 2)], 1)
    assert torch.exp(-phi(ppm, each)).sum() == pytest.approx(1, abs=1e-6)
    assert torch.isfinite(ppm.token_logits(x)).all()


def test_many_prompts_are_watched_and_dilute_nothing(tmp_path: Path) -> None:
    """Work and entropy per token that counts, against sums over all continuations of both prompts."""
    model, prompts = Bigram(), torch.tensor([[0, 1, 0], [2, 2, 2]])
    ppm = Autoregressive(model, length=5, prompt=prompts)
    assert ppm.horizon == 2
    every = [torch.cat([prompt.expand(9, -1), every_sequence(3, 2)], 1) for prompt in prompts]
    given = torch.cat(every)
    ledger = szilard.Ledger(every=1, samples=2000, checkpoint_samples=2000, text=given)
    monitor = szilard.Monitor(ppm, out=tmp_path / "run", quiet=True, measures=[ledger])
    before = torch.stack([phi(ppm, each) for each in every])
    with torch.no_grad():
        model.table.add_(0.5 * torch.randn(3, 3, generator=torch.Generator().manual_seed(5)))
    monitor.step()
    after = torch.stack([phi(ppm, each) for each in every])
    p = torch.exp(-before)
    data = monitor.close().data.isel(step=-1)
    for name, exact in (
        ("work", (p * (after - before)).sum(1).mean() / 2),
        ("entropy_conditional", (torch.exp(-after) * after).sum(1).mean() / 2),
    ):
        error = float(data[f"{name}_error"])
        assert abs(float(data[name]) - float(exact)) < 3 * error < 0.1
    assert float(data.tokens) == 2
    assert float(data.cross_entropy) == pytest.approx(float(after.mean() / 2), rel=1e-6)
    with pytest.raises(SpecError, match="no token counts: give more tokens than their prompts"):
        szilard.Ledger(text=prompts).start(ppm)


@pytest.mark.parametrize("make", [small, hugging_face])
def test_the_cache_gives_the_same_samples_and_logits(make: Callable[[], nn.Module]) -> None:
    model = make()
    prompt = torch.tensor([1, 0, 3])
    cached = Autoregressive(model, length=8, prompt=prompt)
    plain = Autoregressive(model, length=8, prompt=prompt, forward=lambda model, tokens: model(tokens))
    drawn = []
    for ppm in (cached, plain):
        with undisturbed(model, ppm.device):
            drawn.append(ppm.sample(50, torch.Generator().manual_seed(3)))
    assert torch.equal(*drawn)
    with undisturbed(model, cached.device):
        torch.testing.assert_close(cached.token_logits(drawn[0]), plain.token_logits(drawn[0]), rtol=1e-4, atol=1e-5)


def test_hugging_face_says_its_beginning_and_its_context() -> None:
    ppm = Autoregressive(hugging_face(), length=16)
    with undisturbed(ppm.module, ppm.device):
        assert ppm.sample(3, torch.Generator().manual_seed(0)).shape == (3, 16)
    with pytest.raises(ModelError, match=r"a context of 17, and the model's is 16: give length=16"):
        Autoregressive(hugging_face(), length=17)


def test_a_context_of_one_token_will_do() -> None:
    assert Autoregressive(small(context=1), length=1, prompt=START).vocabulary == 5


def test_samples_do_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    ppm = Autoregressive(small(), length=6, prompt=START)
    whole = ppm.sample(40, torch.Generator().manual_seed(0))
    monkeypatch.setattr("szilard.models.autoregressive._SAMPLED_ELEMENTS", 1)
    assert torch.equal(ppm.sample(40, torch.Generator().manual_seed(0)), whole)


def test_text_is_read_where_there_is_a_tokenizer() -> None:
    characters = Characters("\nabcd")
    ppm = Autoregressive(small(), length=4, prompt=START, tokenizer=characters)
    assert ppm.decode(torch.tensor([1, 2, 4])) == "abd"
    assert not hasattr(Autoregressive(small(), length=4, prompt=START), "decode")


def test_it_is_a_model_of_sequences_whose_logits_are_chunked() -> None:
    ppm = Autoregressive(Gives(lambda tokens: torch.zeros(*tokens.shape, 50_000)), length=20, prompt=START)
    assert isinstance(ppm, Sequential)
    assert (ppm.chunk, ppm.vocabulary, ppm.length) == (8, 50_000, 20)
    assert Autoregressive(Bigram(), length=20, prompt=START, chunk=3).chunk == 3


# Bad models


UNTYPED: Any = Autoregressive
NOT_CAUSAL = Gives(
    lambda tokens: (tokens.float().sum(1)[:, None, None] * torch.arange(4)).expand(-1, tokens.shape[1], -1)
)


class Positioned(nn.Module):
    """A plain module with a table of positions, which does not say how long that is."""

    def __init__(self, context: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(3, 3), nn.Embedding(context, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return found


class WrongCache(Bigram):
    def extend(self, tokens: Tensor, cache: Any) -> tuple[Tensor, Any]:
        return self(tokens) + (0.0 if cache is None else torch.arange(3)), tokens


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: UNTYPED("gpt", 4), r"must be a torch.nn.Module, not str"),
        (lambda: Autoregressive(nn.Identity(), 4, prompt=START), r"no parameters"),
        (lambda: Autoregressive(Bigram(), 4), r"needs a first token to go on from: give prompt="),
        (lambda: Autoregressive(Bigram(), 4, prompt=START.float()), r"prompt must be whole numbers"),
        (lambda: Autoregressive(Bigram(), 4, prompt=START[:0]), r"the prompt is empty"),
        (lambda: Autoregressive(Bigram(), 4, prompt=torch.tensor([3])), r"could not be evaluated .* within its vocab"),
        (lambda: Autoregressive(Bigram(), 4, prompt=torch.tensor([-1])), r"the prompt has tokens outside 0 … 2"),
        (lambda: Autoregressive(Bigram(), 0, prompt=START), r"length must be at least 1"),
        (lambda: Autoregressive(Bigram(), 2, prompt=torch.zeros(3, 2, dtype=torch.long)), r"length must be at least 3"),
        (lambda: Autoregressive(small(), 13, prompt=START), r"a context of 13, .* is 12: give length=12"),
        (lambda: Autoregressive(Positioned(8), 9, prompt=START), r"length=9, which needs 9 tokens .* Give a length"),
        (lambda: Autoregressive(Positioned(3), 20, prompt=START), r"length=20, which needs 20 tokens"),
        (
            lambda: Autoregressive(Positioned(8), 10, prompt=torch.zeros(3, 2, dtype=torch.long)),
            r"length=10, which needs 9 tokens",
        ),
        (lambda: Autoregressive(Bigram(1), 4, prompt=START), r"the vocabulary has one token"),
        (lambda: Autoregressive(Bigram(), 4, prompt=START, end=3), r"the end token 3 lies outside 0 … 2"),
        (lambda: Autoregressive(Bigram(), 4, prompt=START, end=[1, 3]), r"the end token 3 lies outside 0 … 2"),
        (lambda: UNTYPED(Bigram(), 4, prompt=START, end="</s>"), r"the end must be a token or several"),
        (lambda: UNTYPED(Bigram(), 4, prompt=START, end=1.0), r"the end must be a token or several"),
        (lambda: UNTYPED(Bigram(), 2.5, prompt=START), r"length must be a whole number, not 2.5"),
        (lambda: UNTYPED(Bigram(), "4", prompt=START), r"length must be a whole number, not '4'"),
        (lambda: Autoregressive(Bigram(), 4, prompt=START, chunk=0), r"chunk must be at least 1"),
        (lambda: Autoregressive(Bigram(scale=math.nan), 4, prompt=START), r"not finite"),
        (lambda: Autoregressive(Gives(lambda t: t), 4, prompt=START), r"a torch.int64 tensor, not floating-point"),
        (lambda: Autoregressive(Gives(lambda t: None), 4, prompt=START), r"NoneType, not floating-point logits"),
        (
            lambda: Autoregressive(Gives(lambda t: torch.zeros(len(t), 3)), 4, prompt=START),
            r"shape \(1, 3\) for tokens",
        ),
        (lambda: Autoregressive(NOT_CAUSAL, 4, prompt=START), r"depend on later tokens"),
        (lambda: Autoregressive(WrongCache(), 4, prompt=START), r"cache gives other logits"),
    ],
)
def test_bad_models_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 8])
def test_a_table_of_positions_may_be_filled_to_the_last(length: int) -> None:
    ppm = Autoregressive(Positioned(length), length, prompt=START)
    x = ppm.sample(2, torch.Generator().manual_seed(0))
    assert ppm.token_logits(x).shape == (2, length, 3)


def test_logits_may_be_an_attribute_and_call_may_differ() -> None:
    bigram = Bigram()
    wrapped = Gives(lambda tokens: SimpleNamespace(logits=bigram(tokens)))
    odd = Autoregressive(
        Gives(lambda tokens: bigram(tokens).movedim(-1, 1)), 4, prompt=START,
        forward=lambda model, tokens: model(tokens).movedim(1, -1),
    )  # fmt: skip
    x = torch.tensor([[0, 1, 2, 0]])
    for ppm in (Autoregressive(wrapped, 4, prompt=START), odd):
        assert torch.equal(ppm.token_logits(x), bigram(torch.tensor([[0, 0, 1, 2]])))
