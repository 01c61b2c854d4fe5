"""Which candidates of a batch are known to belong together, against the twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.masks import known_pairs, known_pairs_twin

N_ANCHORS, N_ITEMS = 4, 6


@settings(max_examples=120, deadline=None)
@given(
    known=st.lists(st.lists(st.integers(0, N_ITEMS - 1), max_size=4), min_size=N_ANCHORS, max_size=N_ANCHORS),
    items=st.lists(st.integers(0, N_ITEMS - 1), unique=True, min_size=1),
    anchors=st.lists(st.integers(0, N_ANCHORS - 1), max_size=6),
    data=st.data(),
)
def test_equals_the_twin(known, items, anchors, data):
    target = np.array([data.draw(st.integers(0, len(items) - 1)) for _ in anchors], np.int64)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in known])]).astype(np.int64)
    flat = np.array([item for one in known for item in one], np.int64)
    scratch = np.full(N_ITEMS, -1, np.int64)
    given = (np.array(anchors, np.int64), target, np.array(items, np.int64), starts, flat)
    found = known_pairs(*given, scratch)
    assert (scratch == -1).all(), "the scratch was not cleared"
    for one, other in zip(found, known_pairs_twin(*given, scratch)):
        assert one.dtype == np.int64
        assert one.tolist() == other.tolist()
