"""The map of models: planes are found as they are, and the target where its cross-entropies say."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.ledger.embedding import classical_scaling, place_target

ARC = np.column_stack([np.cos(np.linspace(0, 2, 9)), np.sin(np.linspace(0, 2, 9))]) * 1.5


def squared(points: np.ndarray) -> np.ndarray:
    return np.asarray(((points[:, None] - points[None]) ** 2).sum(-1))


def test_a_plane_is_found_up_to_a_motion() -> None:
    found = classical_scaling(squared(ARC))
    assert np.allclose(squared(found.points), squared(ARC))
    assert found.explained == pytest.approx(1)
    assert found.stress < 1e-12
    assert found.points[0, 0] < found.points[-1, 0]
    assert found.points[4, 1] > found.points[[0, -1], 1].mean()


def test_what_no_plane_holds_is_told() -> None:
    simplex = classical_scaling(np.ones((4, 4)) - np.eye(4))  # a tetrahedron: three equal directions
    assert simplex.explained == pytest.approx(2 / 3)
    assert simplex.stress > 0.1
    line = classical_scaling(squared(ARC), 1)
    assert line.points.shape == (9, 1)
    assert line.explained < 1


def test_negative_eigenvalues_count_as_not_explained() -> None:
    matrix = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 1.0], [9.0, 1.0, 0.0]])  # 3 > 1 + 1: no triangle
    found = classical_scaling(matrix)
    assert found.explained < 1
    assert np.isfinite(found.points).all()


def test_few_models_and_none() -> None:
    assert classical_scaling(np.zeros((1, 1))).points.shape == (1, 2)
    assert classical_scaling(np.zeros((3, 3))).explained == 1
    with pytest.raises(ValueError, match="finite square matrix"):
        classical_scaling(np.array([[0.0, np.nan], [np.nan, 0.0]]))
    with pytest.raises(ValueError, match="symmetric"):
        classical_scaling(np.array([[0.0, 1.0], [2.0, 0.0]]))


@pytest.mark.parametrize("height", [0.0, 0.4])
def test_the_target_is_placed_from_cross_entropies(height: float) -> None:
    target, entropy = np.array([-0.9, 1.0]), 2.3
    cross = 0.5 * ((ARC - target) ** 2).sum(1) + 0.5 * height**2 + entropy
    place = place_target(ARC, cross, entropy)
    assert np.allclose(place.foot, target, atol=0.03)  # the ridge holds it back a little
    assert place.height == pytest.approx(height, abs=0.05)
    assert place.floor == pytest.approx(entropy + 0.5 * height**2, abs=2e-3)
    assert place.residual < 0.02
    assert np.isnan(place_target(ARC, cross).height)


def test_a_straight_way_tells_only_its_own_direction() -> None:
    line = np.column_stack([np.linspace(-1, 1, 7), np.zeros(7)])
    target = np.array([1.2, 0.7])
    place = place_target(line, 0.5 * ((line - target) ** 2).sum(1) + 1.0, 1.0)
    assert place.foot[0] == pytest.approx(1.2, abs=0.03)
    assert place.foot[1] == 0
    assert place.height == pytest.approx(0.7, abs=0.03)  # out of the line that was seen


def test_errors_of_the_place_hold_it() -> None:
    generator = np.random.default_rng(0)
    target = np.array([-0.9, 1.0])
    away = []
    for _ in range(200):
        cross = 0.5 * ((ARC - target) ** 2).sum(1) + 0.02 * generator.normal(size=len(ARC))
        place = place_target(ARC, cross)
        away.append((place.foot - target) / place.error)
    assert np.sqrt(np.mean(np.square(away))) < 1.8  # a jackknife over nine models, the ridge's bias included


def test_too_few_models_place_nothing() -> None:
    with pytest.raises(ValueError, match="at least three"):
        place_target(ARC[:2], np.ones(2))
