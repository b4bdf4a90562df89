"""What a forward pass changes beside its output is put back: values, shapes, identities, attributes, memories."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from szilard import Classifier, Ledger, Monitor, Reservoir
from szilard.errors import ModelError
from szilard.models.evaluation import held_at, state_of, undisturbed
from szilard.models.state import keeping
from szilard.models.tangent import logit_tangent, snapshot, update_since

X, Y = torch.linspace(-2, 2, 120).reshape(24, 5), torch.arange(24) % 3
STEPS = 8


class Remembers(nn.Module):
    """A linear layer whose output is made by a function that may keep what it likes on the module."""

    calls = 0

    def __init__(self, forward: Callable[[Any, Tensor], Tensor], **held: Any) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 3)
        for name, each in held.items():
            self.register_buffer(name, each) if type(each) is Tensor else setattr(self, name, each)
        self.compute = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.compute(self, self.linear(x))


class Meter:
    """A plain object with a number and an array."""

    def __init__(self) -> None:
        self.mean, self.history = 0.0, np.zeros(3)


class Slotted:
    """A plain object without a dictionary."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


def running_mean(m: Any, z: Tensor) -> Tensor:
    centred = z - m.mean
    m.mean.lerp_(z.detach().mean(0), 0.1)
    return centred


def unmarked(m: Any, z: Tensor) -> Tensor:
    centred = z - m.mean
    m.mean.data.lerp_(z.detach().mean(0), 0.1)
    return centred


def replaced(m: Any, z: Tensor) -> Tensor:
    centred, m.mean = z - m.mean, m.mean * 0.9 + 0.1 * z.detach().mean(0)
    return centred


def resized(m: Any, z: Tensor) -> Tensor:
    centred = z - 0.1 * m.mean[-1]
    m.mean.resize_(len(z)).copy_(z.detach()[:, 0])
    return centred


def hidden(m: Any, z: Tensor) -> Tensor:
    before = 0 if m.state is None else m.state
    m.state = 0.5 * before + z.detach().mean(0)
    return z + 0.1 * before


def counted(m: Any, z: Tensor) -> Tensor:
    m.step += 1
    return z * (1 + 0.01 * m.step)


def listed(m: Any, z: Tensor) -> Tensor:
    moved = z + 0.1 * sum(m.seen) + m.last[0]
    m.seen.append(z.detach().mean(0))
    m.last[0].add_(z.detach().mean())
    return moved


def tabled(m: Any, z: Tensor) -> Tensor:
    m.table["n"] = m.table.get("n", 0) + 1
    m.names.add(len(m.names))
    m.recent.append(m.table["n"])
    return z + 0.01 * sum(m.recent) + 0.01 * len(m.names)


def in_objects(m: Any, z: Tensor) -> Tensor:
    moved = z + m.meter.mean + 0.01 * m.meter.history[0] + 0.01 * m.slotted.count
    m.meter.mean = 0.9 * m.meter.mean + float(z.detach().mean())
    m.meter.history[0] += 1
    m.slotted.count += 1
    return moved


def drawn(m: Any, z: Tensor) -> Tensor:
    noise = torch.rand((), generator=m.torch_numbers) + float(m.numpy_numbers.random())
    return z * (1 + 0.1 * noise)


def of_the_class(m: Any, z: Tensor) -> Tensor:
    Remembers.calls += 1
    return z * (1 + 0.01 * Remembers.calls)


def renormalised(m: Any, z: Tensor) -> Tensor:
    with torch.no_grad():
        m.linear.weight.data.div_(m.linear.weight.data.norm())
    return z


def halved(m: Any, z: Tensor) -> Tensor:
    """As the RWKV of transformers: weights are rescaled at the first pass in evaluation, and back in training."""
    if m.rescaled == m.training:
        with torch.no_grad():
            m.linear.weight.mul_(2.0 if m.training else 0.5)
        m.rescaled = not m.training
    return z


def new_parameter(m: Any, z: Tensor) -> Tensor:
    centred, m.ema = z - m.ema, nn.Parameter(m.ema * 0.9 + 0.1 * z.detach().mean(0), requires_grad=False)
    return centred


def normalised(m: Any, z: Tensor) -> Tensor:
    F.batch_norm(z, m.mean, m.spread, training=True)
    return F.batch_norm(z, torch.zeros(3), torch.ones(3))


def shared() -> nn.Module:
    layer = nn.Linear(5, 5)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(5, 3))


class Twice(nn.Module):
    """A layer under two attributes, a parameter under two names, one in lists of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(5, 5)
        self.b = self.a
        self.c = nn.Linear(5, 5)
        self.c.weight = self.a.weight
        self.several = nn.ParameterList([nn.Parameter(0.3 * torch.randn(5, 5)), self.a.weight])
        self.by_name = nn.ParameterDict({"one": self.several[0], "two": self.several[0]})
        self.plain = [self.a.weight]
        self.out = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.c(torch.tanh(self.b(x)))) @ self.several[0] @ self.by_name["two"]
        return self.out(x @ self.plain[0])


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 4, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x.unsqueeze(-1))[0][:, -1])


def embedding() -> nn.Module:
    return nn.Sequential(nn.Embedding(6, 4, max_norm=0.5), nn.Flatten(), nn.Linear(20, 3))


def old_norms() -> nn.Module:
    return nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 5)), nn.utils.spectral_norm(nn.Linear(5, 3)))


def new_norms() -> nn.Module:
    return nn.Sequential(parametrizations.weight_norm(nn.Linear(5, 5)), parametrizations.weight_norm(nn.Linear(5, 3)))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "layer under two names": shared,
    "tied, aliased, listed": Twice,
    "recurrent": Recurrent,
    "max_norm": embedding,
    "parametrised": new_norms,
    "running mean": lambda: Remembers(running_mean, mean=torch.zeros(3)),
    "running mean, unmarked": lambda: Remembers(unmarked, mean=torch.zeros(3)),
    "running mean, replaced": lambda: Remembers(replaced, mean=torch.zeros(3)),
    "buffer of another size": lambda: Remembers(resized, mean=torch.zeros(3)),
    "batch-norm that writes": lambda: Remembers(normalised, mean=torch.zeros(3), spread=torch.ones(3)),
    "hidden state": lambda: Remembers(hidden, state=None),
    "counter": lambda: Remembers(counted, step=0),
    "list of tensors": lambda: Remembers(listed, seen=[], last=[torch.zeros(())]),
    "containers": lambda: Remembers(tabled, table={}, names=set(), recent=deque([0], 2)),
    "plain objects": lambda: Remembers(in_objects, meter=Meter(), slotted=Slotted()),
    "own generators": lambda: Remembers(
        drawn, torch_numbers=torch.Generator().manual_seed(1), numpy_numbers=np.random.default_rng(1)
    ),
    "attribute of the class": lambda: Remembers(of_the_class),
    "weight renormalised": lambda: Remembers(renormalised),
    "weight halved in evaluation": lambda: Remembers(halved, rescaled=False),
    "parameter replaced": lambda: Remembers(new_parameter, ema=nn.Parameter(torch.zeros(3), requires_grad=False)),
}


def measures(name: str, loss: Any) -> list[Any]:
    if name == "reservoir":
        return [Ledger(every=3), Reservoir(loss, (X, Y), every=4, lags=(1,), batch_size=8, per_example=0)]
    return [Ledger(every=2, fisher=name == "Fisher form")]


def train(build: Callable[[], nn.Module], loss_fn: Any, out: Any, measure: str = "ledger") -> dict[str, Any]:
    """What a run leaves behind; watched if there is a place for the record."""
    torch.manual_seed(0)
    Remembers.calls = 0
    model = build()
    data = (1.2 * X + 3).long() if isinstance(model[0] if isinstance(model, nn.Sequential) else 0,
                                                          nn.Embedding) else X  # fmt: skip
    identities = [(name, id(each)) for name, each in model.named_parameters(remove_duplicate=False)]
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    monitor = None
    if out is not None:
        chosen = measures(measure, loss_fn)
        if measure == "reservoir":
            object.__setattr__(chosen[1], "train_data", (data, Y))
        monitor = Monitor(Classifier(model, data[:7]), optimizer, out, measures=chosen, quiet=True)
        now = [(name, id(each)) for name, each in model.named_parameters(remove_duplicate=False)]
        assert now == identities
    losses = []
    for step in range(STEPS):
        rows = slice(step, step + 8)
        loss = loss_fn(model(data[rows]), Y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if monitor is not None:
            monitor.step(loss)
    if monitor is not None:
        monitor.close()
    return {
        "losses": losses,
        "state": tables(model),
        "calls": Remembers.calls,
        "random": torch.get_rng_state().tolist(),
    }


def tables(held: Any) -> Any:
    """All that a module or another object holds, as it can be compared."""
    if isinstance(held, Tensor | np.ndarray):
        return [type(held).__name__, tuple(held.shape), held.tolist()]
    if isinstance(held, torch.Generator):
        return held.get_state().tolist()
    if isinstance(held, np.random.Generator):
        return held.bit_generator.state
    if isinstance(held, Slotted):
        return held.count
    if isinstance(held, nn.Module | Meter):
        return [type(held).__name__, tables(dict(vars(held)))]
    if isinstance(held, dict):
        return {
            str(key): tables(each) for key, each in held.items() if not callable(each) or isinstance(each, nn.Module)
        }
    if isinstance(held, list | tuple | set | deque):
        return [tables(each) for each in held]
    return held if isinstance(held, bool | int | float | str | None) else type(held).__name__


@cache
def plain(name: str) -> dict[str, Any]:
    return train(MODELS[name], F.cross_entropy, None)


@pytest.mark.parametrize("measure", ["ledger", "Fisher form", "reservoir"])
@pytest.mark.parametrize("name", MODELS)
def test_watching_leaves_it_as_it_was(tmp_path, name, measure):
    assert train(MODELS[name], F.cross_entropy, tmp_path / "run", measure) == plain(name)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_norms_of_older_kinds(tmp_path):
    plain = train(old_norms, F.cross_entropy, None)
    for measure in ("ledger", "reservoir"):
        assert train(old_norms, F.cross_entropy, tmp_path / measure, measure) == plain


class CentredLoss(nn.Module):
    """A loss with a moving average."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(3))

    def forward(self, output: Tensor, labels: Tensor) -> Tensor:
        loss = F.cross_entropy(output - self.centre, labels)
        self.centre = 0.9 * self.centre + 0.1 * output.detach().mean(0)
        return loss


class Weighted:
    """A loss whose weight grows with its calls."""

    def __init__(self) -> None:
        self.calls, self.history = 0, [0.0]

    def __call__(self, output: Tensor, labels: Tensor) -> Tensor:
        self.calls += 1
        loss = F.cross_entropy(output, labels) * (1 + 0.01 * self.calls) + 0.1 * self.history[-1]
        self.history.append(loss.item())
        return loss

    def method(self, output: Tensor, labels: Tensor) -> Tensor:
        return self(output, labels)


def closure() -> Any:
    calls, centre = 0, torch.zeros(3)

    def loss(output: Tensor, labels: Tensor) -> Tensor:
        nonlocal calls, centre
        calls += 1
        centre = 0.9 * centre + 0.1 * output.detach().mean(0)
        return F.cross_entropy(output - centre, labels) * (1 + 0.01 * calls)

    return loss


def default_argument() -> Any:
    def loss(output: Tensor, labels: Tensor, memory: list[float] = [0.0]) -> Tensor:  # noqa: B006 - what is tried
        memory[0] = 0.9 * memory[0] + float(output.detach().mean())
        return F.cross_entropy(output, labels) * (1 + memory[0])

    return loss


def partly() -> Any:
    def loss(memory: dict[str, float], output: Tensor, labels: Tensor) -> Tensor:
        memory["mean"] = 0.9 * memory["mean"] + float(output.detach().mean())
        return F.cross_entropy(output, labels) * (1 + memory["mean"])

    return partial(loss, {"mean": 0.0})


GLOBAL = {"mean": 0.0}
NUMBER = 0.0


def helper(output: Tensor) -> float:
    global NUMBER
    NUMBER = 0.5 * NUMBER + float(output.detach().std())
    return NUMBER


def global_loss(output: Tensor, labels: Tensor) -> Tensor:
    GLOBAL["mean"] = 0.9 * GLOBAL["mean"] + float(output.detach().mean())
    return F.cross_entropy(output, labels) * (1 + GLOBAL["mean"] + helper(output))


def forgetful() -> Any:
    global NUMBER
    GLOBAL["mean"] = NUMBER = 0.0
    return global_loss


LOSSES: dict[str, Callable[[], Any]] = {
    "module": CentredLoss,
    "object": Weighted,
    "method": lambda: Weighted().method,
    "closure": closure,
    "default argument": default_argument,
    "partial": partly,
    "names of its Python module": forgetful,
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_a_memory(tmp_path, name):
    plain = train(partial(nn.Linear, 5, 3), LOSSES[name](), None)
    assert train(partial(nn.Linear, 5, 3), LOSSES[name](), tmp_path / "run", "reservoir") == plain


def test_large_tensors_are_put_back_as_well():
    """Of large tensors copies are made at first only; those that were seen to change are copied for good."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9000, 4, max_norm=0.5), nn.Flatten(), nn.Linear(20, 3))
    before = state_of(model)
    device = torch.device("cpu")
    for start in range(6):
        with undisturbed(model, device):
            model(torch.arange(start, start + 5).unsqueeze(0))
        assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())


def test_a_change_of_which_there_is_no_copy_names_its_parameter():
    model = nn.Sequential(nn.Linear(5, 9000), nn.Linear(9000, 3))
    device = torch.device("cpu")
    for _ in range(keeping._THOROUGH):
        with undisturbed(model, device):
            model(X)
    with pytest.raises(ModelError, match=r"evaluating the model changed '1\.weight'"), undisturbed(model, device):
        model[1].weight.mul_(2)
    assert model.training
    with undisturbed(model, device):
        model[1].weight.mul_(2)  # now there is one


def test_what_an_error_leaves_behind_is_put_back():
    model = Remembers(running_mean, mean=torch.zeros(3))
    model.register_forward_hook(lambda *_: 1 / 0)
    before = tables(model)
    with pytest.raises(ZeroDivisionError), undisturbed(model, torch.device("cpu")):
        model(X)
    assert tables(model) == before


class ActNorm(nn.Module):
    """Takes shift and scale from the first batch, as flows do; what it is marked by differs."""

    def __init__(self, mark: str, *, buffer: bool = True) -> None:
        super().__init__()
        self.shift, self.scale, self.mark = nn.Parameter(torch.zeros(5)), nn.Parameter(torch.ones(5)), mark
        self.register_buffer(mark, torch.tensor(0.0)) if buffer else setattr(self, mark, False)

    def forward(self, x: Tensor) -> Tensor:
        if not getattr(self, self.mark):
            self.shift.data, self.scale.data = -x.mean(0).data, 1 / x.std(0).data
            setattr(self, self.mark, torch.tensor(1.0) if self.mark in self._buffers else True)
        return (x + self.shift) * self.scale


class MadeLater(nn.Module):
    """Has no parameter until it sees data."""

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("shift", None)

    def forward(self, x: Tensor) -> Tensor:
        if self.shift is None:
            self.shift = nn.Parameter(-x.mean(0))
        return x + self.shift


UNINITIALISED = {
    "buffer": lambda: ActNorm("data_dep_init_done"),
    "attribute": lambda: ActNorm("initialized", buffer=False),
    "no parameter yet": MadeLater,
}


@pytest.mark.parametrize("name", UNINITIALISED)
def test_first_values_are_not_taken_from_the_probe(name):
    model = nn.Sequential(UNINITIALISED[name](), nn.Linear(5, 3))
    before = tables(model)
    with pytest.raises(ModelError, match="layer '0' is not initialised yet"):
        Classifier(model, X)
    assert tables(model) == before
    model(X)
    Classifier(model, X)


def test_weights_cached_by_the_loop_are_computed_anew():
    torch.manual_seed(0)
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(5, 3)))
    ppm = Classifier(model, X)
    with parametrize.cached():
        held = model[0].weight
        with torch.no_grad():
            model[0].parametrizations.weight.original1.mul_(2)
        with undisturbed(model, ppm.device):
            inside = ppm.logits(slice(0, 4))
        assert model[0].weight is held
    with undisturbed(model, ppm.device):
        assert torch.equal(inside, ppm.logits(slice(0, 4)))


@pytest.mark.parametrize("name", ["layer under two names", "tied, aliased, listed", "recurrent", "parametrised"])
def test_other_parameters_reach_every_place(name):
    """At a state held elsewhere, and along a tangent, a module is what it would be with these as its own."""
    torch.manual_seed(0)
    model = MODELS[name]()
    ppm = Classifier(model, X)
    first = state_of(model)
    with undisturbed(model, ppm.device):
        at_first = ppm.logits(slice(0, 9))
    before = snapshot(ppm)
    objects = [(key, id(each)) for key, each in model.named_parameters(remove_duplicate=False)]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1e-4 * torch.randn_like(parameter))
    with undisturbed(model, ppm.device):
        now = ppm.logits(slice(0, 9))
        with held_at(model, first):
            assert torch.equal(ppm.logits(slice(0, 9)), at_first)
        assert torch.equal(ppm.logits(slice(0, 9)), now)
        tangent = logit_tangent(ppm, slice(0, 9), update_since(ppm, before))
    torch.testing.assert_close(tangent.double(), (now - at_first).double(), rtol=0.05, atol=1e-5)
    assert [(key, id(each)) for key, each in model.named_parameters(remove_duplicate=False)] == objects


def test_a_state_held_elsewhere_is_not_written_to():
    """A pass that rescales weights in place does so with those of another time, too."""
    torch.manual_seed(0)
    model = Remembers(halved, rescaled=False)
    device = torch.device("cpu")
    with undisturbed(model, device):
        right = model(X)
        state = state_of(model)
        with held_at(model, state):
            assert torch.equal(model(X), right)
        with held_at(model, state):
            assert torch.equal(model(X), right)
        assert torch.equal(model(X), right)
    assert torch.equal(state["linear.weight"], model.linear.weight)
