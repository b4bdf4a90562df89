"""Bad input to the sampled ledger: refused before the record begins, with the cause and the remedy."""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from szilard import Ledger, Monitor
from szilard.errors import ModelError, SpecError, SzilardError


class Module(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(2, dtype=torch.float64))


class Base:
    device = torch.device("cpu")

    def __init__(self, **methods: Callable[..., Any]) -> None:
        self.module = Module()
        for name, method in methods.items():
            setattr(self, name, method)


class Density(Base):
    """Tractable, with whatever is given in place of a method."""

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return torch.randn(count, 2, generator=generator, dtype=torch.float64)

    def phi(self, x: Tensor) -> Tensor:
        return x.square().sum(-1) / 2 + math.log(2 * math.pi)


class Text(Base):
    """Sequential."""

    length = 3
    vocabulary = 4
    chunk = 2

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return torch.randint(4, (count, 3), generator=generator)

    def alive(self, x: Tensor) -> Tensor:
        return torch.ones_like(x, dtype=torch.bool)

    def token_logits(self, x: Tensor) -> Tensor:
        return torch.zeros(*x.shape, 4)


class Latent(Base):
    """Bounded."""

    draws = 3

    def sample_joint(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        z = torch.randn(count, 1, generator=generator, dtype=torch.float64)
        return z + torch.randn(count, 1, generator=generator, dtype=torch.float64), z

    def propose(self, x: Tensor, draws: int, generator: torch.Generator) -> Tensor:
        return torch.randn(len(x), draws, 1, generator=generator, dtype=torch.float64)

    def log_proposal(self, x: Tensor, z: Tensor) -> Tensor:
        return -(z.square() + math.log(2 * math.pi)).sum(-1) / 2

    def log_joint(self, x: Tensor, z: Tensor) -> Tensor:
        return -(z.square() + (x[:, None] - z).square() + 2 * math.log(2 * math.pi)).sum(-1) / 2


def of(ppm: Any, **settings: Any) -> Callable[[Path], Any]:
    return lambda out: Monitor(ppm, out=out, measures=[Ledger(every=1, **settings)], quiet=True)


def floats(count: int, generator: torch.Generator) -> Tensor:
    return torch.zeros(count, 3)


BEFORE: list[tuple[str, Callable[[Path], Any], type[SzilardError], str, str]] = [
    ("samples of a list", of(Density(sample=lambda count, generator: [0.0])), ModelError, r"Density\.sample\(4, generator\) gives list", "return the samples"),
    ("samples of the wrong number", of(Density(sample=lambda count, generator: torch.zeros(3, 2))), ModelError, r"shape \(3, 2\)", "first dimension 4"),
    ("samples of NaN", of(Density(sample=lambda count, generator: torch.full((count, 2), math.nan))), ModelError, "samples that are not finite", "NaN or Inf in the weights"),
    ("phi in float32", of(Density(phi=lambda x: x.sum(-1).float())), ModelError, r"Density\.phi gives a torch\.float32 tensor", "sum the log-probabilities in float64"),
    ("phi of whole numbers", of(Density(phi=lambda x: x.sum(-1).long())), ModelError, "int64 tensor, not float64", "float64"),
    ("phi of the wrong shape", of(Density(phi=lambda x: x)), ModelError, r"shape \(4, 2\), not \(4,\)", "summed over all its dimensions"),
    ("phi of NaN", of(Density(phi=lambda x: x.sum(-1) * math.nan)), ModelError, "not finite at the model's own samples", "NaN or Inf"),
    ("phi by chance", of(Density(phi=lambda x: x.sum(-1) + torch.rand(len(x)).double())), ModelError, "two evaluations of Density at the same samples differ", "random in evaluation mode"),
    ("one sample", of(Density(), samples=1), SpecError, "single sample has no error bar", "samples of at least 2"),
    ("one at the ends", of(Density(), checkpoint_samples=1), SpecError, "no error bar", "checkpoint_samples of at least 2"),
    ("text for no text", of(Density(), text=torch.zeros(2, 3, dtype=torch.int64)), SpecError, "models of sequences", "leave it out"),
    ("Fisher form", of(Density(), fisher=True), SpecError, "needs every outcome", "leave fisher out"),
    ("one token", of(type("Text", (Text,), {"vocabulary": 1})()), ModelError, "vocabulary of 1", "no information"),
    ("tokens of floats", of(Text(sample=floats)), ModelError, r"Text\.sample\(2, generator\) gives torch\.float32", r"whole numbers shaped \(2, 3\)"),
    ("tokens of another length", of(Text(sample=lambda count, generator: torch.zeros(count, 5, dtype=torch.int64))), ModelError, r"shape \(2, 5\)", r"shaped \(2, 3\)"),
    ("tokens out of range", of(Text(sample=lambda count, generator: torch.full((count, 3), 7))), ModelError, "outside of 0 to 3", "look at vocabulary"),
    ("alive of numbers", of(Text(alive=lambda x: x)), ModelError, "must mark positions", "true and false"),
    ("never alive", of(Text(alive=lambda x: x < 0)), ModelError, "must mark positions", "first of each sequence true"),
    ("a prompt that nobody counts off", of(Text(alive=lambda x: torch.arange(3).expand_as(x) > 0)), ModelError, "first of each sequence true", "give an attribute horizon"),
    ("logits of the wrong shape", of(Text(token_logits=lambda x: torch.zeros(2, 4))), ModelError, r"shape \(2, 4\)", r"logits shaped \(2, 3, 4\)"),
    ("logits of NaN", of(Text(token_logits=lambda x: torch.full((*x.shape, 4), math.nan))), ModelError, "not finite", "NaN or Inf"),
    ("logits by chance", of(Text(token_logits=lambda x: torch.rand(*x.shape, 4))), ModelError, "two evaluations of Text", "random in evaluation mode"),
    ("text of floats", of(Text(), text=torch.zeros(2, 3)), SpecError, "whole numbers shaped", "at least 2 sequences"),
    ("text beyond the horizon", of(Text(), text=torch.zeros(2, 9, dtype=torch.int64)), SpecError, "9 tokens, and the model's horizon is 3", "cut it"),
    ("text of another tokenizer", of(Text(), text=torch.full((2, 3), 4)), SpecError, "outside of 0 to 3", "own tokenizer"),
    ("no pair", of(Latent(sample_joint=lambda count, generator: torch.zeros(count, 1))), ModelError, "sample_joint gives Tensor", "samples and latent variables"),
    ("proposals of the wrong shape", of(Latent(propose=lambda x, draws, generator: torch.zeros(len(x), 1).double())), ModelError, r"propose gives \(4, 1\), not \(4, 3, 1\)", "like z"),
    ("joint of the wrong shape", of(Latent(log_joint=lambda x, z: z.sum(-1).sum(-1))), ModelError, r"log_joint gives shape \(4,\), not \(4, 3\)", "one number for each"),
    ("a proposal that lies", of(Latent(propose=lambda x, draws, generator: (x / 2)[:, None].expand(-1, draws, -1))), ModelError, "lower bound lies above", "compare their widths"),
    ("no draws", of(type("Latent", (Latent,), {"draws": 0})()), ModelError, "draws is 0", "1 or more"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "error", "cause", "remedy"), [case[1:] for case in BEFORE], ids=[case[0] for case in BEFORE]
)
def test_before_the_run(tmp_path, make, error, cause, remedy):
    with pytest.raises(error) as caught:
        make(tmp_path / "run")
    message = str(caught.value)
    assert re.search(cause, message), message
    assert re.search(remedy, message), message
    assert not (tmp_path / "run").exists(), "a record was begun although nothing can be recorded"


@pytest.mark.parametrize("kind", [Density, Text, Latent])
def test_sound_ones_are_accepted(tmp_path, kind):
    with of(kind(), samples=16)(tmp_path / "run") as monitor:
        monitor.step()
