"""Judging whole systems: what is measured, compared, left out, and shown as text."""

import numpy as np
import pytest

from awase.core.errors import ConfigError, InputError
from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.tasks.retrieval import System, answerable, judge, worst_queries

N = 40


@pytest.fixture
def judged():
    """Query i asks for document i among 60."""
    queries, documents = [f"query {i}" for i in range(N)], [f"document {i}" for i in range(60)]
    ids = [str(i) for i in range(60)]
    return Judged(queries, documents, np.arange(N + 1), np.arange(N), np.ones(N, np.float32), ids[:N], ids, "forty")


def placing(ranks):
    """A search that puts the right document of query i at ranks[i] (0: nowhere)."""

    def search(queries, k):
        rows = np.empty((len(queries), k), dtype=np.int64)
        for i, rank in enumerate(ranks):
            others = [row for row in range(60) if row != i]
            rows[i] = ([*others[: rank - 1], i, *others[rank - 1 :]] if rank else others)[:k]
        return Hits(rows, np.tile(-np.arange(k, dtype=np.float32), (len(queries), 1)))

    return search


def test_means_intervals_and_tests(judged):
    good = System("good", placing([1] * 30 + [2] * 10))
    bad = System("bad", placing([2] * 30 + [0] * 10))
    same = System("same", placing([1] * 30 + [2] * 10))
    found = judge([bad, good, same], judged, pairs=[("good", "bad"), ("same", "good")], k=20)

    mrr = found.systems["good"]["mrr@10"]
    assert mrr.mean == pytest.approx((30 + 10 / 2) / 40)
    assert mrr.low < mrr.mean < mrr.high
    assert found.systems["bad"]["accuracy@1"].mean == 0.0
    assert found.hits["bad"].rows.shape == (N, 20)
    assert found.metrics == ("ndcg@10", "recall@10", "mrr@10", "accuracy@1")

    better, equal = found.tests
    assert (better.a, better.b, better.metric) == ("good", "bad", "ndcg@10")
    ndcg = {name: found.systems[name]["ndcg@10"].mean for name in ("good", "bad")}
    assert better.difference == pytest.approx(ndcg["good"] - ndcg["bad"])
    assert 0 < better.low < better.difference < better.high
    assert better.p == pytest.approx(1 / 10_001)
    assert better.p_holm == pytest.approx(2 / 10_001)
    assert (equal.difference, equal.p, equal.p_holm) == (0.0, 1.0, 1.0)


def test_the_best_of_several_is_chosen_by_its_mean(judged):
    systems = [System("low", placing([5] * N)), System("high", placing([2] * N)), System("both", placing([1] * N))]
    (test,) = judge(systems, judged, pairs=[("both", ("low", "high"))]).tests
    assert (test.a, test.b) == ("both", "high")


def test_all_pairs(judged):
    systems = [System(name, placing([rank] * N)) for name, rank in [("x", 1), ("y", 2), ("z", 3)]]
    found = judge(systems, judged, ["mrr@10"], pairs="all")
    assert [(test.a, test.b) for test in found.tests] == [("y", "x"), ("z", "x"), ("z", "y")]


def test_same_seed_same_judgement(judged):
    systems = [System("a", placing([1, 2] * 20)), System("b", placing([2, 1, 1, 3] * 10))]
    first, again, other = (judge(systems, judged, pairs=[("a", "b")], seed=seed) for seed in (0, 0, 1))
    assert first.tests == again.tests
    assert first.tests != other.tests


def test_worst_queries_as_text(judged):
    a = System("model", placing([1] * 38 + [0, 3]))
    b = System("bm25", placing([2] * 37 + [1, 1, 1]))
    worst = worst_queries(judge([a, b], judged, ["mrr@10"], k=50), "model", "bm25", shown=2)
    assert [case["query"] for case in worst] == ["query 38", "query 39"]
    assert worst[1]["a"] == {
        "system": "model",
        "mrr@10": pytest.approx(1 / 3),
        "rank": 3,
        "returned": ["document 0", "document 1"],
    }
    assert worst[0]["a"]["rank"] is None
    assert worst[0]["b"]["rank"] == 1
    assert worst[0]["relevant"] == ["document 38"]
    assert len(worst_queries(judge([a, b], judged, k=50), "model", "bm25", n=1)) == 1


def test_worst_queries_lists_the_best_graded_first():
    judged = Judged(
        ["q"], list("abc"), np.array([0, 3]), np.array([0, 1, 2]), np.array([1, 0, 3], np.float32), ["1"], list("abc"), "x"
    )
    nothing = System("a", lambda queries, k: Hits(np.full((1, k), -1), np.full((1, k), -np.inf)))
    all_rows = System("b", lambda queries, k: Hits(np.array([[0, 1, 2]]), np.zeros((1, 3))))
    (case,) = worst_queries(judge([nothing, all_rows], judged), "a", "b")
    assert case["relevant"] == ["c", "a"]
    assert case["a"]["returned"] == []


def test_queries_without_relevant_documents_are_counted_and_left_out():
    judged = Judged(
        ["none", "zero", "one", "two"],
        list("abc"),
        np.array([0, 0, 1, 3, 5]),
        np.array([1, 0, 2, 1, 0]),
        np.array([0, 1, 0, 2, 1], np.float32),
        ["q0", "q1", "q2", "q3"],
        list("abc"),
        "mixed",
    )
    kept, n_skipped = answerable(judged)
    assert n_skipped == 2
    assert (kept.queries, kept.query_ids) == (["one", "two"], ["q2", "q3"])
    assert kept.offsets.tolist() == [0, 2, 4]
    assert kept.rows.tolist() == [0, 2, 1, 0]
    assert kept.grades.tolist() == [1, 0, 2, 1]
    asked = []

    def search(queries, k):
        asked.extend(queries)
        return Hits(np.zeros((len(queries), k), dtype=np.int64) + np.arange(k), np.zeros((len(queries), k)))

    assert judge([System("s", search)], judged).n_skipped == 2
    assert asked == ["one", "two"]


def test_no_query_can_be_judged():
    judged = Judged(["q"], ["d"], np.array([0, 0]), np.array([], int), np.array([], np.float32), ["q"], ["d"], "empty")
    with pytest.raises(InputError, match="E0805: no query has a relevant document") as caught:
        judge([System("s", placing([1]))], judged)
    assert "check that the ids in the judgements" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        ([], {}, "at least one system"),
        (["a"], {"metrics": []}, "at least one system and one metric"),
        (["a", "a"], {}, "two systems have one name"),
        (["bm25", "trained"], {"pairs": [("trained", "bm52")]}, "did you mean 'bm25'?"),
        (["bm25"], {"pairs": [("bm25", "bm25")]}, "compares a system with itself"),
    ],
)
def test_a_wrong_question(judged, names, options, says):
    with pytest.raises(ConfigError, match="E0807") as caught:
        judge([System(name, placing([1] * N)) for name in names], judged, **options)
    assert says in str(caught.value)


def test_a_system_that_answers_badly_is_named(judged):
    with pytest.raises(InputError, match="E0804") as caught:
        judge([System("short", lambda queries, k: placing([1] * N)(queries, 5))], judged)
    assert "system 'short'" in str(caught.value)
    assert "return the best 60" in str(caught.value)
