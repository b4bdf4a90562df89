"""How lazy a network was: how far its tangent kernel, its outputs, its losses and its gradients left their tangents.

Laziness (Chizat et al. 2019) says that the tangent kernel stays and that outputs are linear in θ. The paper's Eq. 35
asks for more: that the *loss* is linear, so that its gradient does not depend on θ. A network as wide as one likes
does the first and not the second, for as long as it learns: the loss curves where predictions become right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def kernel_change(before: ArrayLike, after: ArrayLike) -> float:
    """``‖K − K_0‖/‖K_0‖`` in the Frobenius norm; 0 for a model that is linear in its parameters.

    Args:
        before: K_0, the tangent kernel at θ*, shape (rows, rows).
        after: K, at θ.

    Returns:
        NaN where K_0 is zero.

    Example:
        >>> kernel_change([[1.0, 0.0], [0.0, 1.0]], [[1.5, 0.0], [0.0, 1.5]])
        0.5
    """
    first, last = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    return _ratio(float(np.linalg.norm(last - first)), float(np.linalg.norm(first)))


def kernel_turn(before: ArrayLike, after: ArrayLike) -> float:
    """``1 − ⟨K, K_0⟩/(‖K‖‖K_0‖)``: how far the kernel turned; a kernel that only grows does not turn.

    Returns:
        From 0 to 2; NaN where a kernel is zero.

    Example:
        >>> kernel_turn([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
        1.0
    """
    first, last = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    scale = float(np.linalg.norm(first) * np.linalg.norm(last))
    return 1.0 - float((first * last).sum()) / scale if scale else float("nan")


def linearisation_error(actual: ArrayLike, linear: ArrayLike) -> float:
    """``‖actual − linear‖/‖actual‖``, root mean squares over inputs (and outputs): Eq. 35 at its word.

    Args:
        actual: ``g(θ) − g(θ*)``, any shape.
        linear: ``(θ − θ*)·∇g(θ*)``, same shape.

    Returns:
        0 where ``g`` is linear between the two, 1 where the linearisation says nothing; NaN where nothing changed.

    Example:
        >>> linearisation_error([3.0, 4.0], [3.0, 3.0])
        0.2
    """
    first, last = np.asarray(actual, dtype=float), np.asarray(linear, dtype=float)
    return _ratio(float(np.linalg.norm(first - last)), float(np.linalg.norm(first)))


def gradient_change(changes: ArrayLike, references: ArrayLike) -> float:
    """``√(⟨‖∇φ_θ(b) − ∇φ_θ*(b)‖²⟩/⟨‖∇φ_θ*(b)‖²⟩)`` over batches: a ratio of means.

    Args:
        changes: squared norms of the change, one for each batch.
        references: squared norms of the gradient at θ*, likewise.

    Returns:
        0 where the gradient does not depend on θ, as the paper concludes from Eq. 35; NaN where it was 0 at θ*.

    Example:
        >>> gradient_change([1.0, 3.0], [4.0, 12.0])
        0.5
    """
    part, whole = (np.sqrt(np.asarray(squares, dtype=float).mean()) for squares in (changes, references))
    return _ratio(float(part), float(whole))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
