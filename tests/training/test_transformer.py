"""The small transformer: causal, with a cache that changes nothing, and blind to where it stands."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from szilard.errors import SpecError
from szilard.training.transformer import Transformer, transformer


def model(**changes: Any) -> Transformer:
    torch.manual_seed(0)
    return transformer(**{"vocabulary": 6, "context": 10, "width": 16, "blocks": 3, "heads": 2, **changes}).double()


TOKENS = torch.randint(6, (4, 10), generator=torch.Generator().manual_seed(1))


def test_it_is_causal() -> None:
    net, other = model(), TOKENS.clone()
    other[:, 6:] = (other[:, 6:] + 1) % 6
    assert torch.equal(net(TOKENS)[:, :6], net(other)[:, :6])
    assert not torch.allclose(net(TOKENS)[:, 6:], net(other)[:, 6:])


@pytest.mark.parametrize("pieces", [(10,), (1,) * 10, (4, 6), (3, 1, 5, 1)])
def test_a_cache_changes_nothing(pieces: tuple[int, ...]) -> None:
    net, cache, found = model(), None, []
    for piece in TOKENS.split(pieces, 1):
        logits, cache = net.extend(piece, cache)
        found.append(logits)
    torch.testing.assert_close(torch.cat(found, 1), net(TOKENS), rtol=1e-12, atol=1e-12)


def test_order_matters() -> None:
    net = model()
    assert not torch.allclose(net(torch.tensor([[1, 2, 3]]))[:, -1], net(torch.tensor([[2, 1, 3]]))[:, -1])


def test_a_fresh_one_is_nearly_uniform() -> None:
    assert model(width=64)(TOKENS).softmax(-1).sub(1 / 6).abs().max() < 0.15


def test_dropout_is_for_training_only() -> None:
    net = model(dropout=0.5)
    assert not torch.equal(net(TOKENS), net(TOKENS))
    net.eval()
    assert torch.equal(net(TOKENS), net(TOKENS))


def test_more_tokens_than_the_context_are_refused() -> None:
    net = model(context=9)
    with pytest.raises(SpecError, match="10 tokens do not fit into the context of 9"):
        net(TOKENS)


@pytest.mark.parametrize("changes", [{"vocabulary": 1}, {"blocks": 0}, {"width": 10, "heads": 4}, {"context": 0}])
def test_sizes_that_make_no_transformer(changes: dict[str, int]) -> None:
    with pytest.raises(SpecError):
        model(**changes)
