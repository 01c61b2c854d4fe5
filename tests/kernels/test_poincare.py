"""The kernel of Poincaré embeddings computes what its twin does."""

import numpy as np
import pytest

from awase.kernels.draws import alias_table, key
from awase.kernels.manifolds import POINCARE
from awase.kernels.poincare import poincare_batches, poincare_batches_twin
from awase.kernels.sets import pair_set

N, RADIUS = 40, 1 - 1e-5


def given(dim, n_negatives, seed=0, spread=0.5):
    """All arguments but the range of batches. Node 0 is linked to every other; some nodes share a place, some lie at the edge."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-spread, spread, (N, dim)) / np.sqrt(dim)
    table[3], table[5] = table[4], table[6]
    table[7:9] *= RADIUS / np.linalg.norm(table[7:9], axis=1, keepdims=True)
    pairs = np.unique(np.vstack([rng.integers(0, N, (90, 2)), [(0, i) for i in range(1, N)], [(3, 4), (6, 5)]]), axis=0)
    anchors, targets = np.ascontiguousarray(pairs[pairs[:, 0] != pairs[:, 1]].T)
    rows = rng.permutation(len(anchors))
    edges = np.array([0, 1, 4, 11, len(rows)])
    own = np.arange(N)
    known = pair_set(np.concatenate([anchors, own]), np.concatenate([targets, own]), N)
    return (
        table, anchors, targets, rows, edges, np.array([0.5, 0.1, 2.0, 1.0]), *alias_table(rng.random(N)), known, key(seed, 1),
        n_negatives, POINCARE, RADIUS,
    )  # fmt: skip


@pytest.mark.parametrize("dim", [1, 2, 5, 10])
@pytest.mark.parametrize("n_negatives", [1, 7, 60])
def test_kernel_and_twin(dim, n_negatives):
    found, expected = given(dim, n_negatives), given(dim, n_negatives)
    before = found[0].copy()
    loss = poincare_batches(*found, 0, 4)
    assert loss == pytest.approx(poincare_batches_twin(*expected, 0, 4), rel=1e-9)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-10)
    assert np.abs(found[0] - before).max() > 1e-2
    assert np.linalg.norm(found[0], axis=1).max() <= RADIUS + 1e-15


def test_batches_in_two_calls_are_those_in_one():
    whole, halves = given(3, 5), given(3, 5)
    loss = poincare_batches(*whole, 0, 4)
    assert poincare_batches(*halves, 0, 1) + poincare_batches(*halves, 1, 4) == pytest.approx(loss, rel=1e-12)
    assert whole[0].tobytes() == halves[0].tobytes()
    assert poincare_batches(*whole, 4, 4) == 0


def test_a_node_that_is_linked_to_all_others_pays_nothing_and_stays():
    """It has no negatives: the softmax is over its own target alone."""
    arguments = list(given(3, 5))
    from_hub = np.flatnonzero(arguments[1] == 0)
    arguments[3], arguments[4], arguments[5] = from_hub, np.array([0, len(from_hub)]), np.array([1.0])
    before = arguments[0].copy()
    assert poincare_batches(*arguments, 0, 1) == 0
    np.testing.assert_allclose(arguments[0], before, atol=1e-15)


def test_the_widest_distance_inside_the_ball_is_finite():
    arguments = list(given(2, 3))
    arguments[0][:] = np.where(np.arange(N)[:, None] % 2, 1.0, -1.0) * np.array([RADIUS, 0])
    arguments[5][:] = 1e6
    assert np.isfinite(poincare_batches(*arguments, 0, 4)) and np.isfinite(arguments[0]).all()
    assert np.linalg.norm(arguments[0], axis=1).max() <= RADIUS + 1e-15
