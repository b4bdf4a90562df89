"""Everything that people hand to ``szilard.watch``: accepted and measured right, or refused in one sentence with a remedy.

What is right is told by the entropy of the model's own outputs, summed in float64 beside the loop, after every step.
"""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import math
import re
from collections import UserDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import szilard
from szilard import Classifier, Ledger, Monitor, Reservoir, SzilardError, watch
from szilard.errors import ModelError, RecordError, SpecError

X = torch.linspace(-1, 1, 32).reshape(8, 4)
Y = torch.arange(8) % 3
TOKENS = torch.arange(40).reshape(8, 5) % 7
MASK = (torch.arange(5) < torch.arange(8).unsqueeze(1) % 5 + 1).long()


class Gives(nn.Module):
    """A network whose output is made of its true logits."""

    def __init__(self, make: Callable[[Tensor], Any] = lambda z: z, outputs: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(4, 5), nn.Linear(5, outputs)
        self.make = make

    def true_logits(self, x: Tensor) -> Tensor:
        return self.last(self.first(x).tanh())  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Any:
        return self.make(self.true_logits(x))


class Tagger(nn.Module):
    """Labels for each token of padded sequences."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table, self.head = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Any:
        states = self.table(input_ids)
        if attention_mask is not None:
            states = states * attention_mask.unsqueeze(-1)
        return Output(self.head(states.cumsum(1)))


@dataclass
class Output:
    """As libraries return it."""

    logits: Tensor


class Encoding(UserDict):  # type: ignore[type-arg]
    """As tokenizers return it."""


def sgd(model: nn.Module, **settings: Any) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.5} | settings)


def entropy(logits: Tensor) -> float:
    """Mean over inputs of the entropies of their labels, summed over heads."""
    p = logits.detach().double().softmax(-1)
    return float(torch.special.entr(p).sum(-1).reshape(len(p), -1).sum(1).mean())


# Accepted


@dataclass
class Wiring:
    """What is handed over, and the logits that it amounts to."""

    model: Any
    optimizer: Any
    probe: Any = None
    settings: dict[str, Any] = field(default_factory=dict)
    logits: Callable[[Any], Tensor] = lambda model: getattr(model, "module", model).true_logits(X)
    stepped: Any = None
    after: Callable[[], Any] = lambda: None

    def steps(self) -> list[Any]:
        """The optimisers that the loop steps."""
        given = self.optimizer if self.stepped is None else self.stepped
        given = list(given.values()) if isinstance(given, dict) else given
        return list(given) if isinstance(given, list | tuple) else [given]


def wired(make: Callable[[Tensor], Any] = lambda z: z, outputs: int = 3, probe: Any = X, **settings: Any) -> Wiring:
    """A plain network by SGD, with this or that about it."""
    model = Gives(make, outputs)
    return Wiring(model, sgd(model), probe, settings)


def with_optimizers(choose: Callable[[Gives], Any], **settings: Any) -> Wiring:
    model = Gives()
    return Wiring(model, choose(model), X, settings)


def numpy_probe() -> Wiring:
    return wired(probe=X.numpy().astype(np.float64), labels=Y.numpy())


def tagged(probe: Any) -> Wiring:
    model = Tagger()
    return Wiring(model, sgd(model), probe, {}, lambda model: model(TOKENS, MASK).logits)


def averaged() -> Wiring:
    model = Gives()
    copy = torch.optim.swa_utils.AveragedModel(model)
    optimizer = sgd(model)
    return Wiring(copy, optimizer, X, {"copy_of": model}, after=lambda: copy.update_parameters(model))


def refilled() -> Wiring:
    buffer = X.clone()
    wiring = wired(probe=buffer)
    wiring.after = lambda: buffer.fill_(7.0)
    return wiring


def one_logit(**settings: Any) -> Wiring:
    wiring = wired(outputs=1, loss_fn=F.binary_cross_entropy_with_logits, **settings)
    wiring.logits = lambda model: F.pad(model(X), (1, 0))
    return wiring


def yes_or_no() -> Wiring:
    wiring = wired(outputs=5, loss_fn=nn.BCEWithLogitsLoss(), labels=(X[:, :1] > torch.linspace(-1, 1, 5)).float())
    wiring.logits = lambda model: F.pad(model(X).unsqueeze(-1), (1, 0))
    return wiring


def wrapped() -> Wiring:
    model = Gives()
    return Wiring(Classifier(model, X, Y), sgd(model), None, {}, lambda ppm: ppm.module(X))


def compiled() -> Wiring:
    model = Gives()
    return Wiring(torch.compile(model, backend="eager"), sgd(model), X, {}, lambda _: model(X))


def a_name_of_its_own() -> Wiring:
    """A model that counts steps itself is no optimiser."""
    wiring = wired()
    wiring.model.step = 0  # type: ignore[assignment]
    return wiring


def told() -> Wiring:
    wiring = wired()
    wiring.stepped, wiring.optimizer = wiring.optimizer, None
    return wiring


def halves(model: Gives) -> list[torch.optim.Optimizer]:
    return [
        torch.optim.Muon([model.first.weight], lr=0.1),
        torch.optim.AdamW([model.first.bias, *model.last.parameters()], lr=0.1),
    ]


ACCEPTED: dict[str, Callable[[], Wiring]] = {
    "as it is": wired,
    "labels": lambda: wired(labels=Y),
    "two optimisers in a list": lambda: with_optimizers(halves),
    "two optimisers in a dict": lambda: with_optimizers(lambda model: dict(zip("ab", halves(model), strict=True))),
    "one optimiser a parameter": lambda: with_optimizers(lambda model: [torch.optim.Adam([p], lr=0.1) for p in model.parameters()]),
    "one optimiser twice": lambda: with_optimizers(lambda model: [sgd(model)] * 2),
    "no optimiser": told,
    "a fused optimiser": lambda: with_optimizers(lambda model: torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)),
    "an optimiser of the last layer alone": lambda: with_optimizers(lambda model: sgd(model.last)),
    "groups": lambda: with_optimizers(lambda model: torch.optim.Adam([{"params": [p]} for p in model.parameters()], lr=0.1)),
    "a tensor as rate": lambda: with_optimizers(lambda model: torch.optim.Adam(model.parameters(), lr=torch.tensor(0.1))),
    "an average of the model": averaged,
    "log-softmax": lambda: wired(lambda z: z.log_softmax(-1)),
    "an object with logits": lambda: wired(lambda z: Output(z)),
    "a dict with logits": lambda: wired(lambda z: {"loss": z.sum(), "logits": z}),
    "a tuple, picked": lambda: wired(lambda z: (z, None), forward=lambda model, x: model(x)[0]),
    "one logit": one_logit,
    "one logit, labels as floats": lambda: one_logit(labels=(X[:, 0] > 0).float()),
    "several yes or no": yes_or_no,
    "a class that is masked": lambda: wired(lambda z: F.pad(z, (0, 1), value=-math.inf), labels=Y),
    "nll_loss": lambda: wired(lambda z: z.log_softmax(-1), loss_fn=F.nll_loss, labels=Y),
    "NumPy arrays": numpy_probe,
    "a batch of a tokenizer": lambda: tagged(Encoding(input_ids=TOKENS, attention_mask=MASK)),
    "a dict without a mask": lambda: tagged({"input_ids": TOKENS, "attention_mask": MASK, "token_type_ids": None}),
    "a buffer that is refilled": refilled,
    "a wrapped model": wrapped,
    "a compiled model": compiled,
    "a model with a step": a_name_of_its_own,
    "noise too": lambda: wired(loss_fn=F.cross_entropy, train_data=(X, Y), batch_size=4),
    "measures of one's own": lambda: wired(measures=[Ledger(every=1, path_intervals=(1, 2))]),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_and_right(tmp_path: Path, name: str) -> None:
    wiring = ACCEPTED[name]()
    trained = wiring.settings.get("copy_of", getattr(wiring.model, "module", wiring.model))
    settings = {"out": tmp_path / "run", "every": 1, "quiet": True} | wiring.settings
    monitor = watch(wiring.model, wiring.optimizer, wiring.probe, **settings)
    expected = [entropy(wiring.logits(wiring.model))]
    for _ in range(3):
        trained.zero_grad()
        sum(parameter.square().sum() for parameter in trained.parameters()).backward()  # type: ignore[union-attr]
        for optimizer in dict.fromkeys(wiring.steps()):
            optimizer.step()
        wiring.after()
        if wiring.optimizer is None:
            monitor.step()
        expected.append(entropy(wiring.logits(wiring.model)))
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 1, 2, 3]
    assert run.data["entropy_conditional"].values.tolist() == pytest.approx(expected, rel=1e-5)
    assert abs(expected[-1] - expected[0]) > 1e-3, "the model did not move"


def test_two_monitors_of_one_loop_are_both_right(tmp_path: Path) -> None:
    model = Gives()
    optimizer = sgd(model)
    monitors = [watch(model, optimizer, X, out=tmp_path / name, every=1, quiet=True) for name in "ab"]
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(X), Y).backward()
        optimizer.step()
    first, second = (monitor.close().data for monitor in monitors)
    assert first["step"].values.tolist() == [0, 1, 2, 3]
    assert first["work"].values.tolist() == second["work"].values.tolist()


# Refused

Refused = tuple[Callable[[Path], Any], type[SzilardError], str, str]


def plain(out: Path, *, model: Any = None, optimizer: Any = None, probe: Any = X, **settings: Any) -> Monitor:
    model = Gives() if model is None else model
    return watch(model, optimizer or sgd(model), probe, out=out, **{"every": 1, "quiet": True} | settings)


class Loose:
    """An optimiser of a library that has no hooks."""

    def __init__(self, model: nn.Module) -> None:
        self.param_groups = [{"params": list(model.parameters())}]

    def step(self) -> None: ...


class Lookahead(torch.optim.Optimizer):
    """As it is often written: an Optimizer by name, that never was made one."""

    def __init__(self, base: torch.optim.Optimizer) -> None:
        self.optimizer, self.param_groups = base, base.param_groups
        self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks = {}, {}

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self.optimizer.step(closure)


def shared(wrong: Callable[[Gives], Any], **settings: Any) -> Callable[[Path], Any]:
    """With an optimiser that is made of the model."""

    def make(out: Path) -> Monitor:
        model = Gives()
        return plain(out, model=model, optimizer=wrong(model), **settings)

    return make


def neighbours(z: Tensor) -> Tensor:
    """Batch normalisation without running statistics."""
    return (z - z.mean(0)) / (1 + z.var(0))


REFUSED: dict[str, Refused] = {
    # optimisers
    "another model's optimiser": (lambda out: plain(out, optimizer=sgd(Gives())), SpecError, "SGD holds no parameter of the model", "copy_of=model"),
    "one of two is another's": (shared(lambda model: [sgd(model), sgd(Gives())]), SpecError, "SGD holds no parameter of the model", "leave it out"),
    "a class of optimisers": (lambda out: plain(out, optimizer=torch.optim.SGD), SpecError, "the class SGD, not an optimiser", r"SGD\(model.parameters"),
    "a scheduler": (shared(lambda model: torch.optim.lr_scheduler.StepLR(sgd(model), 3)), SpecError, "StepLR is no optimiser", "give the optimiser whose step"),
    "a scaler": (lambda out: plain(out, optimizer=torch.amp.GradScaler("cpu")), SpecError, "GradScaler is no optimiser", "give the optimiser whose step"),
    "parameters": (shared(lambda model: model.parameters()), SpecError, "not generator", "whose step"),
    "a name": (lambda out: plain(out, optimizer="sgd"), SpecError, "not str", "whose step"),
    "an empty list": (lambda out: watch(Gives(), [], X, out=out), SpecError, "list of optimisers is empty", "leave it out"),
    "None in a list": (shared(lambda model: [sgd(model), None]), SpecError, "not NoneType", "or None"),
    "no hooks": (shared(Loose), SpecError, "Loose does not run torch's hooks", r"call monitor.step\(\) after each"),
    "a wrapper without hooks": (shared(lambda model: Lookahead(sgd(model))), SpecError, "Lookahead does not run torch's hooks", r"call monitor.step\(\)"),
    "a wrapper of another model": (shared(lambda model: Lookahead(sgd(Gives()))), SpecError, "Lookahead holds no parameter of the model", "copy_of"),
    "a copy of what": (shared(sgd, copy_of=True), SpecError, "copy_of is the module that is trained, not bool", "copy_of=model"),
    "a copy of another": (shared(sgd, copy_of=Gives()), SpecError, "holds no parameter of copy_of", "the module that the optimiser trains"),
    "averages that nobody keeps": (shared(sgd, weights="averaged"), SpecError, "only schedule-free optimisers keep them", "copy_of=model"),
    "weights of another name": (shared(sgd, weights="ema"), SpecError, "'training' or 'averaged', not 'ema'", "must be"),
    "no optimiser for a reservoir": (lambda out: watch(Gives(), None, X, out=out, loss_fn=F.cross_entropy, train_data=(X, Y), batch_size=4), SpecError, "depends on the optimiser, and none is given", "optimizer"),
    # order
    "optimiser first": (lambda out: watch(sgd(Gives()), Gives(), X, out=out), SpecError, "model, optimizer and probe in this order", r"szilard.watch\(model, optimizer, probe"),
    "probe second": (lambda out: watch(Gives(), X, sgd(Gives()), out=out), SpecError, "in this order", "szilard.watch"),
    "no probe": (lambda out: watch(Gives(), sgd(Gives()), out=out), SpecError, "the inputs on which .* are missing", r"szilard.watch\(model, optimizer, probe"),
    "a probe twice": (lambda out: watch(Classifier(Gives(), X), None, X, out=out), SpecError, "Classifier has its probe already", "give probe, labels"),
    "no model": (lambda out: watch("gpt2", None, X, out=out), ModelError, "must be a torch.nn.Module, not str", "wrap"),
    # what outputs are
    "softmax": (lambda out: plain(out, model=Gives(lambda z: z.softmax(-1))), ModelError, "looks like probabilities", "what goes into the softmax"),
    "a sigmoid": (lambda out: plain(out, model=Gives(torch.sigmoid, 1), loss_fn=F.binary_cross_entropy), ModelError, "takes probabilities, and logits are needed", "binary_cross_entropy_with_logits"),
    "mean and log-variance": (lambda out: plain(out, model=Gives(outputs=2), loss_fn=F.gaussian_nll_loss), ModelError, "gaussian_nll_loss is a loss of regression", "szilard.Flow"),
    "mean and log-variance as a pair": (lambda out: plain(out, model=Gives(lambda z: (z[:, :1], z[:, 1:]))), ModelError, "output is tuple", "forward="),
    "mean and log-variance with targets": (lambda out: plain(out, model=Gives(outputs=2), labels=X[:, 0]), ModelError, "labels must be integers", "one class index"),
    "squares": (lambda out: plain(out, loss_fn=nn.MSELoss()), ModelError, "MSELoss is a loss of regression", "and no loss_fn"),
    "masked by NaN": (lambda out: plain(out, model=Gives(lambda z: z.masked_fill(torch.arange(3) == 2, math.nan))), ModelError, "not finite", "look for NaN"),
    "neighbours": (lambda out: plain(out, model=Gives(neighbours)), ModelError, "depend on the inputs that are evaluated beside", "track_running_stats=True"),
    # the probe and its labels
    "meta": (lambda out: plain(out, model=Gives().to("meta"), probe=X.to("meta")), ModelError, "on the meta device, which holds no numbers", "load its weights"),
    "a model on meta": (lambda out: plain(out, model=Gives().to("meta")), ModelError, "on the meta device", "load its weights"),
    "labels on meta": (lambda out: plain(out, labels=Y.to("meta")), ModelError, "labels are on the meta device", "give the labels themselves"),
    "a batch without tensors": (lambda out: plain(out, model=Tagger(), probe=Encoding(input_ids=TOKENS.tolist())), ModelError, "must be a tensor", "return_tensors='pt'"),
    "a loader": (lambda out: plain(out, probe=torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X))), ModelError, "must be a tensor", "out of the DataLoader"),
    "inputs and labels": (lambda out: plain(out, probe=(X, Y)), ModelError, "could not be evaluated on the probe", "as the model takes them"),
    "texts": (lambda out: plain(out, probe=["a", "b"]), ModelError, "must be a tensor", "convert them"),
    "a sparse probe": (lambda out: plain(out, probe=X.to_sparse()), ModelError, "ordinary tensors, not sparse_coo", "convert them"),
    "another precision": (lambda out: plain(out, probe=X.double()), ModelError, "could not be evaluated on the probe", "Give inputs as the model takes them"),
    "labels that a loss ignores": (lambda out: plain(out, labels=torch.where(Y == 0, -100, Y)), ModelError, "−100 is none of them", "leave such inputs out"),
    "labels of padding": (lambda out: plain(out, model=Tagger(), probe={"input_ids": TOKENS}, labels=torch.where(MASK == 1, TOKENS % 3, -100)), ModelError, "−100 is none", "give no labels"),
    "labels one-hot": (lambda out: plain(out, labels=F.one_hot(Y, 3)), ModelError, "must be integers of shape", "one class index"),
    "soft labels": (lambda out: plain(out, model=Gives(outputs=1), loss_fn=nn.BCEWithLogitsLoss(), labels=torch.full((8,), 0.5)), ModelError, "must be integers", "one class index"),
    # settings
    "a setting misspelt": (lambda out: plain(out, evry=3), SpecError, "no setting 'evry'", "did you mean 'every'"),
    "no end of steps": (lambda out: plain(out, every=10**30), SpecError, "every must be a positive whole number", "no run has as many"),
    "a budget in per cent": (lambda out: plain(out, every=None, budget="5 %"), SpecError, "between 0 and 1, not '5 %'", r"0\.05 is 5 %"),
    "a seed beyond 64 bits": (lambda out: plain(out, seed=2**70), SpecError, "seed must be a whole number", "leave it out"),
    "no seed": (lambda out: plain(out, seed=None), SpecError, "seed must be a whole number .* not None", "leave it out"),
    "a measure without a list, noise beside it": (lambda out: plain(out, measures=Ledger(every=1), loss_fn=F.cross_entropy, train_data=(X, Y), batch_size=4), SpecError, "measures must be a list, not Ledger", r"\[szilard.Ledger"),
    "a measure without a list": (lambda out: plain(out, measures=Ledger(every=1)), SpecError, "measures must be a list, not Ledger", r"\[szilard.Ledger"),
    "a measure by name": (lambda out: plain(out, measures=["ledger"]), SpecError, "str is no measure", r"szilard.Ledger\(\)"),
    "a class of measures": (lambda out: plain(out, measures=[Ledger]), SpecError, "Ledger is no measure", r"szilard.Ledger\(\)"),
    "attributes in a list": (lambda out: plain(out, attributes=["a"]), SpecError, "attributes must be a mapping", "'name'"),
    "overwrite by a word": (lambda out: plain(out, overwrite="no"), SpecError, "overwrite must be True or False", "deletes the record"),
    "no place": (lambda out: plain(None), SpecError, "out must be the path of a directory, not None", "'runs/mine'"),
    "data without a loss": (lambda out: plain(out, train_data=(X, Y)), SpecError, "which needs the loop's loss_fn", "give both"),
    "a batch size of nothing": (lambda out: plain(out, batch_size=4), SpecError, "none are given", "leave it out"),
    "data without a batch size": (lambda out: plain(out, train_data=(X, Y), loss_fn=F.cross_entropy), SpecError, "depends on its size", "give batch_size"),
    "a loss by name": (lambda out: plain(out, loss_fn="cross_entropy"), SpecError, "not 'cross_entropy'", "a function from output and labels"),
    "a class of losses": (lambda out: plain(out, loss_fn=nn.CrossEntropyLoss), SpecError, "not the class CrossEntropyLoss", "a function from output"),
    "a reservoir twice": (lambda out: plain(out, train_data=(X, Y), loss_fn=F.cross_entropy, batch_size=4, measures=[Ledger(), Reservoir(F.cross_entropy, (X, Y), batch_size=4)]), SpecError, "same group", "once"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence_before_anything_is_begun(tmp_path: Path, name: str) -> None:
    make, error, cause, remedy = REFUSED[name]
    with pytest.raises(error) as caught:
        make(tmp_path / "run")
    message = str(caught.value)
    assert re.search(cause, message), message
    assert re.search(remedy, message), message
    assert not (tmp_path / "run").exists(), "a record was begun although nothing can be recorded"


def test_a_refused_monitor_leaves_nothing_on_the_optimiser(tmp_path: Path) -> None:
    model = Gives()
    optimizer = sgd(model)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RecordError, match="is not a directory"):
        watch(model, optimizer, X, out=tmp_path / "taken", every=1)
    with pytest.raises(SpecError):
        watch(model, optimizer, X, out=tmp_path / "run", budget=7)
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_an_optimiser_without_hooks_is_watched_by_the_loops_own_word(tmp_path: Path) -> None:
    model = Gives()
    optimizer = Lookahead(sgd(model))
    with Monitor(Classifier(model, X), optimizer, tmp_path / "run", every=1, quiet=True) as monitor:
        for _ in range(2):
            F.cross_entropy(model(X), Y).backward()
            optimizer.step()
            monitor.step()
    run = szilard.open(tmp_path / "run")
    assert run.data["step"].values.tolist() == [0, 1, 2]
    assert (run.attributes["optimizer"]["class"], run.attributes["optimizer"]["lr"]) == ("Lookahead", 0.5)


class Viewing(nn.Module):
    """As nanoGPT's forward ends: all logits only beside targets, which it views as one row."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table, self.head = nn.Embedding(5, 8), nn.Linear(8, 5)

    def forward(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(self.table(tokens))
        return logits, F.cross_entropy(logits.view(-1, 5), targets.view(-1))


def test_a_language_model_that_views_its_tokens(tmp_path: Path) -> None:
    model = Viewing()
    optimizer = sgd(model)
    ppm = szilard.Autoregressive(
        model, length=4, prompt=torch.tensor([0]), forward=lambda model, tokens: model(tokens, tokens)[0]
    )
    with watch(ppm, optimizer, out=tmp_path / "run", every=1, quiet=True):
        for _ in range(2):
            model(TOKENS[:, :4] % 5, TOKENS[:, 1:] % 5)[1].backward()
            optimizer.step()
    assert szilard.open(tmp_path / "run").data["step"].values.tolist() == [0, 1, 2]
