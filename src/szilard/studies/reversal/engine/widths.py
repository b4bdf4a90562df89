"""Laziness and reversal against width, on networks that learn equally fast."""

from __future__ import annotations

import numpy as np
import torch

from szilard.reservoir.reversal import relative_return, retrace
from szilard.studies.reversal.engine.laziness import KERNEL_COLUMNS, LazinessObserver
from szilard.studies.reversal.engine.paths import COMPARED, Tick
from szilard.studies.reversal.engine.replicate import Replicate
from szilard.studies.reversal.spec import Reversal, Wide
from szilard.training.nets import wide_mlp
from szilard.training.training import Loss

COLUMNS = (
    "kernel_change", "kernel_turn", "gradient_change", "outputs_error", "losses_error", "relative_return",
    "relative_step", "loss_before", "loss_after",
)  # fmt: skip
"""What :func:`against_width` gives."""


def against_width(spec: Reversal, wide: Wide, replicate: Replicate, loss: Loss, tick: Tick) -> dict[str, np.ndarray]:
    """Every column, one number for each width: after n steps from the initialisation at one learning rate."""
    rows = []
    inputs = replicate.first_batches("of the wide", spec.steps)
    features = int(replicate.probe[0][0].numel())
    compared = replicate.first_batches("compared", COMPARED)
    for width in wide.widths:
        sizes = [features, *[width] * wide.layers, replicate.outcomes]
        landscape = replicate.landscape(lambda sizes=sizes: wide_mlp(sizes, wide.activation), loss)  # type: ignore[misc]
        star = landscape.start
        observer = LazinessObserver(
            landscape, star, replicate.probe, replicate.kernel_inputs, compared, landscape.groups()
        )
        run = retrace(landscape.gradient, star, inputs, wide.lr)
        theta = run.end
        look = observer.look(theta)
        returns = relative_return(run.distance[:, 0], run.displacement[:, 0])
        with torch.no_grad():
            before, after = (float(landscape.loss(point, replicate.probe)) for point in (star, theta))
        row = {name: float(look[name][0] if name in KERNEL_COLUMNS else look[name]) for name in look}
        rows.append(
            {
                **row,
                "relative_return": float(np.nan_to_num(returns[-1], nan=np.inf)),
                "relative_step": float(np.sqrt((run.defect**2).sum() / (run.stride**2).sum())) * wide.lr**2,
                "loss_before": before,
                "loss_after": after,
            }
        )
        tick()
    return {name: np.array([row[name] for row in rows]) for name in COLUMNS}
