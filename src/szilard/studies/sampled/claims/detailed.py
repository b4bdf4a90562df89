"""The detailed fluctuation theorem (Eq. 22): σ and −σ of the way back, between models that were kept."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import STATIONARY_RATIO
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding, told
from szilard.verdicts.intervals import level_of

THEOREM = Claim(
    "detailed fluctuation theorem",
    "ln P_F(σ)/P_B(−σ) = σ between models along the training, forward and back",
    "paper Eq. 22",
    "no models were kept: watch with szilard.ModelSpace() as well.",
    measure="slope of the log ratio in σ",
    bound=STATIONARY_RATIO,
)


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """One row on the slope in σ between models that were kept; unchecked where none can tell."""
    space = reading.models
    if space is None or "detailed_slope" not in space:
        return (THEOREM.unchecked(),)
    slope = np.asarray(space["detailed_slope"].values, dtype=float)
    error = np.asarray(space["detailed_slope_error"].values, dtype=float)
    steps = np.asarray(space["step"].values)
    known = np.flatnonzero(np.isfinite(slope) & np.isfinite(error) & (error > 0))
    if not known.size:
        why = "between the models that were kept σ is too large for its two histograms to meet: keep more of them."
        return (THEOREM.unchecked(why),)
    level = level_of(known.size)
    intervals = [Estimate(slope[row], error[row], Kind.ASYMPTOTIC).interval(level) for row in known]
    names = [f"to step {int(steps[row]):,}" for row in known]
    parts = THEOREM.parts(names, [float(slope[row]) for row in known], intervals)
    clearest = THEOREM.decisive(intervals)
    bends = "A sampler that is not at rest, or a φ that is not normalised, bends it."
    return (
        THEOREM.tested(
            slope[known[clearest]],
            intervals[clearest],
            where=names[clearest],
            detail=(
                f"{known.size} of {max(len(steps) - 1, 1)} jumps have histograms that meet. {told(parts, 'jumps')}"
                f"{f' {bends}' if math.isfinite(intervals[clearest][0]) else ''}"
            ),
            parts=parts,
        ),
    )
