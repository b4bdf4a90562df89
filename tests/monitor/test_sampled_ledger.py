"""The sampled ledger against systems that know the answers, and what it does with its samples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard import Ledger, Monitor
from szilard.models import Autoregressive
from szilard.models.evaluation import undisturbed
from szilard.monitor import Occasion
from szilard.systems import Categorical, GaussianMean, MarkovText, MixturePath, ProbabilisticPCA, System
from szilard.verify.as_models import AsBounded, AsSequential, AsTractable

pytestmark = pytest.mark.slow

Row = dict[str, Any]

GAUSSIAN = GaussianMean(
    dimension=3, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.01, initial_variance=1.0
)
TABLE = Categorical(target=(0.5, 0.3, 0.15, 0.05), path=MixturePath(remainder=1e-3))


def watch(model: Any, path: Tensor, seed: int = 0, *, every_row: bool = False, **settings: Any) -> list[Row]:
    """The rows of a model led along a path, without a record; ``every_row`` asks for rows after each record."""
    model.move_to(path[0])
    recorder = Ledger(**settings).start(model, seed)
    tables = []
    for step, theta in enumerate(path):
        model.move_to(theta)
        with undisturbed(model.module, model.device):
            recorder.observe(Occasion(step, min(step, 1), opens_intervals=step == 0))
        if every_row:
            tables += recorder.rows()
    tables += recorder.rows() + recorder.finish()
    return [row for table in tables for _, row in table.to_host()]


def z(row: Row, name: str, truth: float, unit: float = 1.0) -> float:
    return (row[name] * unit - truth) / (row[f"{name}_error"] * unit)


def truth_of(system: System, path: Tensor) -> dict[str, float]:
    answers = dict(system.along(path))
    return {
        **answers,
        "heat_stepwise": answers["heat"],
        "entropy_change": answers["ep_conditional"] + answers["heat"],
    }


def token_length(system: MarkovText, path: Tensor) -> float:
    """Prefix by prefix: the mean over positions of the overlap of the next token's two distributions, before arccos."""
    x, _ = system.outcomes(path)
    length = 0.0
    for before, after in itertools.pairwise(path):
        mean = 0.0
        p = torch.exp(-system.phi(x, before))
        old, new = (torch.softmax(system.token_logits(x, theta), -1) for theta in (before, after))
        for row in range(len(x)):
            for place in range(system.length):
                if system.alive(x)[row, place]:
                    overlap = (old[row, place] * new[row, place]).sqrt().sum()
                    mean += float(p[row] * (1 - overlap)) / system.length
        length += 2 * math.acos(1 - mean)
    return length


NAMES = (
    "energy", "entropy_conditional", "work", "heat", "heat_stepwise", "entropy_change", "ep_conditional",
    "work_reverse", "work_direct", "length", "fluctuation",
)  # fmt: skip


@pytest.mark.parametrize(
    ("system", "steps"), [(GAUSSIAN, 30), (TABLE, 12)], ids=["Gaussian mean", "categorical, far apart"]
)
def test_tractable(system, steps):
    path = system.simulate(steps, seed=1)
    row = watch(AsTractable(system, path[0]), path, samples=256, checkpoint_samples=2000)[-1]
    truth = truth_of(system, path)
    found = {name: z(row, name, truth[name]) for name in NAMES}
    assert max(map(abs, found.values())) < 3, found
    for interval, (multiple, error) in enumerate(zip((1, 2, 4), row["work_by_interval_error"], strict=True)):
        expected = system.along(path[: steps // multiple * multiple + 1 : multiple])["work"]
        assert abs(row["work_by_interval"][interval] - expected) < 3 * error
    assert row["steps_by_interval"] == [steps // k * k for k in (1, 2, 4)]
    assert row["refreshes"] >= 1 and 0 < row["effective_sample_size"] <= 1


@pytest.mark.parametrize("ends", [False, True], ids=["whole horizon", "ends by itself"])
def test_sequential(ends):
    """Nat per token of the horizon; the length is that of prefix and next token."""
    system = MarkovText(vocabulary=3, length=4, ends=ends)
    path = system.simulate(20, seed=1)
    row = watch(AsSequential(system, path[0]), path, samples=128)[-1]
    truth = truth_of(system, path) | {"length": token_length(system, path)}
    units = dict.fromkeys(NAMES, system.length) | {"length": 1, "fluctuation": 1}
    found = {name: z(row, name, truth[name], units[name]) for name in NAMES}
    assert max(map(abs, found.values())) < 3, found
    assert row["work_per_sequence"] == pytest.approx(system.length * row["work"])
    assert row["entropy_per_sequence"] == pytest.approx(system.length * row["entropy_conditional"])
    assert row["tokens"] == 4 if not ends else abs(z(row, "tokens", truth["tokens"])) < 3
    coarse = system.along(path[::4])["work"]
    assert (
        abs(row["work_by_interval"][2] * system.length - coarse) < 3 * system.length * row["work_by_interval_error"][2]
    )


def test_a_jump_beyond_its_samples_leaves_no_error_bar():
    """By its weights W_rev and the stepwise heat miss most of what they sum; W, without weights, does not."""
    near, far = torch.zeros(3), torch.full((3,), 4.0)
    path = torch.stack([near, near + 0.1, near + far, near + far + 0.1]).double()
    rows = watch(AsTractable(GAUSSIAN, path[0]), path, samples=256)
    for name in ("work_reverse", "heat_stepwise"):
        assert [math.isnan(row[f"{name}_error"]) for row in rows] == [False, False, True, True]
        assert all(math.isfinite(row[name]) for row in rows)
    assert all(math.isfinite(row[f"{name}_error"]) for row in rows for name in ("work", "heat", "length"))
    assert abs(z(rows[-1], "work", float(GAUSSIAN.along(path)["work"]))) < 3


def test_prefixes_are_worth_more_than_whole_sequences():
    """Exact sums over the vocabulary: W's error is a fraction of what the samples' φ alone would leave."""
    system = MarkovText(vocabulary=3, length=4)
    path = system.simulate(20, seed=1)
    by_tokens = watch(AsSequential(system, path[0]), path, samples=64)[-1]
    whole = watch(AsTractable(system, path[0]), path, samples=64)[-1]
    assert by_tokens["work_error"] * system.length < 0.5 * whole["work_error"]


def test_bounded():
    """Bounds hold, close as draws grow, and x and z together cost what they should."""
    system = ProbabilisticPCA(dimension=3, latent=2, widening=1.5)
    path = system.simulate(15, seed=1)
    truth = truth_of(system, path)
    gaps = {}
    for draws in (1, 8):
        row = watch(AsBounded(system, path[0], draws=draws), path, samples=256)[-1]
        for name in ("entropy_conditional", "work", "heat", "entropy_change", "ep_conditional"):
            assert z(row, name, truth[name]) > -3, name
            assert z(row, f"{name}_lower", truth[name]) < 3, name
            assert row[name] >= row[f"{name}_lower"] - 3 * row[f"{name}_error"]
        assert abs(z(row, "work_joint", truth["work_joint"])) < 3
        assert abs(z(row, "fluctuation", 1.0)) < 3
        gaps[draws] = row
    assert gaps[8]["entropy_conditional"] - gaps[8]["entropy_conditional_lower"] < 0.1
    gap = gaps[8]["entropy_gap"]
    assert gap[0] > gap[1] > gap[2] > gap[3] > 0
    # known in closed form for one draw
    alpha, latent = system.widening, system.latent
    known = latent / 2 * (alpha**2 - 1 - 2 * math.log(alpha)) + latent / 2 * (alpha**-2 - 1 + 2 * math.log(alpha))
    one = watch(AsBounded(system, path[0], draws=1), path[:2], samples=64, checkpoint_samples=4000)[0]
    assert abs(one["entropy_gap"][0] - known) < 3 * one["entropy_gap_error"][0]


def test_a_bound_from_below_is_no_give_away():
    """With a good proposal it comes close to the work itself."""
    system = ProbabilisticPCA(dimension=3, latent=1, widening=1.1)
    path = system.simulate(15, seed=2)
    row = watch(AsBounded(system, path[0], draws=8), path, samples=256)[-1]
    assert row["work_lower"] > 0.9 * row["work"]


def test_a_bound_from_below_that_says_nothing_is_nought():
    """With a proposal five times too wide and one draw: never far below 0, and never above the truth."""
    system = ProbabilisticPCA(dimension=6, latent=3, widening=5.0)
    path = system.simulate(15, seed=2)
    rows = [watch(AsBounded(system, path[0], draws=1), path, seed, samples=32)[-1] for seed in range(6)]
    below = np.array([row["work_lower"] for row in rows])
    assert (below > -0.1 * truth_of(system, path)["work"]).all()
    assert below.mean() < truth_of(system, path)["work"] + 3 * below.std(ddof=1) / math.sqrt(len(rows))


def test_no_bias_and_honest_errors():
    """Over 40 seeds: renewals are decided by samples that measure nothing."""
    path = GAUSSIAN.simulate(16, seed=3)
    truth = truth_of(GAUSSIAN, path)
    rows = [
        watch(AsTractable(GAUSSIAN, path[0]), path, seed, samples=64, checkpoint_samples=64, path_intervals=(1,))[-1]
        for seed in range(40)
    ]
    assert np.mean([row["refreshes"] for row in rows]) > 2
    for name in ("work", "heat", "heat_stepwise", "work_reverse", "length", "entropy_change"):
        values = np.array([row[name] for row in rows])
        errors = np.array([row[f"{name}_error"] for row in rows])
        spread = values.std(ddof=1)
        assert abs(values.mean() - truth[name]) < 3.5 * spread / math.sqrt(len(rows)), name
        assert 0.75 < np.sqrt((errors**2).mean()) / spread < 1.4, name


def test_a_model_that_does_not_move_costs_nothing():
    still = GAUSSIAN.simulate(1, seed=0)[[0] * 5]
    text = MarkovText()
    pca = ProbabilisticPCA()
    for model in (
        AsTractable(GAUSSIAN, still[0]), AsSequential(text, text.start()), AsBounded(pca, pca.start(), draws=4),
    ):  # fmt: skip
        rows = watch(model, model.theta[None].expand(5, -1), samples=16, checkpoint_samples=16)
        assert len(rows) == 5
        for name in ("work", "work_reverse", "heat_stepwise", "length", "work_joint", "work_lower", "work_direct"):
            assert all(row.get(name, 0) == 0 for row in rows), name
        assert all(row["fluctuation"] == 1 and row["refreshes"] == 0 for row in rows)
        assert rows[0]["interval"] == 0 and rows[-1]["effective_sample_size"] == pytest.approx(1)


def test_batches_of_rows_change_nothing():
    path = GAUSSIAN.simulate(12, seed=3)
    settings = {"samples": 32, "checkpoint_samples": 32}
    at_once = watch(AsTractable(GAUSSIAN, path[0]), path, **settings)
    one_by_one = watch(AsTractable(GAUSSIAN, path[0]), path, every_row=True, **settings)
    assert at_once == one_by_one


def test_the_first_law_closes_at_every_record():
    path = GAUSSIAN.simulate(10, seed=3)
    text = MarkovText(ends=True)
    for model, way in (
        (AsTractable(GAUSSIAN, path[0]), path), (AsSequential(text, text.start()), text.simulate(10, seed=1)),
    ):  # fmt: skip
        rows = watch(model, way, samples=32, checkpoint_samples=32)
        for row in rows:
            assert row["work"] + row["heat"] == pytest.approx(row["entropy_change"], abs=1e-12)
        assert rows[0]["entropy_change"] == rows[0]["entropy_change_error"] == rows[0]["heat"] == 0
        assert rows[0]["entropy_conditional_error"] > 0


def test_given_text_is_another_quantity():
    """Teacher forcing, against a naive sum."""
    system = MarkovText(vocabulary=3, length=4)
    path = system.simulate(6, seed=1)
    text = torch.tensor([[0, 1, 2], [2, 2, 1], [1, 0, 0]])
    row = watch(AsSequential(system, path[0]), path, samples=16, text=text)[-1]
    per_text = []
    for line in text:
        work = 0.0
        for i in range(3):
            tables = [theta.reshape(4, 3)[0 if i == 0 else int(line[i - 1]) + 1].tolist() for theta in path]
            p = [[math.exp(v) / sum(math.exp(u) for u in table) for v in table] for table in tables]
            for before, after in itertools.pairwise(p):
                work += sum(a * math.log(a / b) for a, b in zip(before, after, strict=True)) / 3
        per_text.append(work)
    assert row["work_conditional"] == pytest.approx(np.mean(per_text), rel=1e-5)
    assert row["work_conditional_error"] == pytest.approx(np.std(per_text, ddof=1) / math.sqrt(3), rel=1e-5)
    assert row["cross_entropy"] > 0


class Bigram(nn.Module):
    """Logits of the next token by the last one, in any precision."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.theta = nn.Parameter(torch.randn(3, 3, generator=generator, dtype=torch.float64).to(dtype))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.theta[tokens]


def move(ppm: Autoregressive, theta: Tensor) -> None:
    with torch.no_grad():
        ppm.module.theta.copy_(theta)


def led(ppm: Autoregressive, path: Sequence[Tensor], **settings: Any) -> Row:
    """The last row of a language model led along a path."""
    recorder = Ledger(**settings).start(ppm, 0)
    for step, theta in enumerate(path):
        move(ppm, theta)
        with undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, min(step, 1), opens_intervals=step == 0))
    return [row for table in [*recorder.rows(), *recorder.finish()] for _, row in table.to_host()][-1]


def test_what_float64_resolves_is_kept_in_float64():
    """Steps of 1e-9: W and the work on given text by their leading order, far below what float32 could hold."""
    model = Bigram(torch.float64)
    ppm = Autoregressive(model, 6, prompt=torch.tensor([0]))
    start, text = model.theta.detach().clone(), torch.tensor([[0, 1, 2], [2, 2, 1], [1, 0, 0]])
    direction = torch.randn(3, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    row = led(ppm, [start + 1e-9 * step * direction for step in range(11)], samples=32, text=text)
    p = torch.softmax(start, -1)
    spread = (p * direction.square()).sum(-1) - (p * direction).sum(-1).square()
    before = torch.cat([torch.zeros(3, 1, dtype=torch.int64), text[:, :-1]], 1)
    assert row["work_conditional"] == pytest.approx(float(10 * 0.5e-18 * spread[before].mean()), rel=1e-5)
    assert 5e-18 * spread.min() < row["work"] < 5e-18 * spread.max()
    assert row["precision_floor"] < 1e-3 * row["work"]


def test_prompts_dilute_neither_length_nor_floor():
    """Many prompts that are all the same one say what one common prompt says."""
    rows = []
    for prompt, length in (([[0]], 3), ([[2, 1, 0], [2, 1, 0]], 6)):
        model = Bigram(torch.float64)
        ppm = Autoregressive(model, length, prompt=torch.tensor(prompt))
        start = model.theta.detach().clone()
        path = [start + 0.1 * step * torch.eye(3, dtype=torch.float64) for step in range(6)]
        text = torch.cat(
            [torch.tensor(prompt[:1])[:, : length - 3].expand(2, -1), torch.tensor([[0, 1, 2], [1, 1, 0]])], 1
        )
        rows.append(led(ppm, path, samples=2000, text=text))
    common, own = rows
    for name in ("work", "work_reverse", "length", "entropy_conditional", "heat", "work_direct"):
        assert abs(own[name] - common[name]) < 3 * math.hypot(own[f"{name}_error"], common[f"{name}_error"]), name
        assert own[f"{name}_error"] < 0.1 * abs(common[name])
    assert own["precision_floor"] == pytest.approx(common["precision_floor"], rel=0.05)
    for name in ("work_conditional", "cross_entropy"):
        assert own[name] == pytest.approx(common[name], rel=1e-12)


def run_of(model: Any, path: Sequence[Tensor], out: Path, **settings: Any) -> szilard.Run:
    model.move_to(path[0])
    monitor = Monitor(model, None, out, quiet=True, measures=[Ledger(every=1, **settings)])
    for theta in path[1:]:
        model.move_to(theta)
        monitor.step()
    return monitor.close()


def test_a_record(tmp_path):
    """Every capability through the monitor; what a record says of itself."""
    text, pca = MarkovText(), ProbabilisticPCA()
    models: Mapping[str, Any] = {
        "tractable": (AsTractable, GAUSSIAN), "sequential": (AsSequential, text), "bounded": (AsBounded, pca),
    }  # fmt: skip
    for capability, (kind, system) in models.items():
        path = system.simulate(5, seed=1)
        run = run_of(kind(system, path[0]), path, tmp_path / capability, samples=16, checkpoint_samples=32)
        assert run.complete
        assert run.attributes["kind_of_run"] == "sampled"
        assert run.attributes["capability"] == capability
        assert run.attributes["samples"] == 16
        assert run.data["step"].values.tolist() == list(range(6))
        assert np.isfinite(run.data["work"].values).all()
        assert run.data["path_interval"].values.tolist() == [1, 2, 4]
        assert run.estimate("work").kind == ("upper" if capability == "bounded" else "unbiased")


def test_the_last_entropy_rests_on_more_samples(tmp_path):
    """If the model still stands as it was recorded; moved on meanwhile, the row stays as it was."""
    path = GAUSSIAN.simulate(6, seed=1)
    run = run_of(AsTractable(GAUSSIAN, path[0]), path, tmp_path / "whole", samples=32, checkpoint_samples=3200)
    errors = run.data["entropy_conditional_error"].values
    assert errors[-1] < 0.4 * errors[-2]
    model = AsTractable(GAUSSIAN, path[0])
    monitor = Monitor(model, None, tmp_path / "moved", quiet=True, measures=[Ledger(every=1, samples=32)])
    for theta in path[1:]:
        model.move_to(theta)
        monitor.step()
    with torch.no_grad():
        model.module.theta += 1
    data = monitor.close().data
    assert data["step"].values[-1] == 6
    assert data["samples_drawn"].values[-1] == data["samples_drawn"].values[-2] + 96 * (
        data["refreshes"].values[-1] - data["refreshes"].values[-2]
    )


def test_a_model_that_breaks_ends_the_record_and_not_the_run(tmp_path):
    path = GAUSSIAN.simulate(6, seed=1)
    model = AsTractable(GAUSSIAN, path[0])
    monitor = Monitor(model, None, tmp_path / "run", quiet=True, measures=[Ledger(every=1, samples=16)])
    for step in range(1, 7):
        model.move_to(path[step] if step < 4 else path[step] * math.nan)
        monitor.step()
    with pytest.warns(szilard.SzilardWarning, match="the run broke at step 4"):
        run = monitor.close()
    assert run.status == "broken"
    assert run.data["step"].values.tolist() == [0, 1, 2, 3]


def test_an_error_in_the_loop_keeps_the_last_row(tmp_path):
    path = GAUSSIAN.simulate(6, seed=1)
    model = AsTractable(GAUSSIAN, path[0])
    with (
        pytest.raises(KeyError),
        Monitor(model, None, tmp_path / "run", quiet=True, measures=[Ledger(every=1, samples=16)]) as monitor,
    ):
        for theta in path[1:4]:
            model.move_to(theta)
            monitor.step()
        raise KeyError("loop")
    assert szilard.open(tmp_path / "run").data["step"].values.tolist() == [0, 1, 2, 3]


def test_a_model_that_breaks_keeps_the_last_row(tmp_path):
    path = GAUSSIAN.simulate(4, seed=1)
    model = AsTractable(GAUSSIAN, path[0])
    monitor = Monitor(model, None, tmp_path / "run", quiet=True, measures=[Ledger(every=1, samples=16)])
    model.move_to(path[1])
    monitor.step(loss=1.0)
    monitor.step(loss=math.nan)  # the model is finite: a gap in the losses
    with torch.no_grad():
        model.module.theta.fill_(math.nan)
    with pytest.warns(szilard.SzilardWarning, match="not finite"):
        monitor.step(loss=math.nan)
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 1, 2]
    assert (run.status, run.attributes["loss_gaps"]) == ("broken", 2)


def test_unnormalised_phi_is_named(tmp_path):
    """A φ whose normalisation moves along: the fluctuation theorem fails, and the record says so."""

    class Unnormalised(AsTractable):
        def phi(self, x: Tensor) -> Tensor:
            return super().phi(x) + 0.2 * self.module.theta.detach().sum()

    path = torch.linspace(0, 1, 21, dtype=torch.float64)[:, None].expand(-1, 3)
    with pytest.warns(szilard.SzilardWarning, match=r"⟨e\^−d⟩ .* not normalised"):
        run_of(Unnormalised(GAUSSIAN, path[0]), path, tmp_path / "run", samples=64)


class Flow(nn.Module):
    """A Gaussian with dropout in training, drawing from global generators in evaluation too."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 2))

    def forward(self, count: int) -> tuple[Tensor, Tensor]:
        torch.rand(3), np.random.rand()  # noqa: NPY002
        mean, log_sigma = self.net(torch.ones(count, 1)).unbind(-1)
        return mean, log_sigma


class FlowPPM:
    """Tractable."""

    device = torch.device("cpu")

    def __init__(self, module: Flow) -> None:
        self.module = module

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        mean, log_sigma = self.module(count)
        return mean + torch.exp(log_sigma) * torch.randn(count, generator=generator)

    def phi(self, x: Tensor) -> Tensor:
        mean, log_sigma = (part.double() for part in self.module(len(x)))
        return ((x - mean) / torch.exp(log_sigma)).square() / 2 + log_sigma + 0.5 * math.log(2 * math.pi)


def train(out: Path | None) -> dict[str, Any]:
    torch.manual_seed(1)
    np.random.seed(2)  # noqa: NPY002
    module = Flow()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    ledger = Ledger(every=2, samples=16, checkpoint_samples=16)
    monitor = None if out is None else Monitor(FlowPPM(module), optimizer, out, quiet=True, measures=[ledger])
    losses = []
    for _ in range(9):
        x = 2 + torch.randn(8)
        mean, log_sigma = module(8)
        loss = (((x - mean) / torch.exp(log_sigma)).square() / 2 + log_sigma).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if monitor is not None:
            monitor.step(loss)
    if monitor is not None:
        assert monitor.close().data["work"].values[-1] > 0
    return {
        "losses": losses,
        "state": {name: value.tolist() for name, value in module.state_dict().items()},
        "gradients": [p.grad.tolist() for p in module.parameters()],
        "random": torch.rand(2).tolist() + np.random.rand(2).tolist(),  # noqa: NPY002
        "training": [part.training for part in module.modules()],
    }


def test_watching_changes_nothing(tmp_path):
    assert train(None) == train(tmp_path / "run")


def test_rehearsing_leaves_no_trace():
    """Of any capability: the rows that follow are the same to the bit, and it takes time."""
    text, pca = MarkovText(), ProbabilisticPCA()
    for kind, system in ((AsTractable, GAUSSIAN), (AsSequential, text), (AsBounded, pca)):
        path = system.simulate(4, seed=1)
        settings = {"samples": 16, "checkpoint_samples": 16}
        plain = watch(kind(system, path[0]), path, **settings)  # type: ignore[arg-type]
        model = kind(system, path[0])  # type: ignore[arg-type]
        recorder = Ledger(**settings).start(model, 0)  # type: ignore[arg-type]
        ticks = itertools.count()
        for step, theta in enumerate(path):
            model.move_to(theta)
            with undisturbed(model.module, model.device):
                recorder.observe(Occasion(step, min(step, 1), opens_intervals=step == 0))
                assert recorder.rehearse(ticks.__next__) > 0
        rows = [row for table in recorder.rows() + recorder.finish() for _, row in table.to_host()]
        assert rows == plain
