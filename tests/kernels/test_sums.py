"""Sums by row against their twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.encoders.gradient import summed
from awase.kernels.sums import sum_by_row, sum_by_row_twin


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.integers(0, 6), max_size=20), dim=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_equals_the_twin(rows, dim, seed):
    rows = np.array(rows, np.int64)
    values = np.random.default_rng(seed).standard_normal((len(rows), dim)).astype(np.float32)
    made = []
    for kernel in (sum_by_row, sum_by_row_twin):
        distinct, sums = np.full(len(rows), -1), np.full_like(values, np.nan)
        n = kernel(rows, np.argsort(rows, kind="stable"), values, distinct, sums)
        made.append((distinct[:n], sums[:n]))
    (distinct, sums), (expected, expected_sums) = made
    assert distinct.tolist() == expected.tolist() == sorted(set(rows.tolist()))
    np.testing.assert_allclose(sums, expected_sums, atol=1e-5)


def test_the_gradient_of_no_rows_is_empty():
    for values in (np.zeros((0, 3), np.float32), np.zeros(0, np.float32)):
        found = summed("table", np.empty(0, np.int64), values)
        assert len(found.rows) == 0 and found.values.shape == values.shape
