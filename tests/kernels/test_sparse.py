"""Sparse products, the counting sort behind them, and the step on the sphere, against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import threads as pool
from awase.kernels.sparse import (
    csr_times,
    csr_times_twin,
    group_by_row,
    group_by_row_twin,
    sphere_step,
    sphere_step_twin,
)

ROWS, COLUMNS = 6, 5
ENTRIES = st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), max_size=20)


def grouped(entries, by=group_by_row):
    rows, columns = np.array(entries, np.int64).reshape(-1, 2).T
    starts, out, order = np.zeros(ROWS + 1, np.int64), np.empty(len(rows), np.int32), np.empty(len(rows), np.int64)
    by(rows, columns, ROWS, starts, out, order)
    return starts, out, order


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_sorting_by_row_equals_the_twin(entries):
    for one, other in zip(grouped(entries), grouped(entries, group_by_row_twin)):
        assert one.tolist() == other.tolist()


@settings(max_examples=60, deadline=None)
@given(ENTRIES, st.integers(1, 3), st.sampled_from([1, 3, 8]))
def test_the_product_equals_the_twin_and_the_dense_one_for_any_threads(entries, threads, dim):
    starts, columns, order = grouped(entries)
    rng = np.random.default_rng(0)
    values, X = rng.random(len(columns), np.float32), rng.standard_normal((COLUMNS, dim), np.float32)
    found, expected = np.full((2, ROWS, dim), np.nan, np.float32)
    pool.run(threads, ROWS, lambda a, b: csr_times(starts, columns, values, X, a, b, found))
    csr_times_twin(starts, columns, values, X, 0, ROWS, expected)
    dense = np.zeros((ROWS, COLUMNS))
    for at, entry in enumerate(order):
        dense[entries[entry]] += values[at]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found, dense @ X, atol=1e-5)


@pytest.mark.parametrize("rate", [0.8, 0.01, 1.0])
def test_a_step_on_the_sphere_equals_the_twin_and_is_as_long_as_the_rate(rate):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 7)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    G = rng.standard_normal((50, 7)).astype(np.float32)
    before, twin = X.copy(), X.copy()
    sphere_step(X, G, rate, 0, 50)
    sphere_step_twin(twin, G, rate, 0, 50)
    np.testing.assert_allclose(X, twin, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose((X * before).sum(axis=1), np.sqrt(1 - rate**2), atol=1e-5)
    assert ((X * G).sum(axis=1) < (before * G).sum(axis=1) + 1e-6).all() or rate == 1.0


def test_a_row_without_a_gradient_along_the_sphere_stays():
    X = np.eye(3, dtype=np.float32)
    G = np.array([[5, 0, 0], [0, 0, 0], [1, 0, 0]], np.float32)  # along the row, none, across
    sphere_step(X, G, 0.6, 0, 3)
    np.testing.assert_allclose(X, [[1, 0, 0], [0, 1, 0], [-0.6, 0, 0.8]], atol=1e-6)
