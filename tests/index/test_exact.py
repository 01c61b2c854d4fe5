"""Exact search against a plain matrix product, and its promise that a score depends on the query and the vector alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError
from awase.core.limits import MAX_K
from awase.index import exact
from awase.index.exact import Exact


def random(n, dim, seed=0):
    return np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)


def best(scores, k, mask=None):
    """The reference: sort everything; equal scores in the order of the rows."""
    scores = scores.copy()
    if mask is not None:
        scores[:, ~mask] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.where(np.take_along_axis(scores, order, 1) == -np.inf, -1, order)


@pytest.mark.parametrize("n_queries", [1, 3, 16, 17, 40])
@pytest.mark.parametrize("share", [None, 0.9, 0.1, 0.0])
def test_same_rows_as_sorting_everything(n_queries, share):
    vectors, queries = random(3000, 24), random(n_queries, 24, seed=1)
    mask = None if share is None else np.random.default_rng(2).random(3000) < share
    hits = Exact(vectors).search(queries, 20, mask)
    assert np.array_equal(hits.rows, best(queries @ vectors.T, 20, mask))
    found = hits.rows >= 0
    scores = np.einsum("qd,qkd->qk", queries, vectors[hits.rows])
    np.testing.assert_allclose(hits.scores[found], scores[found], rtol=1e-4, atol=1e-5)
    assert (hits.scores[~found] == -np.inf).all()
    assert hits.rows.dtype == np.int64
    assert hits.scores.dtype == np.float32


@settings(deadline=None)  # the first example compiles
@given(st.integers(1, 30), st.integers(1, 60), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_ties_go_to_the_lower_row(n_queries, n, dim, seed):
    # Small whole numbers: sums are exact in any order, so nearly everything ties.
    draw = np.random.default_rng(seed)
    vectors = draw.integers(-1, 2, (n, dim)).astype(np.float32)
    queries = draw.integers(-1, 2, (n_queries, dim)).astype(np.float32)
    assert np.array_equal(Exact(vectors).search(queries, 5).rows[:, :n], best(queries @ vectors.T, 5))


def test_scores_do_not_depend_on_batch_block_mask_or_history(monkeypatch):
    """Bit for bit: the matrix product is used to find candidates, never for the scores that are returned."""
    for dim in (1, 7, 16, 33, 256):
        vectors, queries = random(700, dim), random(40, dim, seed=1)
        vectors[350:] = vectors[:350]  # every vector twice, far apart: rounding must not separate the two
        whole = Exact(vectors)
        batch = whole.search(queries, 30)
        assert (batch.scores[:, ::2] == batch.scores[:, 1::2]).all()
        assert (batch.rows[:, ::2] + 350 == batch.rows[:, 1::2]).all()
        singles = [whole.search(query[None], 30) for query in queries]
        grown = Exact(vectors[:100])
        for start in range(100, 700, 150):
            grown.add(vectors[start : start + 150])
        with monkeypatch.context() as patch:
            patch.setattr(exact, "_BLOCK_SCORES", 1000)
            small_blocks = whole.search(queries, 30)
        for other in (
            small_blocks,
            grown.search(queries, 30),
            whole.search(queries, 30, np.ones(700, bool)),
            type(batch)(*(np.concatenate([getattr(one, part) for one in singles]) for part in batch._fields)),
        ):
            assert np.array_equal(batch.rows, other.rows)
            assert np.array_equal(batch.scores, other.scores)
        assert np.array_equal(whole.scores_of(queries, batch.rows), batch.scores)


def test_more_near_ties_than_candidates_are_all_looked_at():
    """Vectors that differ by less than a matrix product rounds, many more than are scored again."""
    one = random(1, 256)
    vectors = np.repeat(one, 5000, axis=0)
    vectors[:, 0] = np.nextafter(vectors[0, 0], np.float32(9)) if one[0, 0] > 0 else np.nextafter(vectors[0, 0], np.float32(-9))
    vectors[::7] = one
    queries = np.repeat(one, 20, axis=0)
    single = Exact(vectors).search(one, 100)
    batch = Exact(vectors).search(queries, 100)
    assert np.array_equal(batch.rows, np.repeat(single.rows, 20, axis=0))
    scores = np.empty((1, 5000), np.float32)
    exact.dots(vectors, one, scores)
    assert np.array_equal(single.rows, best(scores, 100))


def test_kernels_equal_their_twins():
    first, second, queries = random(50, 19), random(20, 19, seed=1), random(4, 19, seed=2)
    rows = np.random.default_rng(3).integers(-1, 70, (4, 12))
    for kernel, twin, arguments, shape in (
        (exact.dots, exact.dots_twin, (first, queries), (4, 50)),
        (exact.dots_of, exact.dots_of_twin, (first, second, rows, queries), (4, 12)),
    ):
        found, wanted = np.empty(shape, np.float32), np.empty(shape, np.float32)
        kernel(*arguments, found)
        twin(*arguments, wanted)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_add_and_delete_equal_a_fresh_index():
    vectors, queries = random(500, 16), random(30, 16, seed=1)
    index = Exact(vectors[:200])
    index.delete(np.arange(0, 200, 3))
    index.add(vectors[200:])
    index.delete(np.array([199, 200, 499]))
    kept = np.ones(500, bool)
    kept[0:200:3] = False
    kept[[199, 200, 499]] = False
    rows = np.flatnonzero(kept)
    fresh = Exact(vectors[rows]).search(queries, 25)
    hits = index.search(queries, 25)
    assert len(index) == 500
    assert index.n_deleted == 500 - len(rows)
    assert np.array_equal(hits.rows, rows[fresh.rows])
    assert np.array_equal(hits.scores, fresh.scores)
    only = index.search(queries, 300, np.arange(500) < 210)
    assert set(only.rows[only.rows >= 0]) == set(rows[rows < 210])
    again = Exact.from_arrays(index.arrays())
    assert np.array_equal(again.arrays()["vectors"], vectors)
    assert np.array_equal(again.search(queries, 25).rows, hits.rows)


def test_a_memory_map_is_searched_in_place(tmp_path):
    vectors = random(300, 8)
    vectors.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", np.float32, mode="r", shape=(300, 8))
    index = Exact(mapped)
    assert np.shares_memory(index.arrays()["vectors"], mapped)
    assert np.array_equal(index.search(vectors[:20], 1).rows[:, 0], Exact(vectors).search(vectors[:20], 1).rows[:, 0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nonfinite_is_refused_and_named(value):
    vectors = random(9, 4)
    vectors[[2, 7], 1] = value
    with pytest.raises(InputError) as caught:
        Exact(vectors)
    assert str(caught.value) == (
        f"E0701: vectors must be finite numbers\n  where: row 2, 7\n  value: {value!r}\n  to do: leave them out"
    )
    index = Exact(random(9, 4))
    with pytest.raises(InputError, match="E0701: queries must be finite numbers\n  where: row 2, 7\n"):
        index.search(vectors, 1)
    with pytest.raises(InputError, match="E0701: vectors must be finite numbers\n  where: row 11, 16\n"):
        index.add(vectors)
    vectors[:] = value
    with pytest.raises(InputError, match="row 0, 1, 2, 3, 4 and 4 more"):
        Exact(vectors)
    with pytest.raises(InputError, match="E0701"):
        index.search(np.full((1, 4), 1e300), 1)  # overflows float32
    assert len(index) == 9


def test_wrong_shapes_and_k_are_refused():
    index = Exact(random(5, 4))
    with pytest.raises(
        InputError, match=r"E0702: queries must be numbers in the shape \(n, 4\)\n  value: \('float32', \(2, 3\)\)"
    ):
        index.search(random(2, 3), 1)
    with pytest.raises(InputError, match="E0702"):
        index.search(random(1, 4)[0], 1)
    with pytest.raises(InputError, match=r"vectors must be numbers in the shape \(n, dim\)"):
        Exact(np.array([["a"]]))
    with pytest.raises(InputError, match=r"\(n, 4\)"):
        index.add(random(1, 5))
    for k in (0, -1, MAX_K + 1):
        with pytest.raises(ConfigError, match="E0703: k, the number of results, must be a whole number from 1 to 10,000"):
            index.search(random(1, 4), k)
    with pytest.raises(ConfigError, match="a mask must be 5 booleans, one a row"):
        index.search(random(1, 4), 1, np.ones(4, bool))


def test_nothing_and_zero():
    empty = Exact(np.empty((0, 4), np.float32))
    hits = empty.search(random(2, 4), 3)
    assert (hits.rows == -1).all()
    assert (hits.scores == -np.inf).all()
    assert Exact(random(5, 4)).search(np.empty((0, 4)), 3).rows.shape == (0, 3)
    zero = Exact(random(50, 4)).search(np.zeros((20, 4)), 3)  # every score is 0, so the first rows are the answer
    assert (zero.rows == [0, 1, 2]).all()
    assert (zero.scores == 0).all()
