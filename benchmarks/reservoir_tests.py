"""Write docs/reservoir-tests.md: size and power of the tests on noise, coverage of their intervals.

    python benchmarks/reservoir_tests.py [--replicates 500] [--out docs/reservoir-tests.md]

Takes about five minutes on one core; seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import signal

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.replicates import mean_of

LEVEL = 0.05
INTRODUCTION = """\
# Do the tests on noise mean it?

Shares of {replicates:,} independent data sets (±{error:.3f}). *Size*: how often a test at 5 % says no where the
hypothesis is true. *Power*: how often where it is false. *Coverage*: how often the nominal 95 % interval holds the
truth. A quarter of the data sets for scalar series, a fifth for regimes. Written by
`python benchmarks/reservoir_tests.py` with fixed seeds.
"""

Generator = np.random.Generator


def share(replicates: int, seed: int, hit: Callable[[Generator], bool]) -> float:
    """How often ``hit`` says yes."""
    generator = np.random.default_rng(seed)
    return float(np.mean([hit(generator) for _ in range(replicates)]))


def ar(generator: Generator, count: int, phi: float, columns: int = 1) -> np.ndarray:
    """A stationary AR(1) of unit variance, ``(count, columns)``."""
    noise = generator.normal(size=(count, columns)) * math.sqrt(1 - phi**2)
    noise[0] /= math.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=0)


def epochs(generator: Generator, count: int, batches: int, columns: int) -> np.ndarray:
    """Noise of unit variance that adds up to zero over each epoch, from a random place in the first on."""
    whole = generator.normal(size=(count // batches + 2, batches, columns))
    whole = (whole - whole.mean(1, keepdims=True)) * math.sqrt(batches / (batches - 1))
    start = generator.integers(batches)
    return whole.reshape(-1, columns)[start : start + count]


def table(title: str, head: str, rows: Iterator[tuple]) -> Iterator[str]:
    """A section of the page."""
    print(title, flush=True)
    yield f"## {title}"
    yield ""
    columns = head.split(" | ")
    yield f"| {head} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row) + " |"
    yield ""


def averages(replicates: int) -> Iterator[tuple]:
    """Coverage of time averages of AR(1) series."""
    for phi in (-0.5, 0.0, 0.5, 0.9, 0.98):
        tau = (1 + phi) / (1 - phi)
        cells = []
        for count in (16, 32, 100, 1000, 10_000):

            def hit(generator: Generator, count: int = count, phi: float = phi) -> bool:
                low, high = reservoir.time_average(ar(generator, count, phi)[:, 0]).value.interval()
                return low <= 0 <= high

            cells.append(share(replicates, 1, hit) if count / tau >= 2 else "–")
        yield f"{phi:g}", f"{tau:.3g}", *cells


def whiteness(replicates: int) -> Iterator[tuple]:
    """Size and power against what paired differences of bursts look like."""
    cases = {
        "white": lambda g, n, d: g.normal(size=(n, d)),
        "white, heavy tails (t₃)": lambda g, n, d: g.standard_t(3, size=(n, d)),
        "white, variance doubles": lambda g, n, d: g.normal(size=(n, d)) * np.geomspace(1, 2**0.5, n)[:, None],
        "AR(1) of 0.05": lambda g, n, d: ar(g, n, 0.05, d),
        "AR(1) of 0.3": lambda g, n, d: ar(g, n, 0.3, d),
        "epochs of 20 batches": lambda g, n, d: epochs(g, n, 20, d),
        "epochs of 100 batches": lambda g, n, d: epochs(g, n, 100, d),
    }
    for name, draw in cases.items():
        cells = []
        for bursts, directions in ((1, 30), (1, 1000), (20, 30), (20, 300)):
            found = np.zeros(2)
            generator = np.random.default_rng(2)
            for _ in range(replicates):
                grams = []
                for _ in range(bursts):
                    d = generator.normal(size=(12, directions)) - draw(generator, 12, directions)
                    grams.append(d @ d.T)
                test = reservoir.whiteness_of_gram(np.array(grams), range(1, 11), flips=199)
                found += [test.p_value <= LEVEL, test.p_sum <= LEVEL]
            cells.append(" / ".join(f"{f / replicates:.3f}" for f in found))
        yield name, *cells


def series(replicates: int) -> Iterator[tuple]:
    """The same for scalar series."""
    for name, phi in (("white", 0.0), ("AR(1) of 0.05", 0.05)):
        cells = []
        for count in (100, 1000, 5000):
            for lags in ((1,), range(1, 11)):

                def hit(generator: Generator, count: int = count, phi: float = phi, lags: object = lags) -> bool:
                    return reservoir.whiteness(ar(generator, count, phi)[:, 0], lags, flips=199).p_value <= LEVEL

                cells.append(share(max(replicates // 4, 20), 3, hit))
        yield name, *cells


def stationarity(replicates: int) -> Iterator[tuple]:
    """Size and power of drift and of the largest contrast, over records of χ²-like noise variances."""
    cases = {
        "constant": lambda n: np.ones(n),
        "doubles": lambda n: np.geomspace(1, 2, n),
        "rises by a tenth": lambda n: np.geomspace(1, 1.1, n),
        "doubles and comes back": lambda n: np.r_[np.geomspace(1, 2, n // 2), np.geomspace(2, 1, n - n // 2)],
    }
    for phi in (0.0, 0.7):
        for name, course in cases.items():
            cells = []
            for count in (16, 40, 200):
                found = np.zeros(3)
                generator = np.random.default_rng(4)
                for _ in range(replicates):
                    # ln c of twelve draws in thirty directions scatters by √(2/360); correlated through θ or not
                    scatter = math.sqrt(2 / 360) * ar(generator, count, phi)[:, 0]
                    test = reservoir.stationarity(course(count) * np.exp(scatter))
                    truth = np.log(course(count)[-1] / course(count)[0])
                    low, high = test.drift.interval()
                    found += [test.p_value <= LEVEL, test.largest.low > 0, low <= truth <= high]
                line = "–" if "comes back" in name else f"{found[2] / replicates:.3f}"
                cells.append(f"{found[0] / replicates:.3f} / {found[1] / replicates:.3f} / {line}")
            yield name + (f", scatter AR(1) of {phi:g}" if phi else ""), *cells


def equilibrium(replicates: int) -> Iterator[tuple]:
    """Size and power of one temperature for several groups."""
    for name, ratio in (("one temperature", 1.0), ("one of them 10 % hotter", 1.1), ("one of them twice as hot", 2.0)):
        cells = []
        for groups in (2, 5, 20):
            for draws in (4, 12, 100):

                def hit(generator: Generator, groups: int = groups, draws: int = draws, ratio: float = ratio) -> bool:
                    truth = np.r_[ratio, np.ones(groups - 1)]
                    samples = truth[:, None] * generator.gamma(30, 1 / 30, size=(groups, draws))
                    return reservoir.mutual_equilibrium([mean_of(s) for s in samples]).p_value <= LEVEL

                cells.append(share(replicates, 5, hit))
        yield name, *cells


def breaks(replicates: int) -> Iterator[tuple]:
    """False alarms and detection of regimes."""
    step = lambda n, size: np.where(np.arange(n) < n // 2, 0.0, size)  # noqa: E731
    cases = {
        "white noise": lambda g, n: g.normal(size=n),
        "white noise, t₃": lambda g, n: g.standard_t(3, size=n),
        "AR(1) of 0.7": lambda g, n: ar(g, n, 0.7)[:, 0],
        "a steady fall by 10 σ": lambda g, n: g.normal(size=n) - np.linspace(0, 10, n),
        "exponential decay by 10 σ, time n/3": lambda g, n: g.normal(size=n) + 10 * np.exp(-3 * np.arange(n) / n),
        "a step of 1 σ": lambda g, n: g.normal(size=n) + step(n, 1),
        "a step of 2 σ": lambda g, n: g.normal(size=n) + step(n, 2),
        "a step of 4 σ": lambda g, n: g.normal(size=n) + step(n, 4),
    }
    for name, draw in cases.items():
        cells = []
        for count in (50, 200, 500):
            generator = np.random.default_rng(6)
            found = [reservoir.regimes(draw(generator, count)) for _ in range(max(replicates // 5, 20))]
            cells.append(
                f"{np.mean([len(f.breaks) > 0 for f in found]):.2f} / {np.mean([len(f.breaks) for f in found]):.2f}"
            )
        yield name, *cells


def estimators(replicates: int) -> Iterator[tuple]:
    """Coverage of intervals of single estimators on Gaussian and Pareto noise with known truth."""
    spectrum = 1 / np.arange(1, 101)

    def halves(g: Generator, draws: int, signal_size: float) -> reservoir.Noise:
        noise = np.sqrt(2 * spectrum) * g.normal(size=(2, draws, 100))
        a, b = signal_size / 10 + noise
        return reservoir.paired_noise(a, b)

    c = spectrum.mean()
    participation = spectrum.sum() ** 2 / np.square(spectrum).sum()

    def holds(estimate: Estimate, truth: float) -> bool:
        low, high = estimate.interval()
        return bool(low <= truth <= high)

    def fieller(g: Generator, draws: int) -> bool:
        low, high = reservoir.noise_scale_interval(halves(g, draws, 3.0), 10)
        return low <= 10 * c / 0.09 <= high

    def ball(g: Generator, draws: int) -> bool:
        x = ar(g, 20 * draws, 0.9, 4)
        return holds(reservoir.configurational_temperature(x, x).value, 1.0)

    def vectors(g: Generator, draws: int) -> bool:
        found = reservoir.participation_ratio(np.sqrt(spectrum) * g.normal(size=(draws, 100)))
        return holds(found, participation)

    def hill(g: Generator, draws: int) -> bool:
        low, high = reservoir.tail_interval(g.pareto(1.7, size=100 * draws) + 1)
        return low <= 1.7 <= high

    def capacity(g: Generator, draws: int) -> bool:
        t = np.linspace(1, 2, draws)
        x, y = t + 0.02 * g.normal(size=draws), 3 + 50 * t + g.normal(size=draws)
        found = reservoir.heat_capacity(
            [Estimate(v, 0.02, Kind.UNBIASED) for v in x], [Estimate(v, 1.0, Kind.UNBIASED) for v in y]
        )
        return holds(found.capacity, 50.0)

    rows = {
        "noise variance, `paired_noise`": lambda g, n: holds(halves(g, n, 3.0).noise, c),
        "signal, `paired_noise`": lambda g, n: holds(halves(g, n, 3.0).signal, 0.09),
        "signal of nothing": lambda g, n: holds(halves(g, n, 0.0).signal, 0.0),
        "noise scale, jackknife": lambda g, n: holds(reservoir.noise_scale(halves(g, n, 3.0), 10), 10 * c / 0.09),
        "noise scale, Fieller": fieller,
        "participation ratio (16.5 of 100)": vectors,
        "configurational temperature, 20 n times, τ = 19, four directions": ball,
        "tail index of a Pareto law, 100 n values": hill,
        "heat capacity of n states": capacity,
    }
    for name, hit in rows.items():
        yield name, *(share(replicates, 7, lambda g, n=n, hit=hit: hit(g, n)) for n in (4, 12, 40))


SECTIONS: tuple[tuple[str, str, Callable[[int], Iterator[tuple]]], ...] = (
    ("Coverage of estimators, by draws n", "estimate | n = 4 | 12 | 40", estimators),
    (
        "Coverage of time averages of AR(1) series, by length",
        "coefficient | τ | 16 | 32 | 100 | 1,000 | 10,000",
        averages,
    ),
    (
        "Whiteness of bursts of twelve steps, lags 1–10: portmanteau / sum",
        "noise | one burst, 30 directions | one, 1,000 | twenty, 30 | twenty, 300",
        whiteness,
    ),
    (
        "Whiteness of scalar series, by length: lag 1 / lags 1–10",
        "noise | 100, lag 1 | 100 | 1,000, lag 1 | 1,000 | 5,000, lag 1 | 5,000",
        series,
    ),
    (
        "Stationarity, by records: drift seen / a contrast seen / coverage of the drift",
        "course of c | 16 | 40 | 200",
        stationarity,
    ),
    (
        "Mutual equilibrium, by groups × draws: called unequal",
        "temperatures | 2 × 4 | 2 × 12 | 2 × 100 | 5 × 4 | 5 × 12 | 5 × 100 | 20 × 4 | 20 × 12 | 20 × 100",
        equilibrium,
    ),
    ("Regimes, by length: share with a break / mean number of breaks", "series | 50 | 200 | 500", breaks),
)


def page(replicates: int) -> str:
    """The whole of docs/reservoir-tests.md."""
    lines = [INTRODUCTION.format(replicates=replicates, error=(0.05 * 0.95 / replicates) ** 0.5)]
    for title, head, rows in SECTIONS:
        lines += table(title, head, rows(replicates))
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("docs/reservoir-tests.md"))
    options = parser.parse_args()
    options.out.write_text(page(options.replicates), encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
