"""The probe is the monitor's own, is evaluated as it is, and says what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from szilard import Autoregressive, Classifier, Monitor, SzilardWarning
from szilard.errors import ModelError
from szilard.models.causal import Causal
from szilard.monitor.ledger import first_logits

X = torch.linspace(-1, 2, 40).reshape(10, 4)


class Pre(nn.Module):
    """A linear model of what a function makes of its input."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change, self.linear = change, nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.change(x))


IN_PLACE: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "ReLU": (lambda x: x.relu_(), lambda x: x.relu()),
    "normalised": (lambda x: x.sub_(1).div_(2), lambda x: x.sub(1).div(2)),
    "unmarked": (lambda x: x.data.mul_(0.9), lambda x: x.mul(0.9)),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_model_that_works_in_place_sees_the_probe_every_time(tmp_path, name):
    records = []
    for way, change in enumerate(IN_PLACE[name]):
        torch.manual_seed(0)
        model, probe = Pre(change), X.clone()
        monitor = Monitor(Classifier(model, probe, chunk=4), None, tmp_path / str(way), every=1, quiet=True)
        for _ in range(3):
            with torch.no_grad():
                model.linear.weight.mul_(0.9)
            monitor.step()
        records.append(monitor.close().data)
        assert torch.equal(probe, X)
    assert records[0].work.values.tolist() == records[1].work.values.tolist()


def test_a_model_that_begins_to_work_in_place_is_refused(tmp_path):
    places = {"in": lambda x: x + 0}
    monitor = Monitor(Classifier(Pre(lambda x: places["in"](x)), X), None, tmp_path / "run", every=1, quiet=True)
    places["in"] = lambda x: x.mul_(2)
    with pytest.raises(ModelError, match="worked in place on its input, which it had left alone"):
        monitor.step()
    places["in"] = lambda x: x + 0


class Rationed(nn.Module):
    """A model that has no memory for many inputs, or for none from a time on."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.linear, self.most = nn.Linear(4, 3), most

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.linear(x)


def test_too_little_memory_names_the_probe_and_the_remedy(tmp_path):
    with pytest.raises(ModelError, match=r"no memory for a record: the probe's 10 inputs .* smaller chunk="):
        Monitor(Classifier(Rationed(2), X), None, tmp_path / "none", every=1, quiet=True)
    model = Rationed(10)
    monitor = Monitor(Classifier(model, X), None, tmp_path / "run", every=1, quiet=True)
    model.most = 1
    with pytest.raises(ModelError, match="no memory for a record"):
        monitor.step()
    model.most = 10
    monitor.step()
    assert monitor.close().data.step.values.tolist() == [0, 2]


def test_accounts_that_failed_are_made_by_the_next_flush(tmp_path, monkeypatch):
    model = nn.Linear(4, 3)
    monitor = Monitor(Classifier(model, X), None, tmp_path / "run", every=1, quiet=True)
    plain = Monitor(Classifier(model, X), None, tmp_path / "plain", every=1, quiet=True)
    recorder = monitor._session.schedule.recorders[0].recorder
    account = type(recorder)._account

    def without_memory(*arguments: Any) -> Any:
        account(*arguments)
        raise MemoryError

    for step in range(20):
        with torch.no_grad():
            model.weight.mul_(0.99)
        plain.step()
        monkeypatch.setattr(type(recorder), "_account", without_memory if step in (15, 16) else account)
        try:
            monitor.step()
        except ModelError as error:
            assert "no memory" in str(error)
    one, other = monitor.close().data, plain.close().data
    assert one.work.values.tolist() == other.work.values.tolist()
    assert one.step.values.tolist() == other.step.values.tolist()


def test_a_last_chunk_that_is_too_short_is_said():
    class AtLeastTwo(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) < 2:
                raise ValueError("Expected more than 1 value per channel when training")
            return super().forward(x)

    with pytest.raises(ModelError, match=r"on all 10 inputs of the probe: Expected more than 1 .* another chunk="):
        first_logits.first_logits(Classifier(AtLeastTwo(4, 3), X, chunk=3))


def test_a_probe_that_takes_long_is_foretold(monkeypatch):
    times = iter([0.0, 4.0])
    monkeypatch.setattr(first_logits, "device_time", lambda _: next(times))
    with pytest.warns(SzilardWarning, match=r"evaluates 10 inputs in 4 passes, which takes about 16 s"):
        first_logits.first_logits(Classifier(nn.Linear(4, 3), X, chunk=3))


class Speaks(nn.Module):
    """A bigram model; ``last``: with logits of the last position only."""

    def __init__(self, *, last: bool = False) -> None:
        super().__init__()
        self.table, self.last = nn.Embedding(5, 5), last
        nn.init.zeros_(self.table.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.table(tokens[:, -1:] if self.last else tokens)


def test_logits_of_the_last_position_only_are_refused():
    with pytest.raises(ModelError, match=r"logits of 1 of 4 positions, .*model\(tokens, tokens\)"):
        Autoregressive(Speaks(last=True), length=4, prompt=torch.tensor([0]))


class Config:
    pad_token_id, bos_token_id, eos_token_id = 2, 0, [1]


class Told(Speaks):
    """As of Hugging Face, with a call that does not say what it takes."""

    config = Config()

    def generate(self) -> None:
        """There only to be seen."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        return super().forward(kwargs["input_ids"])


class Adapted(Told):
    def get_base_model(self) -> nn.Module:
        class Base(Told):
            def forward(self, input_ids: Tensor, past_key_values: Any = None, logits_to_keep: int = 0) -> Tensor:
                return self.table(input_ids)

        return Base()


def test_what_a_language_model_takes_is_asked_of_the_one_beneath():
    assert not Causal(Told()).cached
    assert Causal(Adapted()).cached
    assert Autoregressive(Told(), length=4).sample(2, torch.Generator()).shape == (2, 4)


def test_prompts_that_are_padded_are_refused():
    with pytest.raises(ModelError, match="filled up with the padding token 2"):
        Autoregressive(Told(), length=6, prompt=torch.tensor([[2, 3], [3, 4]]))


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.table(input_ids)


def test_padded_positions_count_for_nothing_with_one_certain_outcome(tmp_path):
    model, ids = Tagger(), torch.tensor([[1, 2, 0], [3, 0, 0]])
    probe = {"input_ids": ids, "attention_mask": (ids > 0).long()}
    certain = torch.tensor([0.0, -torch.inf, -torch.inf])
    ppm = Classifier(
        model, probe, forward=lambda m, d: torch.where(d["attention_mask"][..., None] > 0, m(**d), certain)
    )
    monitor = Monitor(ppm, None, tmp_path / "run", every=1, quiet=True)
    monitor.step()
    with torch.no_grad():
        log_p = torch.log_softmax(model.table.weight.double(), -1)[[1, 2, 3]]
    entropy = float(-(log_p.exp() * log_p).sum()) / 2
    assert float(monitor.close().data.entropy_conditional[0]) == pytest.approx(entropy, rel=1e-6)
