"""Every column of the ledger against a naive transcription of the paper's Eqs. 22-25 and 38-39, for whole runs.

The logits of every record are kept as float64 beside the run; plain Python loops over jumps, inputs, heads and labels
make all numbers again from them. Lengths, fluctuation and intervals follow their definitions; their errors are
derivatives by weights on the inputs, taken numerically, and held against an ordinary jackknife as well.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from szilard.monitor.ledger import exact, recorder
from szilard.records import schema

pytestmark = pytest.mark.slow

# The paper, naively: one input's labels at a time


def kl(p_phi: Sequence[float], q_phi: Sequence[float]) -> float:
    """⟨φ_q − φ_p⟩_p, the work of a jump from p to q (Eq. 38)."""
    return math.fsum(math.exp(-a) * b - math.exp(-a) * a for a, b in zip(p_phi, q_phi, strict=True))


def heat(before: Sequence[float], after: Sequence[float]) -> float:
    """⟨φ_t⟩_{p_t} − ⟨φ_t⟩_{p_{t−1}} (Eqs. 23, 39)."""
    return math.fsum(math.exp(-a) * a - math.exp(-b) * a for b, a in zip(before, after, strict=True))


def energy(phi: Sequence[float]) -> float:
    """⟨φ⟩_p (Eqs. 38-39)."""
    return math.fsum(math.exp(-value) * value for value in phi)


def entropy(phi: Sequence[float]) -> float:
    """⟨−ln p⟩_p (Eq. 25)."""
    return -math.fsum(math.exp(-value) * math.log(math.exp(-value)) for value in phi)


def overlap(before: Sequence[float], after: Sequence[float]) -> float:
    """Σ_y √(p_{t−1} p_t)."""
    return math.fsum(math.sqrt(math.exp(-b) * math.exp(-a)) for b, a in zip(before, after, strict=True))


def fluctuation(before: Sequence[float], after: Sequence[float]) -> float:
    """⟨e^{−d}⟩_{p_{t−1}}."""
    return math.fsum(math.exp(-b) * math.exp(b - a) for b, a in zip(before, after, strict=True))


def normalised(logits: Sequence[float]) -> list[float]:
    """φ = ln Σ e^z − z."""
    greatest = max(logits)
    normaliser = greatest + math.log(math.fsum(math.exp(z - greatest) for z in logits))
    return [normaliser - z for z in logits]


def rounding(logits: Sequence[float]) -> float:
    """½ ε² Σ p (1 − p) z², what rounding of float32 logits seems to cost."""
    p = [math.exp(-value) for value in normalised(logits)]
    return 0.5 * 2.0**-46 * math.fsum(q * (1 - q) * z * z for q, z in zip(p, logits, strict=True))


def angle(mean_overlap: float) -> float:
    """2 arccos of the overlap, by a chord where the arccosine has no digits."""
    gap = 1 - mean_overlap
    return 2 * math.acos(mean_overlap) if gap > 1e-3 else 4 * math.asin(math.sqrt(gap / 2))


def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    weights = [1.0] * len(values) if weights is None else weights
    return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)


def standard_error(values: Sequence[float]) -> float:
    """Of the mean over inputs; a single input has none."""
    if len(values) == 1:
        return 0.0
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1) / len(values))


class Naive:
    """The ledger of a run, made again from φ."""

    def __init__(self, watched: Any) -> None:
        self.logits, self.steps, self.multiples = watched.logits, watched.steps, watched.multiples
        self.phi = [[[normalised(z) for z in heads] for heads in inputs] for inputs in self.logits]
        self.inputs = len(self.phi[0])
        self.heads = len(self.phi[0][0])
        self.known: dict[tuple[int, int], list[float]] = {}

    def over_heads(self, function: Callable[..., float], *records: int) -> list[float]:
        """Sum over heads, for each input."""
        return [
            math.fsum(function(*(self.phi[record][u][head] for record in records)) for head in range(self.heads))
            for u in range(self.inputs)
        ]

    def along(self, function: Callable[..., float], points: Sequence[int]) -> list[float]:
        """Sum over the jumps between these records, for each input."""
        jumps = [self.over_heads(function, a, b) for a, b in itertools.pairwise(points)]
        return [math.fsum(jump[u] for jump in jumps) for u in range(self.inputs)]

    def joint_overlaps(self, a: int, b: int) -> list[float]:
        """Of all heads together, which are independent given the input: a product."""
        if (a, b) not in self.known:
            self.known[a, b] = [
                math.prod(overlap(self.phi[a][u][head], self.phi[b][u][head]) for head in range(self.heads))
                for u in range(self.inputs)
            ]
        return self.known[a, b]

    def length(self, points: Sequence[int], weights: Sequence[float] | None = None) -> float:
        """Σ_t 2 arccos of the mean overlap; from a model to itself 0, where that of a rounded 1 would be 1e-8."""
        jumps = [(a, b) for a, b in itertools.pairwise(points) if a != b]
        return math.fsum(angle(mean(self.joint_overlaps(a, b), weights)) for a, b in jumps)

    def length_rms(self, points: Sequence[int], weights: Sequence[float] | None = None) -> float:
        """Σ_t √ of the mean squared angle."""
        return math.fsum(
            math.sqrt(mean([angle(o) ** 2 for o in self.joint_overlaps(a, b)], weights))
            for a, b in itertools.pairwise(points)
        )

    def length_mean(self, points: Sequence[int]) -> list[float]:
        """Σ_t angle, for each input."""
        jumps = [[angle(o) for o in self.joint_overlaps(a, b)] for a, b in itertools.pairwise(points)]
        return [math.fsum(jump[u] for jump in jumps) for u in range(self.inputs)]

    def points(self, interval: int, record: int, opened: int = 0) -> list[int]:
        """The records at which the interval's jumps begin and end, up to this record; a ragged end is no jump."""
        every = self.steps[opened + 1] - self.steps[opened] if len(self.steps) > opened + 1 else 1
        regular = [r for r in range(opened, record + 1) if r == opened or self.steps[r] - self.steps[r - 1] == every]
        return regular[:: self.multiples[interval]]


def weight_error(length: Callable[[Sequence[float]], float], inputs: int) -> float:
    """Standard error by the derivative with respect to each input's weight (infinitesimal jackknife)."""
    if inputs == 1:
        return 0.0
    slopes = []
    for u in range(inputs):
        up, down = ([1.0 + sign * 1e-4 * (v == u) for v in range(inputs)] for sign in (1, -1))
        slopes.append(inputs * (length(up) - length(down)) / 2e-4)
    return math.sqrt(math.fsum(slope**2 for slope in slopes) / inputs / (inputs - 1))


def jackknife_error(length: Callable[[Sequence[float]], float], inputs: int) -> float:
    """Standard error by leaving out each input in turn."""
    left_out = [length([float(v != u) for v in range(inputs)]) for u in range(inputs)]
    centre = mean(left_out)
    return math.sqrt((inputs - 1) / inputs * math.fsum((value - centre) ** 2 for value in left_out))


def expected(watched: Any, naive: Naive, record: int, opened: int = 0) -> dict[str, Any]:
    """All columns of one row, but the time."""
    previous = max(record - 1, 0)
    path = list(range(record + 1))
    per_input = {
        "energy": naive.over_heads(energy, record),
        "entropy_conditional": naive.over_heads(entropy, record),
        "work": naive.along(kl, path),
        "heat": naive.along(heat, path),
        "work_reverse": naive.along(lambda before, after: kl(after, before), path),
        "length_mean": naive.length_mean(path),
        "work_direct": naive.over_heads(kl, 0, record),
        "fluctuation": [
            math.prod(fluctuation(naive.phi[previous][u][h], naive.phi[record][u][h]) for h in range(naive.heads))
            for u in range(naive.inputs)
        ],
    }
    start = naive.over_heads(entropy, 0)
    per_input["ep_conditional"] = [
        -q + s - s0 for q, s, s0 in zip(per_input["heat"], per_input["entropy_conditional"], start, strict=True)
    ]
    per_input["entropy_change"] = [s - s0 for s, s0 in zip(per_input["entropy_conditional"], start, strict=True)]
    if watched.labels is not None:
        per_input["cross_entropy"] = [
            math.fsum(naive.phi[record][u][head][y] for head, y in enumerate(labels))
            for u, labels in enumerate(watched.labels)
        ]
        per_input["accuracy"] = [
            mean([float(np.argmin(naive.phi[record][u][head]) == y) for head, y in enumerate(labels)])
            for u, labels in enumerate(watched.labels)
        ]
    row: dict[str, Any] = {}
    for name, values in per_input.items():
        # a share has two more inputs, one right and one wrong
        row[name], row[f"{name}_error"] = (
            mean(values),
            standard_error([*values, 0, 1] if name == "accuracy" else values),
        )
    lengths = {
        "length": lambda weights=None: naive.length(path, weights),
        "length_rms": lambda weights=None: naive.length_rms(path, weights),
        "length_direct": lambda weights=None: naive.length([0, record], weights),
    }
    for name, length in lengths.items():
        row[name], row[f"{name}_error"] = length(), weight_error(length, naive.inputs)
    row["precision_floor"] = math.fsum(
        mean([math.fsum(rounding(z) for z in heads) for heads in naive.logits[later]]) for later in path[1:]
    )
    return row | _by_interval(naive, record, opened) | _of_training(watched, record)


def _by_interval(naive: Naive, record: int, opened: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for j in range(len(naive.multiples)):
        points = naive.points(j, record, opened)
        work, heats = naive.along(kl, points), naive.along(heat, points)
        numbers = {
            "work_by_interval": mean(work), "work_by_interval_error": standard_error(work),
            "heat_by_interval": mean(heats), "heat_by_interval_error": standard_error(heats),
            "length_by_interval": naive.length(points),
            "length_by_interval_error": weight_error(
                lambda weights, points=points: naive.length(points, weights), naive.inputs
            ),
            "steps_by_interval": naive.steps[points[-1]] - naive.steps[points[0]] if points else 0,
            "jumps_by_interval": max(len(points) - 1, 0),
        }  # fmt: skip
        for name, value in numbers.items():
            row.setdefault(name, []).append(value)
    return row


def _of_training(watched: Any, record: int) -> dict[str, Any]:
    steps = watched.steps
    row: dict[str, Any] = {
        "interval": steps[record] - steps[record - 1] if record else 0,
        "measuring_interval": steps[1] - steps[0],
        "learning_rate": watched.rates[record] if watched.rates else math.nan,
        "loss": math.nan,
        "loss_error": math.nan,
    }
    losses = watched.losses[steps[record - 1] : steps[record]] if record else []
    if losses:
        row["loss"] = mean(losses)
        row["loss_error"] = standard_error(losses) if len(losses) > 1 else math.nan
    return row


# The comparison


def hold(watched: Any, *, relative: float = 1e-9) -> None:
    """Every column of every row of the ledger."""
    ledger = watched.run.tree["ledger"].to_dataset()
    assert ledger["step"].values.tolist() == watched.steps
    variables = [*schema.LEDGER, *schema.TRAINING, *(schema.LABELLED if watched.labels is not None else ())]
    columns = {name for name, _ in schema.Group("ledger", tuple(variables)).columns()}
    assert columns == {str(name) for name in ledger.data_vars}
    assert (np.diff(ledger["wall_time"].values) > 0).all()
    naive = Naive(watched)
    for record in range(len(watched.steps)):
        row = expected(watched, naive, record)
        assert set(row) == columns - {"wall_time"}
        for name, value in row.items():
            # derivatives by finite differences have fewer digits than sums
            numeric = name.startswith("length") and name.endswith("_error") and not name.startswith("length_mean")
            np.testing.assert_allclose(
                ledger[name].values[record],
                value,
                rtol=2e-6 if numeric else relative,
                atol=0 if name == "precision_floor" else 1e-9 if numeric else 1e-13,
                err_msg=f"{name} at record {record}",
            )


def test_a_short_run_with_heads_and_a_ragged_end(watch):
    hold(watch(steps=31, every=4))


def test_records_at_every_step_in_several_batches(watch):
    hold(watch(steps=40, every=1, inputs=5, outcomes=3))


def test_one_head_without_labels(watch):
    hold(watch(steps=13, every=2, heads=1, labelled=False))


@pytest.mark.parametrize("table", [False, True])
def test_outcomes(watch_table, table):
    hold(watch_table(table=table))


@pytest.mark.parametrize("chunk", [1, 7, 11])
def test_chunks_of_the_probe(watch, chunk, monkeypatch):
    """In float64, where the size of a forward pass does not matter to nine digits; the sums are chunked as well."""
    monkeypatch.setattr(exact, "_ELEMENTS_AT_ONCE", 150 * chunk)
    hold64 = watch(steps=19, every=3, dtype=torch.float64, chunk=chunk)
    ledger = hold64.run.data
    np.testing.assert_allclose(ledger["precision_floor"], 0, atol=1e-28)
    naive = Naive(hold64)
    for record in range(len(hold64.steps)):
        row = expected(hold64, naive, record)
        for name in ("work", "heat", "length", "work_by_interval", "work_error", "cross_entropy"):
            np.testing.assert_allclose(ledger[name].values[record], row[name], rtol=1e-9, atol=1e-14, err_msg=name)


def test_batches_of_records_change_nothing(watch, monkeypatch):
    """One record at a time, 16 at a time, or flushed by the clock at odd moments: equal to the bit."""
    trees = []
    for size in (16, 1, 5):
        monkeypatch.setattr(recorder, "_BATCH_RECORDS", size)
        trees.append(watch(steps=37, every=1).run.tree)
    for other in trees[1:]:
        for group in ("ledger", "samples"):
            ours, theirs = (
                tree[group].to_dataset().drop_vars("wall_time", errors="ignore") for tree in (trees[0], other)
            )
            assert ours.identical(theirs), group


def test_first_law_and_entropy_production(watch):
    ledger = watch(steps=60, every=1).run.data
    work, q, energies = (ledger[name].values for name in ("work", "heat", "energy"))
    change = energies - energies[0]
    np.testing.assert_allclose(work + q, change, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(ledger["ep_conditional"].values, work, rtol=1e-9, atol=1e-14)
    assert work[-1] > 0.01


def test_length_errors_agree_with_leaving_inputs_out(watch):
    """The jackknife differs from the derivative by order 1/inputs."""
    watched = watch(steps=12, every=2, inputs=80, heads=1)
    naive, last, ledger = Naive(watched), len(watched.steps) - 1, watched.run.data
    path = list(range(last + 1))
    jackknife = {
        "length": jackknife_error(lambda weights: naive.length(path, weights), naive.inputs),
        "length_rms": jackknife_error(lambda weights: naive.length_rms(path, weights), naive.inputs),
        "length_direct": jackknife_error(lambda weights: naive.length([0, last], weights), naive.inputs),
    }
    for name, error in jackknife.items():
        assert float(ledger[f"{name}_error"][-1]) == pytest.approx(error, rel=2 / naive.inputs), name
