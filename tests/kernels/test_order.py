"""The kernels of order embeddings compute what their twins do."""

import numpy as np
import pytest
from side_by_side import compare

from awase.kernels.draws import alias_table, key
from awase.kernels.manifolds import NONNEGATIVE
from awase.kernels.order import corrupt_edges, order_batches, order_batches_twin
from awase.kernels.sets import contains, pair_set

N = 40


def links(seed):
    """Children, parents, and what is known of them; node 0 lies below every other."""
    rng = np.random.default_rng(seed)
    pairs = np.unique(np.vstack([rng.integers(0, N, (90, 2)), [(0, i) for i in range(1, N)]]), axis=0)
    children, parents = np.ascontiguousarray(pairs[pairs[:, 0] != pairs[:, 1]].T)
    own = np.arange(N)
    below, above = np.concatenate([children, own]), np.concatenate([parents, own])
    return children, parents, pair_set(np.concatenate([below, N + above]), np.concatenate([above, below]), N)


def given(dim, n_negatives, turned, seed=0):
    """All arguments but the range of batches. Squares start above 0, where the first step of a gradient that rounds to 0 has any sign."""
    rng = np.random.default_rng(seed)
    children, parents, known = links(seed)
    table = (rng.random((N, dim)) * (rng.random((N, dim)) < 0.8)).astype(np.float32)
    table[3] = table[4]
    rows = rng.permutation(len(children))
    edges = np.array([0, 1, 4, 11, len(rows)])
    rates = np.array([0.1, 0.01, 0.2, 0.05], np.float32)
    return (
        table, np.full_like(table, 1e-3), children, parents, rows, edges, rates, *alias_table(np.ones(N)), known, key(seed, 1),
        n_negatives, turned, np.float32(0.7), NONNEGATIVE, 0.0,
    )  # fmt: skip


@pytest.mark.parametrize("dim", [1, 5, 16])
@pytest.mark.parametrize(("n_negatives", "turned"), [(1, True), (1, False), (60, True)])
def test_kernel_and_twin(dim, n_negatives, turned):
    found, expected = given(dim, n_negatives, turned), given(dim, n_negatives, turned)
    before = found[0].copy()
    compare(
        (lambda k: order_batches(*found, k, k + 1), {"table": found[0], "squares": found[1]}),
        (lambda k: order_batches_twin(*expected, k, k + 1), {"table": expected[0], "squares": expected[1]}),
        4,
        rtol=1e-4,
        atol=2e-6,
    )
    assert np.abs(found[0] - before).max() > 1e-2 and found[0].min() >= 0


def test_batches_in_two_calls_are_those_in_one():
    whole, halves = given(3, 5, True), given(3, 5, True)
    loss = order_batches(*whole, 0, 4)
    assert order_batches(*halves, 0, 1) + order_batches(*halves, 1, 4) == pytest.approx(loss, rel=1e-6)
    assert whole[0].tobytes() == halves[0].tobytes()


def test_corrupted_edges_do_not_hold_and_either_end_is_replaced():
    children, parents, known = links(2)
    rows = np.arange(len(children))
    anchors, items = np.empty(len(rows), np.int64), np.empty((len(rows), 4), np.int64)
    corrupt_edges(children, parents, *alias_table(np.ones(N)), known, N, key(0, 0), rows, anchors, items)
    turned = anchors >= N
    assert 0.3 < turned.mean() < 0.7
    assert (anchors % N == np.where(turned, parents, children)).all()
    assert (items[:, 0] % N == np.where(turned, children, parents)).all()
    assert ((items >= N) == turned[:, None])[items >= 0].all(), "an anchor and its candidates have one sign"
    own = set(zip(children.tolist(), parents.tolist()))
    for anchor, drawn in zip(anchors.tolist(), items[:, 1:].tolist()):
        for other in drawn:
            if other >= 0:
                low, high = (other, anchor) if anchor >= N else (anchor, other)
                assert (low % N, high % N) not in own and low != high
                assert not contains(known, anchor, other % N, N)
    hub = (children == 0) & ~turned
    assert (items[hub, 1:] == -1).all() and (items[~hub, 1:] >= 0).mean() > 0.9
    again = np.empty_like(items[:5])
    corrupt_edges(children, parents, *alias_table(np.ones(N)), known, N, key(0, 0), rows[:5], np.empty(5, np.int64), again)
    assert (again == items[:5]).all(), "what a row gets does not depend on the other rows"
