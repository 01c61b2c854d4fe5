"""Sets of pairs against Python's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awase.core.errors import LimitError
from awase.kernels.sets import contains, pair_set


@given(pairs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=60))
def test_it_holds_what_was_put_in_and_nothing_else(pairs):
    a, b = (np.array(side, np.int64) for side in (zip(*pairs) if pairs else ((), ())))
    table, inside = pair_set(a, b, 7), set(pairs)
    assert all(contains(table, x, y, 7) == ((x, y) in inside) for x in range(31) for y in range(7))


def test_large_codes_and_many_of_them():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2**40, 100_000), rng.integers(0, 2**20, 100_000)
    table = pair_set(a, b, 2**20)
    assert all(contains(table, x, y, 2**20) for x, y in zip(a[::50], b[::50]))
    assert not any(contains(table, x, y, 2**20) for x, y in zip(a[::50] + 1, b[::50]))


def test_codes_that_do_not_fit_are_refused():
    with pytest.raises(LimitError, match="E0521: there are too many items and relations to number all their pairs"):
        pair_set(np.array([2**50]), np.array([0]), 2**20)
