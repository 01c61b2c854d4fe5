"""Manifolds: the kernels' steps and the values' projections are one thing, and rows stay where they may be."""

import numpy as np
import pytest

from awase.contrast.encoders import Rows
from awase.contrast.manifolds import Ball, Flat, NonNegative, Poincare, Sphere
from awase.kernels.steps import adagrad_rows, adagrad_rows_twin, sgd_rows, sgd_rows_twin
from awase.train.optimizer import OPTIMIZERS

MANIFOLDS = [Flat(), Ball(1.0), Ball(0.5), Sphere(), NonNegative(), Poincare()]
each_manifold = pytest.mark.parametrize("manifold", MANIFOLDS, ids=repr)


def inside(manifold, rows):
    norms = np.linalg.norm(rows, axis=1)
    match manifold:
        case Ball() | Poincare():
            return (norms <= manifold.radius * (1 + 1e-6)).all()
        case Sphere():
            return np.allclose(norms, 1, atol=1e-6)
        case NonNegative():
            return (rows >= 0).all()
    return True


@each_manifold
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_equal_their_twins(manifold, dtype):
    rng = np.random.default_rng(0)
    table = manifold.project(rng.standard_normal((12, 5)).astype(dtype))
    rows, grads = rng.permutation(12)[:8], (rng.standard_normal((8, 5)) * 3).astype(dtype)
    for kernel, twin, with_squares in ((sgd_rows, sgd_rows_twin, False), (adagrad_rows, adagrad_rows_twin, True)):
        found, expected = table.copy(), table.copy()
        squares = np.full_like(table, 0.1), np.full_like(table, 0.1)
        for function, values, sums in ((kernel, found, squares[0]), (twin, expected, squares[1])):
            more = (sums,) if with_squares else ()
            function(values, *more, rows, grads, dtype(0.3), manifold.code, manifold.radius, 0, 8)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)
        assert inside(manifold, found[rows])
        assert not (found == table).all()


@each_manifold
def test_projection_is_the_nearest_point_and_changes_nothing_inside(manifold):
    rows = np.random.default_rng(1).standard_normal((200, 4)) * 2
    once = manifold.project(rows)
    assert inside(manifold, once)
    np.testing.assert_allclose(manifold.project(once), once, atol=1e-12)
    # No point that may be is nearer than the projection.
    others = manifold.project(np.random.default_rng(2).standard_normal((500, 4)) * 2)
    assert (np.linalg.norm(rows - once, axis=1)[:, None] <= np.linalg.norm(rows[:, None] - others, axis=2) + 1e-9).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_in_the_ball_is_shorter_near_the_boundary(name):
    """Riemannian: the gradient at 0 counts a quarter, next to the boundary nearly nothing."""
    table = np.array([[0.0, 0.0], [0.99, 0.0]])
    optimizer = OPTIMIZERS[name]({"table": table}, {"table": 0.1}, {"table": Poincare()})
    if name == "adagrad":
        optimizer.state["table.squares"][...] = 1
    optimizer.step([Rows("table", np.arange(2), np.array([[0.0, 1.0], [0.0, 1.0]]))], 1.0)
    moved = np.abs(table[:, 1])
    assert moved[0] == pytest.approx(0.025, rel=0.05)
    assert moved[1] < moved[0] / 1000


def test_a_zero_row_stays_zero_on_the_sphere():
    assert not Sphere().project(np.zeros((1, 3))).any()
    table = np.zeros((1, 3), np.float32)
    sgd_rows(table, np.array([0]), np.zeros((1, 3), np.float32), np.float32(0.1), Sphere().code, 1.0, 0, 1)
    assert not table.any()
