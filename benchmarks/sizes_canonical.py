"""Section of docs/sizes.md: the test of a canonical state (``reservoir.canonical(…).p_value``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import signal

from szilard import reservoir

INTRODUCTION = """\
## The canonical state

`reservoir.canonical(θ, ∇U).p_value` on exactly canonical linear dynamics (Gaussian, Σ = T/H, rate .1), in rotated axes
and along them; *hotter* is the power where the slowest direction has 1.5 and 3 times the temperature of the others.
The slow direction of curvature .2 forgets in 50 steps, that of .5 in 20. Shares of {replicates} paths of 1,600 steps
and {few} of 6,400.
"""

CURVATURES = {
    "equal, 3 directions": (1.0, 1.0, 1.0),
    "1 : 6, 3 directions": (0.5, 1.0, 3.0),
    "1 : 25, 3 directions": (0.2, 1.0, 5.0),
    "1 : 6, 2 directions": (0.5, 3.0),
    "1 : 25, 2 directions": (0.2, 5.0),
    "1 : 25, 8 directions": tuple(np.geomspace(0.2, 5.0, 8)),
}
REPLICATES, FEW = 600, 400


def paths(
    curvature: tuple[float, ...], steps: int, replicates: int, seed: int, *, rotated: bool, hot: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """θ and ∇U, each (replicates, steps, directions): an AR(1) a direction, stationary from the start."""
    h = np.array(curvature)
    generator = np.random.default_rng(seed)
    memory, spread = 1 - 0.1 * h, h**-0.5 * np.where(np.arange(len(h)) == 0, hot**0.5, 1.0)
    noise = generator.normal(size=(replicates, steps, len(h))) * spread
    noise[:, 1:] *= np.sqrt(1 - memory**2)
    theta = np.stack([signal.lfilter([1.0], [1.0, -a], noise[..., i], axis=1) for i, a in enumerate(memory)], -1)
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(len(h), len(h))))[0] if rotated else np.eye(len(h))
    return theta @ axes.T, (theta * h) @ axes.T


def rejected(curvature: tuple[float, ...], steps: int, replicates: int, seed: int, **options: object) -> float:
    """The share of paths with p below 5 %."""
    motion = zip(*paths(curvature, steps, replicates, seed, **options), strict=True)  # type: ignore[arg-type]
    return float(np.mean([reservoir.canonical(theta, force).p_value < 0.05 for theta, force in motion]))


def section(cells: Callable[[str, Callable[[], object]], object]) -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION.format(replicates=REPLICATES, few=FEW)
    yield "| curvatures | size, 1,600: rotated / along | size, 6,400 | 1.5 times hotter, 6,400 | 3 times |"
    yield "|---|---|---|---|---|"
    for name, curvature in CURVATURES.items():
        row = []
        for steps, replicates in ((1_600, REPLICATES), (6_400, FEW)):
            both = [
                cells(
                    f"canonical {name} {steps} {rotated}",
                    lambda c=curvature, s=steps, n=replicates, r=rotated: rejected(c, s, n, 1, rotated=r),
                )
                for rotated in (True, False)
            ]
            row.append(" / ".join(f"{one:.3f}" for one in both))
        for hot in (1.5, 3.0):
            seen = cells(
                f"canonical {name} hot {hot}",
                lambda c=curvature, t=hot: rejected(c, 6_400, 100, 2, rotated=False, hot=t),
            )
            row.append(f"{seen:.2f}")
        yield f"| {name} | {' | '.join(row)} |"
    yield ""
