"""White noise (Fig. 3d): whether the noise of one step tells of that of another."""

from __future__ import annotations

import numpy as np

from szilard.audit.bounds import COLOUR
from szilard.audit.fig3.evidence import Fig3Evidence
from szilard.audit.fig3.rows import at
from szilard.audit.finding import Finding
from szilard.audit.reservoir.claims import WHITE
from szilard.reservoir import largest_effect


def findings(evidence: Fig3Evidence) -> tuple[Finding, ...]:
    """A row for each batch size."""
    return tuple(_at(evidence, batch) for batch in range(len(evidence.batches)))


def _at(evidence: Fig3Evidence, batch: int) -> Finding:
    claim = at(WHITE, evidence, batch)
    lags = evidence.lags
    if len(lags) < 2:
        return claim.unchecked("No lag but 0 was recorded: give lags of 1 and more.")
    try:
        over_all = evidence.autocorrelation(batch)
    except ValueError:
        return claim.unchecked("Fewer than two members were correlated.")
    largest = largest_effect(over_all.value[1:], over_all.error[1:], over_all.degrees_of_freedom)
    lag = int(lags[1:][largest.where[0]])
    rho = over_all.value[1:][largest.where[0]]
    starts = evidence.starts
    epoch = evidence.attributes.get("epoch")
    beyond = isinstance(epoch, list) and epoch[batch] < lags[-1]
    reach = "beyond an epoch" if beyond else "within an epoch"
    drawn = evidence.attributes.get("shuffle")
    order = {"replacement": "Batches are drawn with replacement. ", "epochs": "Batches go through shuffled epochs. "}
    return claim.tested(
        measure=f"largest |autocorrelation| over {len(lags) - 1} lags",
        effect=largest.value,
        interval=(largest.low, largest.high),
        bound=(0.0, COLOUR),
        where=f"lag {lag}, mean over starts at step {', '.join(f'{start:,}' for start in starts)}",
        detail=(
            f"{order.get(str(drawn), '')}ρ({lag}) = {rho:.3f}; lags reach to {lags[-1]:,}, {reach}. Root mean square "
            f"over lags: {float(np.sqrt(np.mean(over_all.value[1:] ** 2))):.3f}, of which errors alone make "
            f"{float(np.sqrt(np.mean(over_all.error[1:] ** 2))):.3f}."
        ),
    )
