"""A map of models: points in the plane whose squared distances are, as nearly as may be, given divergences.

For close models the Jeffreys divergence is the squared statistical distance (the Fisher metric's), for models of one
Gaussian shape at any distance; classical multidimensional scaling (Torgerson, Psychometrika 17, 401, 1952) then
finds the map, and the target's place on it follows from cross-entropies (the paper's Figure 1, from data).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

_RIDGE = 0.01
"""Of the widest direction: narrower ones than this tell nothing of the target."""


@final
@dataclass(frozen=True, slots=True)
class ModelMap:
    """Points whose squared distances approximate divergences.

    Attributes:
        points: shape ``(models, dimensions)``, in nat^½ where the divergences are in nats; the mean is at the origin.
        explained: share of the sum of all absolute eigenvalues that these dimensions carry: 1 for a flat map.
        stress: root of the squared error of the distances over their squares, all pairs.
    """

    points: Float[np.ndarray, "models dimensions"]
    explained: float
    stress: float


@final
@dataclass(frozen=True, slots=True)
class TargetPlace:
    """Where the target lies with respect to a map.

    Attributes:
        foot: the point of the map next to it, shape ``(dimensions,)``, nat^½.
        error: standard error of the foot's coordinates by the jackknife over models; NaN with too few.
        floor: cross-entropy at the foot by the fit, nats: the least that the plane offers.
        height: distance from the foot out of the map, nat^½, where the target's entropy is known; NaN elsewhere.
        residual: root mean square of the fit's error over the cross-entropy above the least one.
    """

    foot: Float[np.ndarray, " dimensions"]
    error: Float[np.ndarray, " dimensions"]
    floor: float
    height: float
    residual: float


def classical_scaling(divergence: Float[np.ndarray, "models models"], dimensions: int = 2) -> ModelMap:
    """The map of models with these symmetric divergences.

    ``B = −½ C J C`` with C the centring matrix; the coordinates are its leading eigenvectors times the roots of their
    eigenvalues. Eigenvalues below 0, which no flat map has, give coordinate 0. The first model lies to the left of
    the last, and the path's middle above the line between them.

    Raises:
        ValueError: if the matrix is not square, not symmetric or not finite.

    Example:
        >>> found = classical_scaling(np.array([[0.0, 9.0], [9.0, 0.0]]), 1)
        >>> found.points.round(6).ravel().tolist(), found.explained
        ([-1.5, 1.5], 1.0)
    """
    matrix = np.asarray(divergence, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError(f"divergences must be a finite square matrix, not of shape {matrix.shape}: give every pair.")
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-12 * (1 + np.abs(matrix).max(initial=0.0))):
        raise ValueError("divergences must be symmetric: give the mean of both directions.")
    count = len(matrix)
    centring = np.eye(count) - 1 / max(count, 1)
    values, vectors = np.linalg.eigh(-0.5 * centring @ matrix @ centring)
    leading = np.argsort(values)[::-1][:dimensions]
    points = np.zeros((count, dimensions))
    points[:, : len(leading)] = vectors[:, leading] * np.sqrt(values[leading].clip(min=0))
    total = np.abs(values).sum()
    explained = float(values[leading].clip(min=0).sum() / total) if total > 0 else 1.0
    points = _turned(points)
    return ModelMap(points, explained, _stress(points, matrix))


def place_target(
    points: Float[np.ndarray, "models dimensions"],
    cross_entropy: Float[np.ndarray, " models"],
    entropy: float | None = None,
) -> TargetPlace:
    """Where the target p* lies by its cross-entropies to the models.

    With ``KL(p*‖p_i) ≈ ½|u* − u_i|²``, cross-entropies are ``½|u* − u_i|² + ½h² + H(p*)``; then
    ``CE_i − ½|u_i|² = a − u*·u_i`` is linear in the foot u* and a constant, and fitted by least squares. Weights fall
    as the square of the cross-entropy above the least one, because that is how the quadratic law goes wrong. Along
    a direction in which the models hardly differ the foot stays where the best model is.

    Args:
        points: of the models, nat^½.
        cross_entropy: of the target's data under each model, nats of the same unit; a common constant moves only the
            height.
        entropy: H(p*) in the same unit, where it is known.

    Raises:
        ValueError: with fewer than three models.
    """
    points, observed = np.asarray(points, dtype=float), np.asarray(cross_entropy, dtype=float)
    if len(points) < 3 or len(points) != len(observed):
        raise ValueError(f"{len(observed)} cross-entropies of {len(points)} models place nothing: give at least three.")
    foot, floor, residual = _fit(points, observed)
    count = len(points)
    error = np.full(points.shape[1], np.nan)
    if count >= 5:
        without = [_fit(np.delete(points, each, axis=0), np.delete(observed, each))[0] for each in range(count)]
        error = np.sqrt((count - 1) * np.var(without, axis=0))
    height = float("nan") if entropy is None else float(np.sqrt(2 * max(floor - entropy, 0.0)))
    return TargetPlace(foot, error, floor, height, residual)


def _fit(points: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Foot, floor and relative residual."""
    above = observed - observed.min()
    scale = above + np.median(above) / 4
    scale = np.where(scale > 0, scale, 1.0)
    best = points[int(observed.argmin())]
    moved = points - best
    # CE_i − ½|m_i|² = a − δ·m_i with δ the foot seen from the best model
    design = np.column_stack([np.ones(len(points)), -moved]) / scale[:, None]
    target = (observed - 0.5 * (moved**2).sum(1)) / scale
    spread = np.linalg.svd(design[:, 1:], compute_uv=False).max(initial=0.0)
    ridge = np.zeros((points.shape[1], points.shape[1] + 1))
    ridge[:, 1:] = _RIDGE * spread * np.eye(points.shape[1])
    solution = np.linalg.lstsq(np.vstack([design, ridge]), np.r_[target, np.zeros(points.shape[1])], rcond=None)[0]
    constant, delta = float(solution[0]), solution[1:]
    floor = constant - 0.5 * float(delta @ delta)
    residual = design @ solution - target
    return best + delta, floor, float(np.sqrt((residual**2).mean()))


def _turned(points: np.ndarray) -> np.ndarray:
    """Signs of the axes: eigenvectors have none of their own."""
    if len(points) < 2:
        return points
    turned = points.copy()
    if turned[0, 0] > turned[-1, 0]:
        turned[:, 0] *= -1
    for axis in range(1, turned.shape[1]):
        middle = turned[:, axis] - np.linspace(turned[0, axis], turned[-1, axis], len(turned))
        if middle.sum() < 0:
            turned[:, axis] *= -1
    return turned


def _stress(points: np.ndarray, matrix: np.ndarray) -> float:
    distances = np.sqrt(np.maximum(matrix, 0))
    mapped = np.linalg.norm(points[:, None] - points[None], axis=-1)
    total = float((distances**2).sum())
    return float(np.sqrt(((mapped - distances) ** 2).sum() / total)) if total > 0 else 0.0
