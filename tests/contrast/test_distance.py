"""Distances where they are hardest: of equal vectors, in float32."""

import numpy as np
import pytest

from awase.contrast.scores import Distance


@pytest.mark.parametrize("squared", [False, True])
def test_equal_rows_are_at_no_distance_however_they_are_rounded(squared):
    """|a|² + |c|² - 2 a·c falls below zero by rounding: its root is no number, and a score above 0 would be nearer than equal."""
    rng = np.random.default_rng(0)
    A = (rng.standard_normal((64, 33)) * 10.0 ** rng.uniform(-2, 2, (64, 1))).astype(np.float32)
    squares = (A * A).sum(axis=1)
    assert ((squares[:, None] + squares - 2 * (A @ A.T)) < 0).any(), "rounding never falls below zero: this shows nothing"
    score = Distance(squared=squared)
    S = score(A, A)
    assert np.isfinite(S).all() and (S <= 0).all()
    dA, dC = score.pull(A, A, S, np.ones_like(S))
    assert np.isfinite(dA).all() and np.isfinite(dC).all()
    own = score(A, A[:, None, :])  # of candidates of its own the difference is taken first, which is exact
    assert (own == 0).all()
