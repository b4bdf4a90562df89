"""Laziness over the paths that are reversed, whether width makes it, and whether it makes reversible (Eq. 35)."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import exponent
from szilard.studies.reversal.reading import ReversalReading, over_seeds
from szilard.verdicts.bounds import FALLS, TANGENT
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
OF_A_START = {"kernel_change": KERNEL, "losses_error": LOSS, "gradient_change": GRADIENT}
DESIGN = "networks of several widths were left out: run it with wide."
LAZY = Claim(
    "wide is lazy",
    "the wider the network, the less its tangent kernel changes",
    "Jacot et al. 2018; paper §6",
    DESIGN,
    measure="exponent in the width of the kernel's relative change",
    bound=(-math.inf, FALLS),
)
LINEAR = Claim(
    "wide makes the loss linear",
    "the wider the network, the more linear its loss along the path",
    "paper Eq. 35",
    DESIGN,
    measure="exponent in the width of the relative error of the linearised loss",
    bound=(-math.inf, FALLS),
)
STEP = Claim(
    "lazy is reversible, step by step",
    "what makes the kernel stay makes each step reversible",
    "paper Appendix A",
    DESIGN,
    measure="exponent in the width of what one step back misses by, over the step",
    bound=(-math.inf, FALLS),
)
PATH = Claim(
    "lazy is reversible, along the path",
    "what makes the kernel stay makes the path reversible",
    "paper Appendix A",
    DESIGN,
    measure="exponent in the width of the share of the way back that is missed",
    bound=(-math.inf, FALLS),
)
OF_WIDTH = {"kernel_change": LAZY, "losses_error": LINEAR, "relative_step": STEP, "relative_return": PATH}


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The rows of this family: for the model and each start where it was looked at, and for networks by their width."""
    starts = range(len(reading.starts)) if reading.laziness.sizes["step"] else ()
    stays = (_stays(reading, place, column, claim) for column, claim in OF_A_START.items() for place in starts)
    return (*stays, *(_falls(reading, column, claim) for column, claim in OF_WIDTH.items()))


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


def _falls(reading: ReversalReading, column: str, claim: Claim) -> Finding:
    wide = reading.width
    if wide is None or not wide.sizes["step"]:
        return claim.unchecked()
    values, widths = np.asarray(wide[column].values[-1]), np.asarray(wide["width"].values, dtype=float)
    law = exponent(widths, values)
    ends = [number(float(np.median(values[:, end]))) for end in (0, -1)]
    return claim.tested(
        law,
        where=f"widths {widths[0]:.0f} to {widths[-1]:.0f}, {int(wide['step'].values[-1])} steps from the start",
        detail=f"From {ends[0]} at width {widths[0]:.0f} to {ends[1]} at {widths[-1]:.0f}, at one learning rate.",
    )
