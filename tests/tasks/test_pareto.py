"""Dominated flags against their definition written as loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awase.core.errors import InputError
from awase.tasks.pareto import dominated

few = st.integers(0, 3)


@given(st.lists(st.tuples(few, few, few), max_size=8))
def test_equals_the_definition(systems):
    def beats(x, y):
        pairs = [(x[0], y[0]), (-x[1], -y[1]), (-x[2], -y[2])]
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    expected = [any(beats(other, one) for other in systems) for one in systems]
    assert dominated(*(list(column) for column in zip(*systems)) if systems else ([], [], [])).tolist() == expected


def test_bad_input():
    with pytest.raises(InputError, match=r"E0806: each system needs a quality, a size and a latency"):
        dominated([1.0], [1.0, 2.0], [1.0])
    with pytest.raises(InputError, match=r"(?s)E0806.*system 1"):
        dominated([1.0, np.nan], [1.0, 2.0], [1.0, 1.0])
