"""Rows of a co-occurrence matrix, against the twin that defines them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.cooccur import cooccurrences, cooccurrences_twin, places_of

VOCABULARY = 5
SENTENCES = st.lists(st.lists(st.integers(-1, VOCABULARY - 1), min_size=1, max_size=9), min_size=1, max_size=5)


def rows(ids, bounds, first, last, near, context, most):
    """Dense rows as the kernels give them, and how many entries each has."""
    counts = np.bincount(ids[ids >= 0], minlength=VOCABULARY)[first:last]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    places, (left, right) = np.empty(starts[-1], np.int64), np.empty((2, starts[-1]), np.uint8)
    places_of(ids, bounds, first, last, len(near), starts, places, left, right)
    columns, values = np.empty(VOCABULARY**2, np.int32), np.empty(VOCABULARY**2, np.float32)
    row_starts = np.empty(last - first + 1, np.int64)
    cooccurrences(ids, starts, places, left, right, near, context, most, row_starts, columns, values)
    dense = np.zeros((last - first, VOCABULARY))
    for k in range(last - first):
        at = slice(row_starts[k], row_starts[k + 1])
        assert len(set(columns[at].tolist())) == row_starts[k + 1] - row_starts[k]
        dense[k, columns[at]] = values[at]
    return dense, np.diff(row_starts)


def corpus(sentences):
    ids = np.array([word for sentence in sentences for word in sentence], np.int32)
    return ids, np.concatenate([[0], np.cumsum([len(sentence) for sentence in sentences])]).astype(np.int64)


@settings(max_examples=80, deadline=None)
@given(SENTENCES, st.integers(1, 4), st.integers(0, VOCABULARY - 1))
def test_rows_equal_the_twin(sentences, window, first):
    ids, bounds = corpus(sentences)
    near = (1 - np.arange(window) / window).astype(np.float32)
    context = np.array([1, 0.5, 0, 2, 1], np.float32)
    found, _ = rows(ids, bounds, first, VOCABULARY, near, context, VOCABULARY)
    np.testing.assert_allclose(found, cooccurrences_twin(ids, bounds, first, VOCABULARY, near, context), atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.integers(1, 3))
def test_what_is_kept_of_a_row_are_its_largest(sentences, most):
    ids, bounds = corpus(sentences)
    near, context = np.array([1.0, 0.4], np.float32), np.array([1.0, 1.1, 1.2, 1.3, 1.4], np.float32)
    whole, _ = rows(ids, bounds, 0, VOCABULARY, near, context, VOCABULARY)
    some, n = rows(ids, bounds, 0, VOCABULARY, near, context, most)
    assert (n <= most).all()
    for full, kept in zip(whole, some):
        assert set(kept[kept > 0]) <= set(full)
        left_out = full[(kept == 0) & (full > 0)]
        # Those that tie at the edge all go, so something may be left out that is no larger than what is kept.
        assert not len(left_out) or not kept.any() or left_out.max() <= kept[kept > 0].min() + 1e-6


def test_a_window_ends_with_the_sentence_and_a_word_is_no_neighbour_of_itself():
    ids, bounds = corpus([[0, 1, 1], [2, 0]])
    near, context = np.array([1.0, 0.5], np.float32), np.ones(VOCABULARY, np.float32)
    found, _ = rows(ids, bounds, 0, 3, near, context, VOCABULARY)
    assert found[:, :3].tolist() == [[0, 1.5, 1], [1.5, 0, 0], [1, 0, 0]]
