"""Whether width makes lazy, and whether being lazy makes reversible, as the paper concludes from Eq. 35."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import exponent
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import FALLS, LEVEL
from szilard.verdicts.finding import Finding, unchecked
from szilard.verdicts.rows import tested

CLAIMS = (
    ("kernel_change", "wide is lazy", "the wider the network, the less its tangent kernel changes",
     "Jacot et al. 2018; paper §6", "of the kernel's relative change"),
    ("losses_error", "wide makes the loss linear", "the wider the network, the more linear its loss along the path",
     "paper Eq. 35", "of the relative error of the linearised loss"),
    ("relative_step", "lazy is reversible, step by step", "what makes the kernel stay makes each step reversible",
     "paper Appendix A", "of what one step back misses by, over the step"),
    ("relative_return", "lazy is reversible, along the path", "what makes the kernel stay makes the path reversible",
     "paper Appendix A", "of the share of the way back that is missed"),
)  # fmt: skip
"""Column, name, claim, source, and what the exponent is of."""


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """Whether width makes lazy, and whether that makes reversible: one row for each claim."""
    return tuple(_falls(reading, *claim) for claim in CLAIMS)


def _falls(reading: ReversalReading, column: str, name: str, claim: str, source: str, of: str) -> Finding:
    wide = reading.width
    if wide is None or not wide.sizes["step"]:
        return unchecked(name, claim, source, "networks of several widths were left out: run it with wide.")
    values, widths = np.asarray(wide[column].values[-1]), np.asarray(wide["width"].values, dtype=float)
    law = exponent(widths, values)
    ends = [number(float(np.median(values[:, end]))) for end in (0, -1)]
    return tested(
        name,
        claim,
        source,
        measure=f"exponent in the width {of}",
        effect=law.value,
        interval=law.interval(LEVEL),
        bound=(-math.inf, FALLS),
        where=f"widths {widths[0]:.0f} to {widths[-1]:.0f}, {int(wide['step'].values[-1])} steps from the start",
        detail=f"From {ends[0]} at width {widths[0]:.0f} to {ends[1]} at {widths[-1]:.0f}, at one learning rate.",
    )
