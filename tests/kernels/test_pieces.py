"""Learning merges: the fast kernel against counting anew, on words made to overlap and to tie."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.pieces import learn_merges, learn_merges_twin

WORDS = st.lists(st.tuples(st.lists(st.integers(-1, 3), max_size=9), st.integers(1, 5)), max_size=12)


def laid_out(words):
    starts = np.cumsum([0, *(len(word) for word, _ in words)], dtype=np.int64)
    symbols = np.array([symbol for word, _ in words for symbol in word], np.int32)
    return symbols, starts, np.array([weight for _, weight in words], np.int64)


@settings(deadline=None, max_examples=300)
@given(WORDS, st.integers(0, 20), st.integers(1, 4))
def test_merges_equal_the_twin(words, most, least):
    symbols, starts, weights = laid_out(words)
    merges = learn_merges(symbols, starts, weights, 4, most, least)
    assert merges.tolist() == learn_merges_twin(symbols, starts, weights, 4, most, least).tolist()


def test_many_distinct_pairs_make_the_table_grow():
    random = np.random.default_rng(0)
    words = [(random.integers(0, 300, 8).tolist(), 1) for _ in range(8000)]
    merges = learn_merges(*laid_out(words), 300, 300, 1)
    assert len(merges) == 300
    assert merges[:3].tolist() == learn_merges_twin(*laid_out(words), 300, 3, 1).tolist()


def test_a_run_is_merged_from_the_left():
    symbols, starts, weights = laid_out([([0, 0, 0, 1], 2)])
    assert learn_merges(symbols, starts, weights, 2, 9, 1).tolist() == [[0, 0], [0, 1], [2, 3]]
