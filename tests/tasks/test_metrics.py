"""Metrics on cases small enough to work out by hand, and every way in which hits can be wrong."""

import numpy as np
import pytest

from awase.core.errors import ConfigError, InputError
from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.tasks.metrics import parse_metric, per_query, ranked


def judged_of(*relevant: dict[int, float], n_documents: int = 6) -> Judged:
    """One query for each dict of row -> grade."""
    ids = [f"d{row}" for row in range(n_documents)]
    queries = [f"q{i}" for i in range(len(relevant))]
    offsets = np.cumsum([0, *map(len, relevant)])
    rows = np.array([row for one in relevant for row in one], dtype=np.int64)
    grades = np.array([grade for one in relevant for grade in one.values()], dtype=np.float32)
    return Judged(queries, ids, offsets, rows, grades, queries, ids, "made")


def hits_of(*rows: list[int]) -> Hits:
    """Hits in the order given, without ties."""
    return Hits(np.array(rows, dtype=np.int64), np.tile(-np.arange(len(rows[0]), dtype=np.float32), (len(rows), 1)))


def test_each_metric_by_hand():
    judged = judged_of({1: 3.0, 4: 1.0, 5: 2.0})
    hits = hits_of([0, 1, 2, 4])
    ideal = 3 + 2 / np.log2(3) + 1 / 2
    expected = {
        "ndcg@4": (3 / np.log2(3) + 1 / np.log2(5)) / ideal,
        "ndcg@1": 0.0,
        "recall@4": 2 / 3,
        "precision@4": 2 / 4,
        "mrr@4": 1 / 2,
        "mrr@1": 0.0,
        "map@4": (1 / 2 + 2 / 4) / 3,
        "accuracy@1": 0.0,
        "accuracy@2": 1.0,
    }
    measured = per_query(hits, judged, list(expected))
    assert {name: float(values[0]) for name, values in measured.items()} == pytest.approx(expected, abs=1e-15)


def test_recall_divides_by_all_that_is_relevant():
    """Also where k results cannot hold it all: of three, one of the first two is 1/3, and three of the first three are 1."""
    judged = judged_of({1: 3.0, 4: 1.0, 5: 2.0})
    measured = per_query(hits_of([1, 0, 4, 5]), judged, ["recall@1", "recall@2", "recall@3", "recall@4"])
    assert [float(of[0]) for of in measured.values()] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1.0], abs=1e-15)


def test_the_ideal_is_truncated_at_k():
    """With two relevant documents the one result of k=1 can be perfect."""
    assert per_query(hits_of([2, 0]), judged_of({2: 1.0, 3: 1.0}), ["ndcg@1"])["ndcg@1"] == 1.0


def test_precision_divides_by_k_even_when_there_are_fewer_documents():
    judged = judged_of({0: 1.0}, n_documents=2)
    assert per_query(hits_of([0, 1]), judged, ["precision@10"])["precision@10"] == pytest.approx(0.1)


def test_ties_go_to_the_lower_row_whatever_the_order_given():
    judged = judged_of({3: 1.0}, {3: 1.0})
    hits = Hits(np.array([[3, 1, 2], [1, 2, 3]]), np.array([[0.5, 0.5, 0.1], [0.5, 0.5, 0.5]], dtype=np.float32))
    assert ranked(hits, judged, 3).rows.tolist() == [[1, 3, 2], [1, 2, 3]]
    assert per_query(hits, judged, ["mrr@3"])["mrr@3"].tolist() == [1 / 2, 1 / 3]


def test_absent_results_earn_nothing():
    hits = Hits(np.array([[2, -1, -1], [-1, -1, -1]]), np.array([[1.0, -np.inf, -np.inf], [9.0, 9.0, 9.0]], dtype=np.float32))
    measured = per_query(hits, judged_of({2: 1.0}, {5: 1.0}), ["ndcg@3", "recall@3"])
    assert measured["ndcg@3"].tolist() == [1.0, 0.0]
    assert measured["recall@3"].tolist() == [1.0, 0.0]


def test_queries_are_not_mixed_up():
    """The last document of one query and the first of the next are neighbours in the lookup."""
    judged = judged_of({5: 1.0}, {0: 1.0}, n_documents=6)
    assert per_query(hits_of([0, 1], [5, 4]), judged, ["accuracy@2"])["accuracy@2"].tolist() == [0.0, 0.0]
    assert per_query(hits_of([5, 1], [0, 4]), judged, ["accuracy@2"])["accuracy@2"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ndgc@10", "did you mean 'ndcg'?"),
        ("hits@10", "valid: accuracy, map, mrr, ndcg, precision, recall"),
        ("ndcg", "write ndcg@10, for example"),
        ("ndcg@0", "write ndcg@10, for example"),
        ("ndcg@ten", "write ndcg@10, for example"),
        ("recall@-3", "write recall@10, for example"),
        ("", "valid: accuracy"),
    ],
)
def test_a_mistyped_metric(name, says):
    with pytest.raises(ConfigError, match="E0801") as caught:
        parse_metric(name)
    assert says in str(caught.value)


def _scores(*rows):
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize(
    ("hits", "code", "says"),
    [
        (Hits(np.array([[0, 1]]), _scores([1.0])), "E0802", "rows int64 (1, 2), scores float32 (1, 1)"),
        (Hits(np.array([[0.0, 1.0]]), _scores([1, 0])), "E0802", "hits need integer rows"),
        (Hits(np.array([[0, 1], [0, 1]]), _scores([1, 0], [1, 0])), "E0802", "both of shape (1, k)"),
        (Hits(np.array([[0, 6]]), _scores([1, 0])), "E0802", "search, query 0, rank 2"),
        (Hits(np.array([[0, -2]]), _scores([1, 0])), "E0802", "outside the 6 documents"),
        (Hits(np.array([[4, 4]]), _scores([1, 1])), "E0802", "a document was returned twice"),
        (Hits(np.array([[0, 1]]), _scores([0.1, 0.2])), "E0803", "not distances"),
        (Hits(np.array([[0, 1]]), _scores([0.1, np.nan])), "E0803", "rank 2"),
        (Hits(np.array([[-1, 1]]), _scores([0, 0])), "E0803", "must not rise"),
        (Hits(np.array([[0]]), _scores([1])), "E0804", "2 results per query were asked for and 1 came"),
        ([[0, 1]], "E0802", "a search returns Hits(rows, scores)"),
    ],
)
def test_malformed_hits(hits, code, says):
    with pytest.raises(InputError) as caught:
        per_query(hits, judged_of({0: 1.0}), ["ndcg@2"])
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_query_without_relevant_documents_is_named():
    with pytest.raises(InputError, match="E0805") as caught:
        per_query(hits_of([0], [0]), judged_of({0: 1.0}, {3: 0.0}), ["ndcg@1"])
    assert "1 queries have no relevant document" in str(caught.value)
    assert "query q1" in str(caught.value)
