"""Force against noise (Fig. 3c): the dashed line of the figure is a force and the curves are squares of forces."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import ratio_of_means
from szilard.reservoir.time_average import time_average
from szilard.studies.fig3.claims.rows import at, steps, too_few
from szilard.studies.fig3.reading import STRETCHES, Fig3Reading
from szilard.studies.kits.parameters.statements import FORCE, SIGNAL
from szilard.verdicts.finding import Finding

FEWEST = 8
"""Records of whole passes."""


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """Two rows for each batch size."""
    every = range(len(reading.batches))
    return (*(_greatest(reading, batch) for batch in every), *(_typical(reading, batch) for batch in every))


def _greatest(reading: Fig3Reading, batch: int) -> Finding:
    """``max|∇U_B|`` over the noise of a parameter, ``√c``, of the watched members over the last stretch."""
    claim = at(FORCE, reading, batch)
    rows = reading.stretches()[-1]
    force = reading.of_watched("max_force", batch)[rows, :, 0]
    noise = reading.of_watched("noise_variance_full", batch)[rows, :, 0]
    if len(force) < FEWEST or not force.shape[1] or not (noise > 0).all():
        return claim.unchecked(f"It needs {FEWEST} records of whole passes in the last of {STRETCHES} stretches.")
    ratio = (force / np.sqrt(noise)).mean(1)
    found = time_average(ratio).value
    return claim.tested(
        found,
        measure="max |∇U_B| / √c, mean over records",
        where=f"{steps(reading, rows)}, {force.shape[1]} training{'s' if force.shape[1] > 1 else ''}",
        detail=(
            f"The largest of all components of the force is {number(force.mean())} nat, the noise of one parameter "
            f"{number(math.sqrt(noise.mean()))} nat (its square, the variance, is what Fig. 3c shows beside the force)."
        ),
    )


def _typical(reading: Fig3Reading, batch: int) -> Finding:
    """``‖∇U_B‖²/(tr C/|b|)`` over the last stretch, ratio of means over members."""
    claim = at(SIGNAL, reading, batch)
    if why := too_few(reading, batch):
        return claim.unchecked(why)
    if len(reading.even) < STRETCHES:
        return claim.unchecked(f"Fewer than {STRETCHES} records lie evenly along the training.")
    signal, noise = (reading.in_stretches(name, batch)[:, -1, 0] for name in ("signal_variance", "noise_variance"))
    found = ratio_of_means(signal, noise)
    scale = reading.batches[batch] / float(found.value) if found.value > 0 else math.inf
    return claim.tested(
        found,
        measure="‖∇U_B‖² over tr C/|b|",
        where=steps(reading, reading.stretches()[-1]),
        detail=f"Force and noise would be alike at a batch of about {scale:,.0f} examples (the gradient-noise scale).",
    )
