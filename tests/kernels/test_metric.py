"""Fused metric learning against its twin in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from side_by_side import compare

from awase.kernels import draws, manifolds, sets
from awase.kernels.metric import metric_batches, metric_batches_twin

N_USERS, N_ITEMS = 7, 12


def problem(seed, *, n=40, dim=5, batch=4, scale=0.6):
    """(table, squares, what follows them up to the key) for random links; user 0 has all items, so no negative is left for it.

    The squares do not start at 0, where a gradient that is only rounding gives a whole step.
    """
    rng = np.random.default_rng(seed)
    links = np.unique(rng.integers(0, [N_USERS, N_ITEMS], (n, 2)), axis=0)
    links = np.unique(np.vstack([links, [(0, item) for item in range(N_ITEMS)]]), axis=0)
    heads, tails = np.ascontiguousarray(links.T)
    table = (rng.standard_normal((N_USERS + N_ITEMS, dim)) * scale / np.sqrt(dim)).astype(np.float32)
    rows = rng.permutation(len(heads))
    edges = np.append(np.arange(0, len(heads), batch), len(heads))
    rates = np.linspace(0.1, 0.01, len(edges) - 1).astype(np.float32)
    share, alias = draws.alias_table(np.ones(N_ITEMS))
    known = sets.pair_set(heads, tails, N_ITEMS)
    key = draws.key(seed, 3)
    return table, np.full_like(table, 0.1), (heads, tails, N_USERS, rows, edges, rates, share, alias, known, key)


def run(table, squares, given, settings, first=0, last=None):
    return metric_batches(table, squares, *given, *settings, first, len(given[4]) - 1 if last is None else last)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    batch=st.sampled_from([1, 3, 100]),
    dim=st.sampled_from([4, 8, 33]),
    n_negatives=st.sampled_from([1, 4, 30]),
    margin=st.sampled_from([0.1, 1.5]),
    n_ranked=st.sampled_from([0, N_ITEMS]),
    radius=st.sampled_from([0.5, 1.0]),
)
def test_batches_equal_the_twin(seed, batch, dim, n_negatives, margin, n_ranked, radius):
    table, squares, given = problem(seed, batch=batch, dim=dim)
    double, double_squares = table.astype(np.float64), squares.astype(np.float64)
    wanted = (n_negatives, np.float32(margin), n_ranked, manifolds.BALL, radius)
    compare(
        (lambda k: run(table, squares, given, wanted, k, k + 1), {"table": table, "squares": squares}),
        (
            lambda k: metric_batches_twin(double, double_squares, *given, *wanted, k, k + 1),
            {"table": double, "squares": double_squares},
        ),
        len(given[4]) - 1,
        rtol=1e-4,
        atol=1e-5,
    )


def test_no_row_ever_leaves_the_ball():
    table, squares, given = problem(0, batch=2, dim=8, scale=2.0)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1)
    longest = 0.0
    for batch in range(len(given[4]) - 1):
        run(table, squares, given, (5, np.float32(1.9), N_ITEMS, manifolds.BALL, 1.0), batch, batch + 1)
        longest = max(longest, float(np.linalg.norm(table, axis=1).max()))
    assert 0.99 < longest <= 1 + 1e-6


def test_without_negatives_nothing_moves():
    """The user who has every item is masked; the others learn."""
    table, squares, given = problem(1, batch=1)
    before, heads = table.copy(), given[0]
    settings = (5, np.float32(1.9), N_ITEMS, manifolds.BALL, 1.0)
    assert run(table, squares, given, settings) > 0
    assert (table[0] == before[0]).all() and (table[1:N_USERS] != before[1:N_USERS]).any()
    alone = [array[heads == 0] for array in given[:2]]
    n = len(alone[0])
    only = (*alone, N_USERS, np.arange(n), np.arange(n + 1), np.ones(n, np.float32), *given[6:])
    table[...], squares[...] = before, 0
    assert run(table, squares, only, settings) == 0.0
    assert table.tobytes() == before.tobytes() and not squares.any()


def test_a_range_of_batches_is_part_of_the_whole():
    """So that threads may share them out, and a run may be broken anywhere."""
    settings = (5, np.float32(1.0), N_ITEMS, manifolds.BALL, 1.0)
    whole, parts = problem(2), problem(2)
    total = run(*whole, settings)
    middle = 4
    halves = run(*parts, settings, 0, middle) + run(*parts, settings, middle)
    assert whole[0].tobytes() == parts[0].tobytes() and whole[1].tobytes() == parts[1].tobytes()
    assert halves == pytest.approx(total, rel=1e-12)


def test_the_weight_is_the_logarithm_of_the_rank():
    """One user at the origin, its item at distance² 1, all others at 0.25: every drawn item is an impostor, so the rank is all items."""
    table = np.zeros((1 + 4, 2), np.float32)
    table[1], table[2:] = (1, 0), (0, 0.5)
    share, alias = draws.alias_table(np.ones(4))
    links = np.array([0]), np.array([0])
    given = (
        *links,
        1,
        np.array([0]),
        np.array([0, 1]),
        np.float32([0.0]),
        share,
        alias,
        sets.pair_set(*links, 4),
        np.uint64(5),
    )
    for n_ranked, weight in ((0, 1.0), (4, np.log(5)), (1000, np.log(1001))):
        total = run(table.copy(), np.zeros_like(table), given, (6, np.float32(0.5), n_ranked, manifolds.FLAT, 0.0))
        assert total == pytest.approx(weight * (0.5 + 1 - 0.25), rel=1e-6)
