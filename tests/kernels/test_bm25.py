import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import bm25

N_TERMS = 9
BAGS = st.lists(st.lists(st.integers(0, N_TERMS - 1), max_size=8), max_size=12)
KEEP = st.lists(st.booleans(), min_size=12, max_size=12).map(np.array)


def flat(bags):
    ids = np.array([i for bag in bags for i in bag], np.int32)
    return ids, np.cumsum([0, *map(len, bags)])


def assert_same(got, want):
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(deadline=None)
@given(BAGS)
def test_postings(bags):
    assert_same(bm25.postings(*flat(bags), N_TERMS), bm25.postings_twin(*flat(bags), N_TERMS))


def test_counts_stop_at_the_largest_that_fits():
    ids = np.zeros(70_000, np.int32)
    *_, counts = bm25.postings(ids, np.array([0, 69_990, 70_000]), 1)
    assert counts.tolist() == [65_535, 10]


@settings(deadline=None)
@given(BAGS, BAGS, KEEP, KEEP)
def test_merge(bags_a, bags_b, keep_a, keep_b):
    parts = [*bm25.postings(*flat(bags_a), N_TERMS), keep_a, *bm25.postings(*flat(bags_b), N_TERMS), keep_b]
    outs = []
    for function in (bm25.merge, bm25.merge_twin):
        out = [np.zeros(2 * N_TERMS, np.int32), np.zeros(2 * N_TERMS + 1, np.int64), *np.zeros((2, 200), np.uint16)]
        n_terms, n = function(*parts, *out)
        outs.append((out[0][:n_terms], out[1][: n_terms + 1], out[2][:n], out[3][:n]))
    assert_same(*outs)


@settings(deadline=None)
@given(BAGS, KEEP)
def test_count_kept(bags, keep):
    terms, starts, rows, _ = bm25.postings(*flat(bags), N_TERMS)
    got, want = np.full(len(terms), -1), np.full(len(terms), -2)
    bm25.count_kept(starts, rows, keep, got)
    bm25.count_kept_twin(starts, rows, keep, want)
    np.testing.assert_array_equal(got, want)


@settings(deadline=None)
@given(BAGS, st.lists(st.integers(0, 5), min_size=N_TERMS, max_size=N_TERMS).map(np.array))
def test_weigh(queries, frequencies):
    ids, offsets = flat(queries)
    outs = []
    for function in (bm25.weigh, bm25.weigh_twin):
        terms, weights = np.zeros(len(ids), np.int32), np.zeros(len(ids), np.float32)
        bounds = np.zeros(len(offsets), np.int64)
        n = function(ids, offsets, frequencies, 5, terms, weights, bounds)
        outs.append((terms[:n], weights[:n], bounds))
    assert_same(*outs)


@settings(deadline=None)
@given(BAGS, st.lists(st.integers(0, N_TERMS - 1), max_size=5, unique=True), KEEP)
def test_accumulate(bags, query, keep):
    parts = bm25.postings(*flat(bags), N_TERMS)
    norms = np.where(keep, np.linspace(0.3, 2, len(keep)), np.inf).astype(np.float32)
    weights = np.linspace(0.5, 3, len(query)).astype(np.float32)
    got, want = np.zeros((2, len(keep)), np.float32)
    found = bm25.accumulate(np.array(query, np.int32), weights, *parts, norms, got)
    assert found == bm25.accumulate_twin(np.array(query, np.int32), weights, *parts, norms, want)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    assert (got[~keep] == 0).all()


def test_long_postings_are_added_whole():
    n = 1000  # several times what is computed at once
    parts = bm25.postings(np.zeros(n, np.int32), np.arange(n + 1), 1)
    scores, norms = np.zeros(n, np.float32), np.linspace(0, 3, n, dtype=np.float32)
    bm25.accumulate(np.array([0], np.int32), np.float32([2]), *parts, norms, scores)
    np.testing.assert_allclose(scores, 2 / (1 + norms), rtol=1e-6)
