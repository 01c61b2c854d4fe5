"""Steps of TransE and TransD, and the corrupted triples they step on, against their twins."""

from itertools import product

import numpy as np
import pytest
from side_by_side import compare

from awase.kernels.corruption import corrupt, corrupt_twin
from awase.kernels.draws import alias_table, key
from awase.kernels.manifolds import BALL, FLAT, SPHERE
from awase.kernels.sets import pair_set
from awase.kernels.translation import translation_steps, translation_steps_twin

N_ENTITIES, N_RELATIONS, N = 9, 2, 48


@pytest.fixture(scope="module")
def graph():
    """What ``corrupt`` takes, up to the key."""
    rng = np.random.default_rng(0)
    heads, relations, tails = (rng.integers(0, n, N) for n in (N_ENTITIES, N_RELATIONS, N_ENTITIES))
    heads[:N_ENTITIES], relations[:N_ENTITIES], tails[:N_ENTITIES] = 0, 0, np.arange(N_ENTITIES)  # 0 is linked with all
    anchors = np.concatenate([heads + N_ENTITIES * (1 + relations), tails + N_ENTITIES * (1 + N_RELATIONS + relations)])
    known = pair_set(anchors, np.concatenate([tails, heads]), N_ENTITIES)
    return heads, relations, tails, np.array([0.5, 0.2]), *alias_table(np.ones(N_ENTITIES)), known


def test_corruption_equals_the_twin_and_fills_the_rows_given(graph):
    rows = np.arange(20)[::-1].copy()
    made = []
    for kernel in (corrupt, corrupt_twin):
        anchors, items = np.full(25, -7), np.full((25, 4), -7)
        kernel(*graph, N_ENTITIES, np.uint64(key(3, 1)), rows, anchors, items)
        made.append((anchors, items))
    for one, other in zip(*made):
        assert one.tolist() == other.tolist()
        assert (one[20:] == -7).all() and (one[:20] >= -1).all()
    assert (made[0][1] == -1).any(), "entity 0 has unknown tails"


def tables(projected, dim):
    rng = np.random.default_rng(2)
    sizes = (N_ENTITIES, N_RELATIONS, *((N_ENTITIES, N_RELATIONS) if projected else (1, 1)))
    made = [rng.standard_normal((n, dim), np.float32) for n in sizes]
    return tuple(table / np.linalg.norm(table, axis=1, keepdims=True) for table in made)


@pytest.mark.parametrize(("projected", "adagrad", "p", "batch"), list(product([False, True], [False, True], [1, 2], [1, 8])))
def test_steps_equal_the_twin(graph, projected, adagrad, p, batch):
    rows, edges = np.random.default_rng(3).permutation(N), np.arange(0, N + 1, batch)
    dim, n_batches = 5, N // batch
    codes, radii = np.array([BALL] * 4 if projected else [SPHERE, FLAT, FLAT, FLAT]), np.ones(4)
    full, schedule = np.array([0.1, 0.05, 0.2, 0.1]) * (1 if adagrad else 0.3), np.linspace(1, 0.2, n_batches)
    roads, start = [], tables(projected, dim)
    for kernel in (translation_steps, translation_steps_twin, translation_steps):
        of = tables(projected, dim)
        squares = tuple(
            np.full_like(table, 0.01) for table in of
        )  # from 0, a gradient that is only rounding takes a whole step
        given = (of, squares, full, codes, radii, projected, adagrad, p, np.float32(1), *graph, np.uint64(key(0, 0)), 2)
        roads.append(
            (
                lambda first, last, kernel=kernel, given=given: kernel(*given, rows, edges, schedule, first, last),
                {str(at): array for at, array in enumerate((*of, *squares))},
            )
        )
    totals = []

    def one(k):
        totals.append(roads[0][0](k, k + 1))
        return totals[-1]

    compare((one, roads[0][1]), (lambda k: roads[1][0](k, k + 1), roads[1][1]), n_batches, rtol=1e-4, atol=2e-6)
    half = n_batches // 2
    # Two calls: nothing may be left over from one batch, or call, to the next.
    assert roads[2][0](0, half) + roads[2][0](half, n_batches) == pytest.approx(sum(totals)) and sum(totals) > 0
    for at, found in roads[0][1].items():
        assert found.tobytes() == roads[2][1][at].tobytes()
        before = start[int(at)] if int(at) < 4 else np.full_like(found, 0.01)
        assert (found != before).any() == ((int(at) < 4 or adagrad) and len(found) > 1)


@pytest.mark.parametrize("dim", [1, 3, 64, 65])
def test_any_dimension_and_batches_larger_than_the_graph(graph, dim):
    """Vector instructions take some numbers of floats at once; the rest must not be lost."""
    made = []
    for kernel in (translation_steps, translation_steps_twin):
        of = tables(True, dim)
        rest = (np.full(4, 0.1), np.full(4, BALL), np.ones(4), True, False, 1, np.float32(1), *graph, np.uint64(key(0, 0)), 3)
        kernel(of, of, *rest, np.arange(N), np.array([0, N]), np.ones(1), 0, 1)
        made.append(of)
    for one, other in zip(*made):
        np.testing.assert_allclose(one, other, atol=1e-6)
