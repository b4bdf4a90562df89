"""Tokens are drawn by inversion of the cumulative distribution, exactly."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from szilard.samplers import ancestral
from szilard.samplers.ancestral import draw


def test_every_token_takes_its_share_of_the_unit_interval() -> None:
    logits = torch.randn(1, 11, generator=torch.Generator().manual_seed(0))
    p = logits.double().softmax(-1)[0]
    uniform = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    drawn = draw(logits.expand(100_000, -1), uniform)
    assert (drawn.bincount(minlength=11) / 100_000 - p).abs().max() < 1.1e-5


def test_no_token_of_zero_probability_is_drawn_and_the_last_one_closes_the_interval() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]]).expand(3, -1)
    assert draw(logits, torch.tensor([0.0, 0.5, 1 - 2**-53], dtype=torch.float64)).tolist() == [1, 3, 3]


def test_each_token_is_given_to_the_model_once() -> None:
    """After the prompt, and the last is never read."""
    seen: list[Tensor] = []

    def extend(tokens: Tensor, cache: Any) -> tuple[Tensor, Any]:
        seen.append(tokens)
        assert (cache is None) == (len(seen) == 1)
        return torch.zeros(len(tokens), 4), True

    prompt = torch.tensor([[3, 1], [3, 2]])
    x = ancestral(extend, prompt, torch.rand(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    assert torch.equal(seen[0], prompt)
    assert torch.equal(torch.cat(seen[1:], 1), x[:, :-1])


def test_nothing_is_asked_of_the_model_once_all_have_ended() -> None:
    calls = 0

    def extend(tokens: Tensor, cache: Any) -> tuple[Tensor, Any]:
        nonlocal calls
        calls += 1
        return torch.tensor([[0.0, 100.0]]).expand(len(tokens), -1), True

    uniform = torch.full((3, 100), 0.5, dtype=torch.float64)
    assert ancestral(extend, torch.zeros(3, 1, dtype=torch.int64), uniform, end=1).eq(1).all()
    assert calls == 16
