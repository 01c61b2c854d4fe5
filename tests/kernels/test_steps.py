"""Adagrad on some rows against its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import threads as pool
from awase.kernels.steps import adagrad_rows, adagrad_rows_twin


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.integers(0, 9), unique=True, max_size=10),
    dim=st.integers(1, 9),
    threads=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-15, 1.0, 1e6]),
)
def test_equals_the_twin_for_any_threads(rows, dim, threads, seed, scale):
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((10, dim), np.float32)
    squares = rng.uniform(0, 1, (10, dim)).astype(np.float32)
    rows = np.array(rows, np.int64)
    grads = rng.standard_normal((len(rows), dim), np.float32) * np.float32(scale)
    states = [(table.copy(), squares.copy()) for _ in range(3)]
    pool.run(threads, len(rows), lambda a, b: adagrad_rows(*states[0], rows, grads, np.float32(0.1), 0, 0.0, a, b))
    adagrad_rows(*states[1], rows, grads, np.float32(0.1), 0, 0.0, 0, len(rows))
    adagrad_rows_twin(*states[2], rows, grads, np.float32(0.1), 0, 0.0, 0, len(rows))
    for one, alone, expected, before in zip(*states, (table, squares)):
        assert one.tobytes() == alone.tobytes()
        np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)
        untouched = np.setdiff1d(np.arange(10), rows)
        assert (one[untouched] == before[untouched]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_step_has_the_size_of_the_rate(dtype):
    """g / sqrt(g²), whatever the size of g; and nothing where the gradient is zero."""
    table, squares = np.zeros((1, 4), dtype), np.zeros((1, 4), dtype)
    adagrad_rows(table, squares, np.array([0]), np.array([[5.0, -1e-4, 1e8, 0.0]], dtype), dtype(0.1), 0, 0.0, 0, 1)
    np.testing.assert_allclose(table, [[-0.1, 0.1, -0.1, 0.0]], rtol=1e-6)
