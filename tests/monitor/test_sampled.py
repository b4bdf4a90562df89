"""The second route: labels drawn from p_t and the paper's sums along trajectories (Eqs. 22-23)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from szilard import Classifier, Ledger, Monitor, Outcomes
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.monitor import Occasion, session
from szilard.monitor.ledger import exact, recorder
from szilard.monitor.ledger.sampled import LabelDraw, SampledRoute
from szilard.records import schema

pytestmark = pytest.mark.slow

INPUTS, HEADS, OUTCOMES, SAMPLES, RECORDS = 8, 2, 3, 32, 6
SEEDS = 200

Row = dict[str, Any]


class Logits(nn.Module):
    """A network that is its own logits."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(shape, dtype=torch.float64))

    def forward(self, inputs: Tensor | None = None) -> Tensor:
        return self.weights if inputs is None else self.weights[inputs]


def path(*shape: int, spread: float = 0.7) -> list[Tensor]:
    """Logits of a random walk."""
    generator = torch.Generator().manual_seed(11)
    return list((spread * torch.randn((RECORDS, *shape), generator=generator, dtype=torch.float64)).cumsum(0))


def classifier() -> tuple[Logits, Enumerable, list[Tensor]]:
    model = Logits(INPUTS, HEADS, OUTCOMES)
    return model, Classifier(model, torch.arange(INPUTS)), path(INPUTS, HEADS, OUTCOMES)


def table() -> tuple[Logits, Enumerable, list[Tensor]]:
    model = Logits(5)
    return model, Outcomes(model), path(5)


def sample(
    model: Logits, ppm: Enumerable, logits: list[Tensor], seed: int, samples: int = SAMPLES
) -> list[tuple[str, int, Row]]:
    """The rows of both groups along these models."""
    model.weights.data.copy_(logits[0])
    watch = Ledger(samples=samples).start(ppm, seed)
    for step, values in enumerate(logits):
        model.weights.data.copy_(values)
        with undisturbed(model, ppm.device):
            watch.observe(Occasion(step, min(step, 1), step == 0))
    tables = [*watch.rows(), *watch.finish()]
    return [(rows.group, step, columns) for rows in tables for step, columns in rows.to_host()]


def last(rows: list[tuple[str, int, Row]], group: str) -> Row:
    return next(columns for name, _, columns in reversed(rows) if name == group)


# Against the exact sums


@pytest.mark.parametrize("system", [classifier, table])
def test_unbiased_with_honest_errors(system):
    """Over 200 seeds: means within 4 of their sigmas, mean squares of z (χ²/ν) within 4 of theirs."""
    model, ppm, logits = system()
    z: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        rows = sample(model, ppm, logits, seed, samples=SAMPLES if ppm.inputs > 1 else 256)
        row, truth = last(rows, "samples"), last(rows, "ledger")
        for name in ("work", "heat", "entropy"):
            z.setdefault(name, []).append(row[f"{name}_discrepancy"] / row[f"{name}_discrepancy_error"])
            if ppm.inputs == 1:  # then the error over inputs and labels is that over labels
                exact_name = "entropy_conditional" if name == "entropy" else name
                deviation = row[f"{name}_sampled"] - truth[exact_name]
                z.setdefault(f"{name} sampled", []).append(deviation / row[f"{name}_sampled_error"])
        z.setdefault("fluctuation", []).append((row["fluctuation_sampled"] - 1) / row["fluctuation_sampled_error"])
    for name, values in z.items():
        assert abs(np.mean(values)) * math.sqrt(SEEDS) < 4, name
        assert abs(np.mean(np.square(values)) - 1) < 4 * math.sqrt(2 / SEEDS), name


def test_errors_over_inputs_cover_the_mean_over_all_inputs():
    """With the probe itself drawn anew, the error over inputs and labels is honest for the population."""
    generator = torch.Generator().manual_seed(2)
    population = 0.8 * torch.randn(RECORDS, 200, HEADS, OUTCOMES, generator=generator, dtype=torch.float64).cumsum(0)
    model = Logits(200, HEADS, OUTCOMES)
    truth = last(sample(model, Classifier(model, torch.arange(200)), list(population), 0, samples=1), "ledger")["work"]
    z = []
    for seed in range(SEEDS):
        chosen = torch.randint(200, (40,), generator=generator)
        row = last(sample(model, Classifier(model, chosen), list(population), seed, samples=2), "samples")
        z.append((row["work_sampled"] - truth) / row["work_sampled_error"])
    assert abs(np.mean(z)) * math.sqrt(SEEDS) < 4
    assert abs(np.mean(np.square(z)) - 1) < 4 * math.sqrt(2 / SEEDS)


# A naive transcription, from the same random numbers


def at(phi: np.ndarray, labels: np.ndarray, u: int, k: int, t: int, s: int) -> float:
    """φ_t(x_s) of input u's trajectory k, summed over heads."""
    return math.fsum(phi[t, u, h, labels[s, u, h, k]] for h in range(phi.shape[2]))


def naive(phi: np.ndarray, labels: np.ndarray, since: int) -> tuple[Row, np.ndarray, np.ndarray]:
    """q, σ and their means along trajectories up to the last record; loops over everything."""
    records, inputs, samples = len(phi), phi.shape[1], labels.shape[-1]
    q, sigma, s_end = (np.zeros((inputs, samples)) for _ in range(3))
    excess: list[list[float]] = [[] for _ in range(records)]
    for u, k in np.ndindex(inputs, samples):
        for t in range(1, records):
            q[u, k] += at(phi, labels, u, k, t, t) - at(phi, labels, u, k, t, t - 1)
            d = at(phi, labels, u, k, t, t - 1) - at(phi, labels, u, k, t - 1, t - 1)
            excess[t].append(math.exp(-d))
        s_end[u, k] = at(phi, labels, u, k, records - 1, records - 1)
        sigma[u, k] = -q[u, k] + s_end[u, k] - at(phi, labels, u, k, 0, 0)
    recent = excess[max(since, 1) :]
    variances = [0.0] + [variance(phi[t - 1], phi[t]) / (inputs * samples) for t in range(1, records)]
    row = {
        "work_sampled": sigma.mean(), "heat_sampled": q.mean(), "entropy_sampled": s_end.mean(),
        "fluctuation_sampled": np.mean(recent) if recent else 1.0,
        "fluctuation_sampled_error": math.sqrt(sum(variances[max(since, 1) :])) / max(len(recent), 1),
    }  # fmt: skip
    for name, paths in (("work", sigma), ("heat", q), ("entropy", s_end)):
        row[f"{name}_sampled_error"] = paths.mean(1).std(ddof=1) / math.sqrt(inputs)
    return row, sigma, q


def variance(before: np.ndarray, after: np.ndarray) -> float:
    """Of e^{−d} over labels of the model before, exactly, mean over inputs; heads are independent."""
    second_moment = (np.exp(before - 2 * after)).sum(-1).prod(-1)
    return float((second_moment - 1).mean())


def histogram(values: np.ndarray) -> tuple[list[int], float, float]:
    low, high = values.min(), values.max()
    if low == high:
        return [values.size, *[0] * (schema.HISTOGRAM_BINS - 1)], low, high
    return np.histogram(values, schema.HISTOGRAM_BINS, (low, high))[0].tolist(), low, high


def test_every_column_is_that_of_a_naive_transcription():
    model, ppm, logits = classifier()
    phi = np.stack([-torch.log_softmax(z, -1).numpy() for z in logits])
    generator = torch.Generator().manual_seed(7)
    uniform = torch.stack(
        [torch.rand(INPUTS, HEADS, SAMPLES, dtype=torch.float64, generator=generator) for _ in range(RECORDS)]
    ).numpy()
    cumulative = np.exp(-phi).cumsum(-1)
    labels = (uniform[..., None] >= cumulative[..., None, :-1]).sum(-1)
    rows = sample(model, ppm, logits, seed=7)
    columns = {name for name, _ in schema.Group("samples", schema.SAMPLES).columns()}
    for step in range(RECORDS):
        row = next(numbers for group, at, numbers in rows if (group, at) == ("samples", step))
        exact_row = next(numbers for group, at, numbers in rows if (group, at) == ("ledger", step))
        expected, sigma, q = naive(phi[: step + 1], labels[: step + 1], since=step)
        for name, exact_name in (("work", "work"), ("heat", "heat"), ("entropy", "entropy_conditional")):
            expected[f"{name}_discrepancy"] = expected[f"{name}_sampled"] - exact_row[exact_name]
        for prefix, values in (("ep", sigma), ("heat", q)):
            counts, low, high = histogram(values)
            assert sum(row[f"{prefix}_histogram"]) == INPUTS * SAMPLES
            # an edge between two bins may round either way
            assert sum(abs(np.subtract(row[f"{prefix}_histogram"], counts))) <= 2, step
            expected |= {f"{prefix}_histogram_low": low, f"{prefix}_histogram_high": high}
        assert columns - set(expected) - {f"{name}_discrepancy_error" for name in ("work", "heat", "entropy")} == {
            "ep_histogram", "heat_histogram",
        }  # fmt: skip
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-12), (name, step)


def test_errors_of_the_discrepancy_are_those_over_labels():
    """At fixed inputs, from the spread of the trajectories about each input's own exact sum."""
    model, ppm, logits = classifier()
    spread = [last(sample(model, ppm, logits, seed), "samples") for seed in range(SEEDS)]
    for name in ("work", "heat", "entropy"):
        seen = np.std([row[f"{name}_discrepancy"] for row in spread], ddof=1)
        said = np.sqrt(np.mean([row[f"{name}_discrepancy_error"] ** 2 for row in spread]))
        assert abs(seen / said - 1) < 4 / math.sqrt(2 * SEEDS), name


def test_chunks_keep_trajectories_beside_their_exact_sums(monkeypatch):
    """The error of a discrepancy pairs the two input by input: chunks in another order would show."""
    model, ppm, logits = classifier()
    whole = last(sample(model, ppm, logits, seed=3), "samples")
    monkeypatch.setattr(exact, "_ELEMENTS_AT_ONCE", 1)
    pieces = last(sample(model, ppm, logits, seed=3), "samples")
    for name in ("work_discrepancy_error", "heat_discrepancy_error", "entropy_discrepancy_error"):
        assert pieces[name] == pytest.approx(whole[name], rel=1e-12)


# What it must notice


def stale(self: SampledRoute, chunk: slice, phi: Tensor, p: Tensor, uniform: Any) -> LabelDraw:
    """Labels that are always drawn from the first record's distribution."""
    return DRAW(self, chunk, phi, p[:1].expand_as(p).contiguous(), uniform)


DRAW = SampledRoute.draw


@pytest.mark.parametrize("bug", ["none", "stale samples", "unnormalised φ"])
def test_the_fluctuation_theorem_notices(monkeypatch, bug):
    if bug == "stale samples":
        monkeypatch.setattr(SampledRoute, "draw", stale)
    if bug == "unnormalised φ":
        monkeypatch.setattr(exact, "log_normaliser", lambda logits: torch.ones(logits.shape[:-1], dtype=torch.float64))
    model, ppm, logits = classifier()
    rows = sample(model, ppm, logits, seed=1, samples=500)
    samples = [row for group, step, row in rows if group == "samples" and step > 0]
    z = [(row["fluctuation_sampled"] - 1) / row["fluctuation_sampled_error"] for row in samples]
    if bug == "none":
        assert max(map(abs, z)) < 4
    else:
        assert max(map(abs, z)) > 10


def test_stale_labels_part_the_two_routes(monkeypatch):
    monkeypatch.setattr(SampledRoute, "draw", stale)
    model, ppm, logits = classifier()
    row = last(sample(model, ppm, logits, seed=1, samples=500), "samples")
    assert abs(row["heat_discrepancy"]) > 10 * row["heat_discrepancy_error"]


# Rows, seeds and batches


def watch(out: Any, *, steps: int, seed: int = 0, every: int = 1) -> Any:
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    monitor = Monitor(Classifier(model, torch.randn(20, 4)), None, out, every=every, seed=seed, quiet=True)
    for _ in range(steps):
        with torch.no_grad():
            model.weight += 0.1 * torch.randn(3, 4)
        monitor.step()
    return monitor.close()


def test_rows_at_each_of_the_first_records_then_ever_more_sparsely(tmp_path):
    steps = watch(tmp_path / "run", steps=301, every=3).tree["samples"]["step"].values
    assert steps[:24].tolist() == list(range(0, 72, 3))
    assert (np.diff(steps[23:-1]) <= 0.1 * steps[24:-1] + 6).all()
    assert (np.diff(np.diff(steps[23:-1])) >= -3).all()
    assert steps[-1] == 301
    assert len(steps) < 48


@pytest.mark.parametrize("steps", [1, 19, 23])
def test_short_runs_have_a_row_at_every_record(tmp_path, steps):
    assert watch(tmp_path / "run", steps=steps).tree["samples"]["step"].values.tolist() == list(range(steps + 1))


def test_the_seed_decides_and_batches_do_not(tmp_path, monkeypatch):
    """Same seed, same numbers, to the bit: whatever the batch, and whenever the clock flushes."""
    first = watch(tmp_path / "first", steps=40).tree["samples"]
    again = {"again": {}, "one by one": {"_BATCH_RECORDS": 1}, "by the clock": {"_FLUSH_SECONDS": -1.0}}
    for name, settings in again.items():
        with monkeypatch.context() as patch:
            for setting, value in settings.items():
                patch.setattr(recorder if setting == "_BATCH_RECORDS" else session, setting, value)
            assert watch(tmp_path / name, steps=40).tree["samples"].to_dataset().identical(first.to_dataset()), name
    other = watch(tmp_path / "other", steps=40, seed=1).tree["samples"]
    assert float(other["heat_sampled"][-1]) != float(first["heat_sampled"][-1])


def test_memory_does_not_grow_with_the_records_between_rows(tmp_path):
    """Late in a run thousands of records lie between two rows: only sums are kept of them."""
    model, ppm, logits = classifier()
    watch = Ledger(samples=4).start(ppm, 0)
    sizes = []
    for step in range(200):
        model.weights.data.copy_(logits[step % RECORDS])
        with undisturbed(model, ppm.device):
            watch.observe(Occasion(step, min(step, 1), step == 0))
        watch.rows()
        excess = watch._sampled._excess
        sizes.append(sum(value.numel() for value in (excess.sum, excess.squared_error) if isinstance(value, Tensor)))
    assert max(sizes) == 2


def test_an_outcome_without_probability_is_never_drawn():
    """Not even by the random number 0, at which its share of nothing begins; nor by one that rounding makes 1."""
    _, ppm, _ = table()
    route = SampledRoute(ppm, 2, 0)
    p = torch.tensor([0.0, 0.3, 0.0, 0.7, 0.0], dtype=torch.float64).reshape(1, 1, 1, 5)
    uniform = torch.tensor([0.0, 1.0 - 2.0**-53], dtype=torch.float64).reshape(1, 1, 2)
    drawn = route.draw(slice(0, 1), -torch.log(p.clamp(min=1e-300)), p, [uniform])
    assert drawn.labels.flatten().tolist() == [1, 3]
