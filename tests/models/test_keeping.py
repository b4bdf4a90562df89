"""What is found in a model is remembered from one evaluation to the next, and found anew where the loop changed it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from szilard.models.evaluation import undisturbed
from szilard.models.state.keeping import surveyed

CPU = torch.device("cpu")
X = torch.linspace(-1, 1, 20).reshape(4, 5)


class Counts(nn.Module):
    """Its forward pass leaves traces wherever a model can keep something."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 3)
        self.register_buffer("seen", torch.zeros(3))
        self.calls = 0
        self.history: list[Tensor] = []
        self.table: dict[str, float] = {"mean": 0.0}
        self.array = np.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        out = self.linear(x)
        self.seen += out.detach().mean(0)
        self.calls += 1
        self.history.append(out.detach())
        self.table["mean"] += 1.0
        self.array += 1.0
        return out


def traces(model: nn.Module) -> tuple[object, ...]:
    history = [each.tolist() for each in model.history]
    return model.seen.tolist(), model.calls, history, dict(model.table), model.array.tolist(), list(model._modules)


def more_modules(model: nn.Module) -> None:
    model.extra = Counts()


def more_attributes(model: nn.Module) -> None:
    model.note = [torch.ones(1)]


def another_parameter(model: nn.Module) -> None:
    model.linear.weight = nn.Parameter(torch.ones(3, 5))


def other_memory(model: nn.Module) -> None:
    model.linear.weight.data = torch.ones(3, 5)
    model.seen = torch.ones(3)


def a_marked_parameter(model: nn.Module) -> None:
    model.linear.weight.memory = [torch.zeros(2)]


def trained(model: nn.Module) -> None:
    model.train()
    model(X).sum().backward()


def put_in_double(model: nn.Module) -> None:
    model.double()


LOOPS: list[Callable[[nn.Module], None]] = [
    more_modules, more_attributes, another_parameter, other_memory, a_marked_parameter, trained, put_in_double,
]  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS, ids=lambda each: each.__name__)
def test_what_the_loop_changed_is_found(loop):
    model = Counts()
    survey = surveyed(model)  # noqa: F841 - held on to
    for _ in range(6):
        with undisturbed(model, CPU):
            model(X)
    loop(model)
    for _ in range(2):
        before = traces(model)
        kept = {name: (id(each), each.clone()) for name, each in model.state_dict(keep_vars=True).items()}
        with undisturbed(model, CPU):
            x = X.to(next(model.parameters()).dtype)
            for part in model.modules():
                if isinstance(part, Counts):
                    part(x)
            model.note = "changed"
            for each in getattr(model.linear.weight, "memory", []):
                each += 1
        assert traces(model) == before
        assert getattr(model, "note", None) != "changed"
        assert [each.tolist() for each in getattr(model.linear.weight, "memory", [])] in ([], [[0.0, 0.0]])
        now = model.state_dict(keep_vars=True)
        assert {name: id(each) for name, each in now.items()} == {name: number for name, (number, _) in kept.items()}
        assert all(torch.equal(now[name], each) for name, (_, each) in kept.items())


def test_blocks_within_blocks_have_copies_of_their_own():
    model = Counts()
    survey = surveyed(model)  # noqa: F841
    for _ in range(5):
        with undisturbed(model, CPU):
            model(X)
    with undisturbed(model, CPU):
        model(X)
        once = traces(model)
        with undisturbed(model, CPU):
            model(X)
            model(X)
        assert traces(model) == once
    assert model.calls == 0 and not model.seen.any()


def test_remembering_keeps_no_model_alive():
    model = Counts()
    survey = surveyed(model)
    assert surveyed(model) is survey
    for _ in range(5):
        with undisturbed(model, CPU):
            model(X)
    gone = weakref.ref(model)
    del model, survey
    gc.collect()
    assert gone() is None


def test_memory_that_a_large_model_gave_back_is_not_held():
    model = nn.Embedding(400, 300, max_norm=1.0)  # copied however large, for its forward pass rewrites it
    survey = surveyed(model)  # noqa: F841
    for _ in range(5):
        with undisturbed(model, CPU):
            model(torch.arange(400))
    memory = model.weight.untyped_storage()
    model.weight.data = torch.zeros(400, 300)
    assert torch._C._storage_Use_Count(memory._cdata) == 1
