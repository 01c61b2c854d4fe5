"""How many candidates stand ahead, against the twin, on scores full of ties and infinities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.ranks import count_ahead, count_ahead_twin


def lists(data, n_rows, n, *, repeat):
    rows = [data.draw(st.lists(st.integers(0, n - 1), max_size=5, unique=not repeat)) for _ in range(n_rows)]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return starts, np.array([column for row in rows for column in row], np.int64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.integers(1, 40), st.data())
def test_equals_the_twin(dtype, n_rows, n, data):
    level = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, np.inf])
    scores = np.array([[data.draw(level) for _ in range(n)] for _ in range(n_rows)], dtype).reshape(n_rows, n)
    given = (scores, *lists(data, n_rows, n, repeat=True), *lists(data, n_rows, n, repeat=False))
    found, wanted = (np.full((3, len(given[2])), -7) for _ in range(2))
    count_ahead(*given, *found)
    count_ahead_twin(*given, *wanted)
    assert found.tolist() == wanted.tolist()
