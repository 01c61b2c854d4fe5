from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.topk import gather_topk, next_reaching, rank_topk, topk_twin


def empty(n_queries, k):
    return np.full((n_queries, k), -np.inf, np.float32), np.full((n_queries, k), -1, np.int64)


# Few distinct values, so that ties are everywhere; -inf and NaN are not candidates.
SCORES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0, np.nan])


@settings(deadline=None)  # the first call compiles
@given(
    st.integers(1, 3).flatmap(
        lambda q: st.integers(0, 150).flatmap(
            lambda n: st.lists(st.lists(SCORES, min_size=n, max_size=n), min_size=q, max_size=q).map(
                lambda rows: np.array(rows, np.float32).reshape(q, n)
            )
        )
    ),
    st.integers(0, 9),
    st.lists(st.integers(0, 150), max_size=4),
    st.randoms(use_true_random=False),
)
def test_blocks_in_any_order_give_what_sorting_the_whole_gives(scores, k, cuts, random):
    n_queries, n_rows = scores.shape
    want_scores, want_rows = topk_twin(scores, k)
    bounds = sorted({0, n_rows, *(c for c in cuts if c < n_rows)})
    blocks = list(pairwise(bounds))
    random.shuffle(blocks)
    best_scores, best_rows = empty(n_queries, k)
    for begin, end in blocks:
        gather_topk(scores[:, begin:end], begin, best_scores, best_rows)
    rank_topk(best_scores, best_rows)
    np.testing.assert_array_equal(best_rows, want_rows)
    np.testing.assert_array_equal(best_scores, want_scores)


@pytest.mark.parametrize("k", [1, 10, 100, 700])
def test_equals_a_stable_sort_of_random_scores(k):
    scores = np.random.default_rng(0).standard_normal((3, 600)).astype(np.float32).round(1)
    best_scores, best_rows = empty(3, k)
    for begin in range(0, 600, 170):
        gather_topk(scores[:, begin : begin + 170], begin, best_scores, best_rows)
    rank_topk(best_scores, best_rows)
    for q in range(3):
        order = np.argsort(-scores[q], kind="stable")[:k]
        np.testing.assert_array_equal(best_rows[q, : len(order)], order)
        np.testing.assert_array_equal(best_scores[q, : len(order)], scores[q, order])
        assert (best_rows[q, len(order) :] == -1).all() and np.isneginf(best_scores[q, len(order) :]).all()


@pytest.mark.parametrize("at", [0, 63, 64, 65, 127, 199])
def test_next_reaching_finds_the_one_wherever_it_is(at):
    scores = np.zeros(200, np.float32)
    scores[at] = 1
    assert next_reaching(scores, 0, np.float32(1)) == at
    assert next_reaching(scores, at, np.float32(1)) == at
    assert next_reaching(scores, at + 1, np.float32(1)) == 200
