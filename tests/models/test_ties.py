"""Equal rows have equal scores wherever they stand, and equal scores keep the order of the rows."""

import numpy as np
import pytest

from awase.apps import graph
from awase.apps.systems import Dense, Passing
from awase.contrast.encoders import Translated
from awase.contrast.scores import Cosine, Distance, Dot
from awase.index.exact import Exact
from awase.models.geometry import GEOMETRIES, tied
from awase.models.table import TableModel
from awase.serve.vectors import cosines
from awase.tasks.link_prediction import Triples, link_prediction
from awase.tasks.recommendation import Interactions, recommendation

DIMS = [1, 3, 50, 100, 257]


def rows(n, dim, seed=0):
    """A third of the rows are one vector, at any place."""
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((n, dim)).astype(np.float32) / np.float32(10 * dim**0.5)
    same = np.sort(rng.permutation(n)[: n // 3])
    table[same] = table[same[0]]
    return table, same


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_neighbours(geometry, dim):
    table, same = rows(101, dim)
    names = ["entities", "relations"] if geometry.startswith("translation") else ["nodes"]
    model = TableModel(dict.fromkeys(names, table), {name: [f"n{i}" for i in range(101)] for name in names}, geometry=geometry)
    asked = next(i for i in range(101) if i not in same)
    found = [one for one in model.neighbours(f"n{asked}", 100) if int(one.name[1:]) in same]
    assert [int(one.name[1:]) for one in found] == same.tolist()
    assert len({one.score for one in found}) == 1


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_search(n_queries, dim):
    table, same = rows(1000, dim)
    queries = np.random.default_rng(1).standard_normal((n_queries, dim)).astype(np.float32)
    hits = Exact(table).search(queries, 1000)
    for of, scores in zip(hits.rows, hits.scores):
        at = np.isin(of, same)
        assert (np.diff(of[at]) > 0).all() and len(set(scores[at].tolist())) == 1


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("score", [Dot(), Cosine(), Distance(), Distance(squared=True), Distance(p=1)], ids=repr)
def test_ranks_of_triples_and_of_items_count_ties(score, dim):
    table, same = rows(301, dim)
    encoder = Translated(entities=table, relations=np.zeros((1, dim), np.float32))
    heads = np.setdiff1d(np.arange(301), same)[:60]
    test = Triples(heads, np.zeros(60, np.int64), np.full(60, same[5]))
    found = link_prediction(graph.scorer(encoder, score), test, [], 301)
    assert (found.pessimistic[:, 1] - found.optimistic[:, 1] >= len(same) - 1).all()
    users = np.arange(60)
    of = recommendation(
        lambda some: tied(score(table[heads[some]], table), table),
        Interactions(users[:0], users[:0]),
        Interactions(users, test.tails),
        60,
        301,
    )
    again = recommendation(
        lambda some: tied(score(table[heads[some]], table), table),
        Interactions(users[:0], users[:0]), Interactions(users, np.full(60, same[-1])), 60, 301,
    )  # fmt: skip
    for metric, values in of.values.items():
        np.testing.assert_array_equal(values, again.values[metric], err_msg="equal items are as good as each other")


def test_the_scores_that_a_server_ranks_by():
    table, same = rows(101, 256)
    assert len(set(cosines(table[0] + 1, table)[same].tolist())) == 1


def test_what_is_encoded_block_by_block_is_found_as_what_is_kept(monkeypatch):
    monkeypatch.setattr("awase.apps.systems._BLOCK", 70)
    table, _ = rows(1000, 100)

    class Model:
        def encode(self, texts, *, role, dim=None):
            return table[[int(text) for text in texts]]

    documents, queries = [str(i) for i in range(1000)], [str(i) for i in range(0, 1000, 13)]
    kept, passing = Dense(Model(), documents).search(queries, 500), Passing(Model(), documents).search(queries, 500)
    np.testing.assert_array_equal(kept.rows, passing.rows)
    np.testing.assert_array_equal(kept.scores, passing.scores)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tied_equals_a_plain_reading(dtype):
    rng = np.random.default_rng(0)
    table = rng.integers(0, 2, (50, 3)).astype(dtype)
    table[7] = -table[7] * 0  # a zero of the other sign is the same zero
    scores = rng.standard_normal((4, 50)).astype(dtype)
    first = [next(j for j in range(50) if (table[j] == table[i]).all()) for i in range(50)]
    np.testing.assert_array_equal(tied(scores, table), scores[:, first])
    assert tied(scores, rng.standard_normal((50, 3))) is scores
