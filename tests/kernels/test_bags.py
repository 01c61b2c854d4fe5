"""Bags of rows: forward, backward and the turning inside out, against their twins and for any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import threads as pool
from awase.kernels.bags import bag_mean, bag_mean_twin, bag_pull, bag_pull_twin, group_by_token, group_by_token_twin

VOCABULARY = 7
# Token lists of up to six texts, and which of them make the batch: some not at all, some twice.
TEXTS = st.lists(st.lists(st.integers(0, VOCABULARY - 1), max_size=5), min_size=1, max_size=6)
BATCHES = TEXTS.flatmap(lambda texts: st.tuples(st.just(texts), st.lists(st.integers(0, len(texts) - 1), max_size=8)))
many = settings(max_examples=80, deadline=None)


def tokens(texts, chosen):
    ids = np.array([token for text in texts for token in text], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    return ids, offsets, np.array(chosen, np.int64)


def parameters(dim=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((VOCABULARY, dim), np.float32), rng.uniform(0.5, 2, VOCABULARY).astype(np.float32)


@many
@given(BATCHES, st.integers(1, 3))
def test_mean_equals_the_twin_for_any_threads(batch, threads):
    ids, offsets, items = tokens(*batch)
    table, weights = parameters()
    found, expected = np.full((2, len(items), 3), np.nan, np.float32)
    pool.run(threads, len(items), lambda a, b: bag_mean(table, weights, ids, offsets, items, a, b, found))
    bag_mean_twin(table, weights, ids, offsets, items, 0, len(items), expected)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    alone = np.empty_like(found)
    bag_mean(table, weights, ids, offsets, items, 0, len(items), alone)
    assert found.tobytes() == alone.tobytes()


@many
@given(BATCHES)
def test_grouping_equals_the_twin(batch):
    ids, offsets, items = tokens(*batch)
    counts = np.zeros(VOCABULARY, np.int64)
    found = group_by_token(ids, offsets, items, counts)
    assert not counts.any(), "the scratch was not cleared"
    for one, other in zip(found, group_by_token_twin(ids, offsets, items, counts)):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()


@many
@given(BATCHES, st.integers(1, 3))
def test_pull_equals_the_twin_for_any_threads(batch, threads):
    ids, offsets, items = tokens(*batch)
    table, weights = parameters()
    rows, starts, places = group_by_token(ids, offsets, items, np.zeros(VOCABULARY, np.int64))
    dV = np.random.default_rng(1).standard_normal((len(items), 3), np.float32)
    shares = np.random.default_rng(2).uniform(0.1, 1, len(items)).astype(np.float32)
    given = (table, weights, rows, starts, places, shares, dV)
    found, expected, alone = (
        (np.full((len(rows), 3), np.nan, np.float32), np.full(len(rows), np.nan, np.float32)) for _ in range(3)
    )
    pool.run(threads, len(rows), lambda a, b: bag_pull(*given, a, b, *found))
    bag_pull_twin(*given, 0, len(rows), *expected)
    bag_pull(*given, 0, len(rows), *alone)
    for one, other, same in zip(found, expected, alone):
        np.testing.assert_allclose(one, other, atol=1e-5)
        assert one.tobytes() == same.tobytes()


@pytest.mark.parametrize("dim", [1, 2, 64, 255])
def test_any_dimension(dim):
    """Vector instructions take some numbers of floats at once; the rest must not be lost."""
    table, weights = parameters(dim)
    ids, offsets, items = tokens([[0, 1, 1], [], [6]], [0, 1, 2])
    found, expected = np.empty((2, 3, dim), np.float32)
    bag_mean(table, weights, ids, offsets, items, 0, 3, found)
    bag_mean_twin(table, weights, ids, offsets, items, 0, 3, expected)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not found[1].any()
