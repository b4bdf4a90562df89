"""Section of docs/sizes.md: Bennett's acceptance ratio while the two ends part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from szilard import ledger

INTRODUCTION = """\
## Free energies

`ledger.bennett` of Gaussian works of standard deviation σ (ΔF = 0, {replicates} repetitions): how much repetitions
scatter, the share that gets a number, how often its 95 % interval holds the truth, and the median of `shared_samples`.
"""
REPLICATES = 500


def parted(spread: float, count: int) -> list[float]:
    """Scatter, share of numbers, their coverage, and the samples that the ends share."""
    generator = torch.Generator().manual_seed(5)
    noise = spread * torch.randn(2, REPLICATES, count, generator=generator, dtype=torch.float64)
    forward, backward = noise[0] + spread**2 / 2, noise[1] - spread**2 / 2
    found = ledger.bennett(forward, backward)
    known = torch.isfinite(found.error)
    low, high = found.interval()
    held = ((low <= 0) & (high >= 0))[known].double().mean() if known.any() else torch.tensor(torch.nan)
    shared = ledger.shared_samples(forward, backward, found.value).median()
    return [float(one) for one in (found.value.std(), known.double().mean(), held, shared)]


def section(cells: Callable[[str, Callable[[], object]], object]) -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION.format(replicates=REPLICATES)
    yield "| samples at each end | σ | scatter | gets a number | coverage | shared samples |"
    yield "|---|---|---|---|---|---|"
    for count in (30, 200, 2_000):
        for spread in (1, 2, 3, 4, 5, 6, 8, 14):
            scatter, known, held, shared = cells(
                f"free energy {count} {spread}", lambda s=spread, n=count: parted(float(s), n)
            )
            coverage = f"{held:.3f}" if known else "–"
            yield f"| {count:,} | {spread} | {scatter:.2f} | {known:.2f} | {coverage} | {shared:.1f} |"
    yield ""
