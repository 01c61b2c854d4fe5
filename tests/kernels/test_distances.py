"""Distances of all to all, against their twin."""

import numpy as np
import pytest

from awase.contrast.scores import Distance
from awase.kernels.distances import manhattan, manhattan_twin


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (4, 1, 64), (0, 3, 2), (3, 0, 2)])
def test_it_equals_the_twin_and_is_what_the_score_takes(shape):
    b, c, d = shape
    rng = np.random.default_rng(0)
    A, C = rng.standard_normal((b, d), np.float32), rng.standard_normal((c, d), np.float32)
    found, expected = np.full((2, b, c), np.nan, np.float32)
    manhattan(A, C, found)
    manhattan_twin(A, C, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(Distance(p=1)(A, C), -expected, rtol=1e-5)
    np.testing.assert_allclose(Distance(p=1)(A.astype(np.float64), C.astype(np.float64)), -expected, rtol=1e-5)
