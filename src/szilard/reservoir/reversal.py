"""Running the optimiser backwards (paper Appendix A): reversed inputs, gradient ascent, and how far it comes to lie.

Forward ``θ_{t+1} = θ_t − r ∇φ_{θ_t}(b_t)``; backward, from ``θ†_n = θ_n``, ``θ†_t = θ†_{t+1} + r ∇φ_{θ†_{t+1}}(b_t)``.
The two gradients are taken at different points, so one step back misses by ``r [∇φ(θ_{t+1}) − ∇φ(θ_t)]``, which is
``−r² H g + O(r³)``, ``H`` the Hessian of the batch's loss and ``g`` its gradient. Summed over a path this is
``−r² Σ_t ∇½‖g_t‖²``: the very force of the implicit regularisation by finite steps (Barrett & Dherin 2021; Smith et
al. 2021). Every miss is then carried back by ``1 + rH``, so that a long reversed run amplifies it exponentially.

What is reversed here is the protocol, not the transition kernel: a path that is retraced within some distance says
nothing of the probability of the reversed transition, which for literal SGD on finite data is generically zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

Gradient = Callable[[Tensor, Any], Tensor]
"""``∇φ_θ(b)`` from a flat θ and a batch."""


@dataclass(frozen=True, slots=True)
class Retraced:
    """One reversed run, by how many steps were taken back (0 to n) and by group of parameters.

    Where several paths were run side by side, their dimensions stand before that of the groups.

    Attributes:
        distance: ``‖θ†_t − θ_t‖``, shape (steps + 1, groups); the first is 0.
        displacement: ``‖θ_n − θ_t‖``, likewise: how far there was to go.
        defect: ``‖∇φ_{θ_{t+1}}(b_t) − ∇φ_{θ_t}(b_t)‖/r``, shape (steps, groups): what one step back *from the forward
            path* misses by, in units of r²; it tends to ‖H g‖ as r → 0.
        stride: ``‖θ_{t+1} − θ_t‖``, likewise.
        end: θ_n, where the path turned.
    """

    distance: NDArray[np.float64]
    displacement: NDArray[np.float64]
    defect: NDArray[np.float64]
    stride: NDArray[np.float64]
    end: Tensor


def forward_path(
    gradient: Gradient, start: Float[Tensor, "*paths parameters"], inputs: Sequence[Any], rate: float | Tensor
) -> list[Tensor]:
    """``θ_0 … θ_n``: plain SGD through a sequence of batches."""
    return _forward(gradient, start, inputs, rate)[0]


def retrace(
    gradient: Gradient,
    start: Float[Tensor, "*paths parameters"],
    inputs: Sequence[Any],
    rate: float | Float[Tensor, "*paths 1"],
    groups: Sequence[Sequence[slice]] = ((slice(None),),),
) -> Retraced:
    """Forward through ``inputs``, then back through them in reverse order with gradient ascent.

    Args:
        gradient: of the batch's loss, the same at every call with the same arguments.
        start: θ_0; may have leading dimensions, if the gradient takes them: paths that are run side by side.
        inputs: the batches, in forward order.
        rate: r, or one for each path.
        groups: the places of each group in the flat vector; by default all as one.

    Example:
        >>> import torch
        >>> bowl = lambda theta, batch: 2.0 * theta  # curvature 2
        >>> run = retrace(bowl, torch.tensor([1.0], dtype=torch.float64), [None] * 3, rate=0.1)
        >>> round(float(run.distance[-1, 0]), 12), round(1 - (1 - 0.2**2) ** 3, 12)
        (0.115264, 0.115264)
        >>> round(float(run.distance[1, 0] / 0.1**2), 12), round(2 * 2 * 0.8**2, 12)  # H g at θ_2, exactly
        (2.56, 2.56)
    """
    path, gradients = _forward(gradient, start, inputs, rate)
    end = back = path[-1]
    nowhere = torch.zeros_like(end)
    distances, displacements, defects, strides = [_norms(nowhere, groups)], [_norms(nowhere, groups)], [], []
    for step in range(len(inputs) - 1, -1, -1):
        here = gradient(path[step + 1], inputs[step])
        defects.append(_norms((here - gradients[step]) / rate, groups))
        strides.append(_norms(path[step + 1] - path[step], groups))
        back = back + rate * (here if back is end else gradient(back, inputs[step]))
        distances.append(_norms(back - path[step], groups))
        displacements.append(_norms(end - path[step], groups))
    return Retraced(_stacked(distances), _stacked(displacements), _stacked(defects), _stacked(strides), end)


def quadratic_return(rate: float, curvature: ArrayLike, steps: int) -> NDArray[np.float64]:
    """``(1 − r²h²)ⁿ − 1``: where the reversed run ends, as ``(θ†_0 − θ_0)/(θ_0 − θ̂)`` along an axis of curvature h.

    Exact for a quadratic loss that all batches share, minimum θ̂. It tends to −n r²h²: to zero as r² at a given number
    of steps, and as r at a given length n·r of the path.

    Example:
        >>> round(float(quadratic_return(0.1, 2.0, 1)), 12)
        -0.04
    """
    squares = (rate * np.asarray(curvature, dtype=float)) ** 2
    return np.asarray(np.expm1(steps * np.log1p(-squares)) if np.all(squares < 1) else (1 - squares) ** steps - 1)


def relative_return(distance: ArrayLike, displacement: ArrayLike) -> NDArray[np.float64]:
    """``‖θ†_t − θ_t‖/‖θ_n − θ_t‖``: 0 where the path is retraced, 1 where going back gained nothing.

    NaN where there was no way to go.

    Example:
        >>> relative_return([0.0, 0.5], [0.0, 2.0]).tolist()
        [nan, 0.25]
    """
    missed, gone = np.broadcast_arrays(np.asarray(distance, dtype=float), np.asarray(displacement, dtype=float))
    return np.divide(missed, gone, out=np.full(missed.shape, np.nan), where=gone > 0)


def nearest_return(gradients: Float[Tensor, "examples parameters"], gradient: Float[Tensor, " parameters"]) -> float:
    """How near literal SGD with batches of one can come back by a *forward* step: ``min_x ‖g_x + g‖/‖g‖``.

    From ``θ' = θ − r g`` the next step leads to one of N points, ``θ' − r g_x(θ')``; the reversed transition θ' → θ has
    a probability above 0 only if one of them is θ. In units of the step that was taken; 0 where the way back exists.
    Anything above says that the forward step is absolutely irreversible: its entropy production is infinite.

    Args:
        gradients: of every example's loss at θ'.
        gradient: of the example at θ that led there.

    Example:
        >>> import torch
        >>> nearest_return(torch.tensor([[-1.0, 0.0], [0.0, 3.0]]), torch.tensor([1.0, 0.0]))
        0.0
        >>> nearest_return(torch.tensor([[-0.5, 0.0], [0.0, 3.0]]), torch.tensor([1.0, 0.0]))
        0.5
    """
    missed = (gradients + gradient).square().sum(1).min()
    return float((missed / gradient.square().sum()).sqrt())


def _forward(
    gradient: Gradient, start: Tensor, inputs: Sequence[Any], rate: float | Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """The path, and the gradient at each of its steps."""
    path, gradients = [start], []
    for batch in inputs:
        gradients.append(gradient(path[-1], batch))
        path.append(path[-1] - rate * gradients[-1])
    return path, gradients


def _norms(vector: Tensor, groups: Sequence[Sequence[slice]]) -> Float[Tensor, "*paths groups"]:
    squares = [torch.stack([vector[..., place].double().square().sum(-1) for place in places]) for places in groups]
    return torch.stack([each.sum(0) for each in squares], -1).sqrt()


def _stacked(norms: list[Tensor]) -> NDArray[np.float64]:
    return np.asarray(torch.stack(norms).numpy(force=True))
