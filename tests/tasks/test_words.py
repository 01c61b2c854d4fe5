"""The sentences of a report say what the numbers support, and no more."""

import pytest

from awase.tasks.report import words


def result(a, b, difference, low, high, p):
    ci = [low, high]
    return {
        "a": a,
        "b": b,
        "metric": "ndcg@10",
        "difference": difference,
        "ci": ci,
        "ci_holm": ci,
        "p": p,
        "p_holm": p,
        "constant": None,
    }


JUDGED = {"n_queries": 200}


def test_a_win():
    said = words.finding(result("trained", "bm25", 0.0321, 0.0214, 0.0429, 0.0004), JUDGED)
    assert said == "trained beats BM25 by 3.2 points of nDCG@10 (95 % CI 2.1 to 4.3, p = 0.0004)."


def test_a_loss_is_told_as_the_win_of_the_other():
    said = words.finding(result("trained", "bm25", -0.05, -0.07, -0.03, 0.001), JUDGED)
    assert said == "BM25 beats trained by 5.0 points of nDCG@10 (95 % CI 3.0 to 7.0, p = 0.001)."


def test_no_evidence():
    said = words.finding(result("trained", "bm25", -0.003, -0.012, 0.006, 0.61), JUDGED)
    assert (
        said == "No evidence of a difference between trained and BM25 in nDCG@10: −0.3 points (95 % CI −1.2 to 0.6, p = 0.61)."
    )


def test_interval_and_p_are_both_corrected_or_both_not():
    test = result("a", "b", 0.02, 0.001, 0.04, 0.04) | {"p_holm": 0.08, "ci_holm": [-0.002, 0.043]}
    assert words.finding(test, JUDGED) == "a beats b by 2.0 points of nDCG@10 (95 % CI 0.1 to 4.0, p = 0.040)."
    assert words.finding(test, JUDGED, corrected=2) == (
        "No evidence of a difference between a and b in nDCG@10: +2.0 points (95 % CI −0.2 to 4.3, p = 0.080, both corrected for 2 tests)."
    )


def test_a_constant_metric_compares_nothing():
    said = words.finding(result("a", "b", 0.0, 0.0, 0.0, 1.0) | {"constant": 1.0}, JUDGED)
    assert said == "On all 200 queries nDCG@10 is 1.000 for both: a and b cannot be compared by it."


SYSTEMS = {"bm25": {"ndcg@10": 0.7}, "trained": {"ndcg@10": 0.68}, "hybrid": {"ndcg@10": 0.75}}


def test_advice():
    won = [result("hybrid", "bm25", 0.05, 0.04, 0.06, 0.0002)]
    level = [result("hybrid", "bm25", 0.05, -0.04, 0.06, 0.3), result("hybrid", "trained", 0.07, -0.01, 0.09, 0.2)]
    assert words.advice(SYSTEMS, won, "ndcg@10", JUDGED) == "Use hybrid: it has the best nDCG@10, 0.750."
    assert words.advice(SYSTEMS, level, "ndcg@10", JUDGED) == (
        "hybrid has the best nDCG@10, 0.750, but these queries do not tell it apart from BM25 and trained: "
        "choose by size and speed, or judge on more queries."
    )
    assert "not tested" in words.advice(SYSTEMS, [result("trained", "bm25", -0.02, -0.03, -0.01, 0.001)], "ndcg@10", JUDGED)
    without = {name: of for name, of in SYSTEMS.items() if name != "hybrid"}
    lost = [result("trained", "bm25", -0.02, -0.03, -0.01, 0.001)]
    assert words.advice(without, lost, "ndcg@10", JUDGED) == "Use BM25: it has the best nDCG@10, 0.700."


def test_many_tests_are_told_for_the_best_system_only():
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"), ("c", "d")]
    tests = [result(a, b, 0.1, 0.05, 0.15, 0.001) for a, b in pairs]
    systems = {name: {"ndcg@10": value} for name, value in zip("abcd", [0.1, 0.9, 0.2, 0.3])}
    assert [(test["a"], test["b"]) for test in words.told(systems, tests, "ndcg@10")] == [("a", "b"), ("b", "c"), ("b", "d")]
    assert words.told(systems, tests[:4], "ndcg@10") == tests[:4]


def test_cautions():
    said = words.cautions({"n_queries": 37, "n_skipped": 2}, {"bad_rows": 1500})
    assert said == [
        "Only 37 queries: the intervals are wide, and below about 30 they are too narrow.",
        "2 queries without a relevant document were left out.",
        "1,500 bad rows of the data were skipped.",
    ]
    assert words.cautions({"n_queries": 100, "n_skipped": 0}, {"bad_rows": 0}) == []


def test_cautions_of_other_items():
    judged = {"items": "users", "n_items": 99, "left_out": {"users without test items": 1200, "others": 0}}
    assert words.cautions(judged, {}) == [
        "Only 99 users: the intervals are wide, and below about 30 they are too narrow.",
        "1,200 users without test items were left out.",
    ]


@pytest.mark.parametrize(
    ("function", "value", "said"),
    [
        (words.metric, "ndcg@10", "nDCG@10"),
        (words.metric, "hits@3", "Hits@3"),
        (words.metric, "mrr", "MRR"),
        (words.metric, "spearman", "Spearman's ρ"),
        (words.metric, "mean_rank", "mean rank"),
        (words.value, -0.0124, "−0.012"),
        (words.size, 0, "0 B"),
        (words.size, 999, "999 B"),
        (words.size, 999_600, "1 MB"),
        (words.size, 45_100_000, "45.1 MB"),
        (words.size, 3e15, "3e+03 TB"),
        (words.seconds, 0.0000021, "2.1 µs"),
        (words.seconds, 0.0021, "2.1 ms"),
        (words.seconds, 59.94, "59.9 s"),
        (words.seconds, 59.96, "1 min 0 s"),
        (words.seconds, 3_725, "1 h 2 min"),
        (words.points, 0.0, "0.0"),
        (words.points, 0.0003, "0.03"),
        (words.points, -0.0321, "−3.2"),
        (words.p_value, 0.00041, "0.0004"),
        (words.p_value, 0.0213, "0.021"),
        (words.p_value, 1.0, "1.00"),
    ],
)
def test_numbers(function, value, said):
    assert function(value) == said


def test_facts():
    values = {
        "n_rows": 60_000,
        "seed": 12345,
        "ok": True,
        "none": None,
        "lr": 0.1,
        "dims": [32, 64],
        "empty": [],
        "columns": {"ja": "anchor"},
        "search_s": {"a": 0.5},
        "bad": [{"place": "x.csv:3", "value": "?"}],
    }
    assert dict(words.facts(values)) == {
        "rows": "60,000",
        "seed": "12345",
        "ok": "yes",
        "none": "none",
        "lr": "0.1",
        "dims": "32; 64",
        "empty": "none",
        "columns: ja": "anchor",
        "search: a": "500 ms",
        "bad": "place x.csv:3, value ?",
    }
