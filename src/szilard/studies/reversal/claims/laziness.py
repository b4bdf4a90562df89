"""Laziness over the very paths that are reversed: of the kernel, of the loss (Eq. 35), and of the gradient."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.studies.reversal.reading import ReversalReading, over_seeds
from szilard.verdicts.bounds import TANGENT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

KERNEL = Claim(
    "lazy kernel from step {}",
    "the tangent kernel stays as it is",
    "lazy training",
    measure="‖K − K*‖/‖K*‖, median over seeds",
    bound=(0.0, TANGENT),
)
LOSS = Claim(
    "linear loss from step {}",
    "the loss is linear in θ around a typical θ*",
    "paper Eq. 35",
    measure="error of the linearised change of the loss, over the change, median over seeds",
    bound=(0.0, TANGENT),
)
GRADIENT = Claim(
    "gradient without θ from step {}",
    "the gradient does not depend on where in Θ it is taken",
    "paper below Eq. 35",
    measure="‖∇φ_θ(b) − ∇φ_θ*(b)‖/‖∇φ_θ*(b)‖, median over seeds",
    bound=(0.0, TANGENT),
)
COLUMNS = {"kernel_change": KERNEL, "losses_error": LOSS, "gradient_change": GRADIENT}


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The rows of this family, for the model and each start."""
    if not reading.laziness.sizes["step"]:
        return ()
    return tuple(
        _stays(reading, place, column, claim)
        for column, claim in COLUMNS.items()
        for place in range(len(reading.starts))
    )


def _stays(reading: ReversalReading, place: int, column: str, claim: Claim) -> Finding:
    start, over = reading.starts[place], int(reading.laziness["step"].values[reading.look])
    return claim.about(f"{start:,}").tested(
        *over_seeds(reading.at_look(column, place)),
        where=f"training steps {start:,} to {start + over:,}",
        detail=_longer(reading, column, place, over),
    )


def _longer(reading: ReversalReading, column: str, place: int, over: int) -> str:
    """What becomes of it over the whole window."""
    last = int(reading.laziness["step"].values[-1])
    if last <= over:
        return ""
    values = reading.laziness[column].values[-1, 0, place]
    after = float(np.median(values[..., 0] if values.ndim == 2 else values))
    return f"After {last:,} steps it is {number(after)}."
