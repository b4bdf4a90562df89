"""Whether width makes lazy, and whether being lazy makes reversible, as the paper concludes from Eq. 35."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import exponent
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import FALLS
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

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
COLUMNS = {"kernel_change": LAZY, "losses_error": LINEAR, "relative_step": STEP, "relative_return": PATH}


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """Whether width makes lazy, and whether that makes reversible: one row for each claim."""
    return tuple(_falls(reading, column, claim) for column, claim in COLUMNS.items())


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
