"""Filtered ranks on graphs small enough to work out by hand, the tie rule, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import InputError
from awase.tasks.link_prediction import Triples, link_prediction


def triples(*rows):
    return Triples(*np.array(rows, np.int64).reshape(-1, 3).T)


def table_score(table):
    """table[head, relation, tail]."""

    def score(anchors, relations, side):
        return table[anchors, relations] if side == "tail" else table[:, relations, anchors].T

    return score


def test_by_hand():
    table = np.array([[[0.1, 0.9, 0.5, 0.7]], [[0.2, 0.3, 0.4, 0.5]], [[0.0, 0.0, 0.6, 0.0]], [[0.0, 0.0, 0.8, 0.0]]])
    train, test = triples((0, 0, 1), (3, 0, 2)), triples((0, 0, 2))
    found = link_prediction(table_score(table), test, [train, test], 4)
    # Tail: 1 is known, so only 3 (.7) is ahead of 2 (.5). Head: 3 is known, so only 2 (.6) is ahead of 0 (.5).
    assert found.ranks.tolist() == [[2.0, 2.0]]
    assert found.candidates.tolist() == [[3, 3]]
    unfiltered = link_prediction(table_score(table), test, [], 4)
    assert unfiltered.ranks.tolist() == [[3.0, 3.0]]
    assert unfiltered.candidates.tolist() == [[4, 4]]
    summary = found.summary(ks=(1, 2))
    assert summary["n_triples"] == 1
    assert summary["both"] == pytest.approx(
        {
            "mrr": 0.5,
            "hits@1": 0.0,
            "hits@2": 1.0,
            "mean_rank": 2.0,
            "adjusted_mean_rank": 1.0,  # (3 + 1) / 2 is chance
            "adjusted_mean_rank_index": 0.0,
            "mrr_optimistic": 0.5,
            "mrr_pessimistic": 0.5,
        }
    )


def test_the_answer_itself_is_ranked_though_it_is_known_and_others_of_the_test_are_not():
    table = np.zeros((3, 1, 3))
    table[0, 0] = [0.1, 0.5, 0.9]
    test = triples((0, 0, 1), (0, 0, 2))
    assert link_prediction(table_score(table), test, [test], 3).ranks[:, 1].tolist() == [1.0, 1.0]


def test_a_collapsed_model_is_at_chance():
    test = triples((0, 0, 1), (2, 1, 3))
    found = link_prediction(lambda anchors, relations, side: np.zeros((len(anchors), 11)), test, [test], 11)
    assert found.optimistic.tolist() == [[1, 1], [1, 1]]
    assert found.pessimistic.tolist() == [[11, 11], [11, 11]]
    of = found.summary()["both"]
    assert (of["mean_rank"], of["adjusted_mean_rank"], of["adjusted_mean_rank_index"]) == (6.0, 1.0, 0.0)
    assert (of["mrr_optimistic"], of["mrr"], of["mrr_pessimistic"]) == pytest.approx((1.0, 1 / 6, 1 / 11))


def test_with_one_candidate_there_is_no_chance_to_adjust_to():
    found = link_prediction(lambda a, r, s: np.ones((len(a), 1)), triples((0, 0, 0)), [], 1)
    assert found.summary()["both"]["adjusted_mean_rank_index"] is None


def naive(table, test, known, n):
    """One triple at a time, as it is defined."""
    facts = {tuple(row) for of in known for row in np.stack(of, axis=1).tolist()}
    ranks = np.empty((len(test.heads), 2))
    for i, (h, r, t) in enumerate(zip(*test)):
        for side in (0, 1):
            scores = table[:, r, t] if side == 0 else table[h, r]
            right = h if side == 0 else t
            other = [scores[e] for e in range(n) if e != right and ((e, r, t) if side == 0 else (h, r, e)) not in facts]
            ranks[i, side] = 1 + sum(s > scores[right] for s in other) + sum(s == scores[right] for s in other) / 2
    return ranks


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(1, 3), st.sampled_from([1, 13, 1000]))
def test_equals_the_definition_whatever_the_blocks(data, n, n_relations, block):
    row = st.tuples(st.integers(0, n - 1), st.integers(0, n_relations - 1), st.integers(0, n - 1))
    test, train = (triples(*data.draw(st.lists(row, min_size=least, max_size=12))) for least in (1, 0))
    table = np.random.default_rng(n).integers(0, 3, (n, n_relations, n)).astype(np.float32)
    found = link_prediction(table_score(table), test, [train, test], n, block=block)
    np.testing.assert_array_equal(found.ranks, naive(table, test, [train, test], n))


def test_by_relation_and_by_triple_add_up():
    rng = np.random.default_rng(0)
    table = rng.standard_normal((20, 3, 20))
    test = triples(*np.stack([rng.integers(0, 20, 50), rng.integers(0, 3, 50), rng.integers(0, 20, 50)], axis=1))
    found = link_prediction(table_score(table), test, [test], 20)
    of = found.per_relation(test.relations)
    assert of["relation"].tolist() == [0, 1, 2]
    assert of["n_triples"].sum() == 50
    whole = found.summary()
    assert np.average(of["hits@10"], weights=of["n_triples"]) == pytest.approx(whole["both"]["hits@10"])
    metrics = found.metrics()
    assert metrics["mrr"].mean() == pytest.approx(whole["both"]["mrr"])
    assert metrics["mrr"].mean() == pytest.approx((whole["head"]["mrr"] + whole["tail"]["mrr"]) / 2)
    assert metrics["adjusted_mean_rank_index"].value == pytest.approx(whole["both"]["adjusted_mean_rank_index"])


def scores_with(value):
    def score(anchors, relations, side):
        scores = np.zeros((len(anchors), 4))
        scores[-1, -1] = value
        return scores

    return score


@pytest.mark.parametrize(
    ("score", "test", "known", "code", "says"),
    [
        (scores_with(0), triples(), [], "E0824", "no test triples"),
        (scores_with(0), triples((0, 0, 4)), [], "E0820", "test.tails must be rows 0 to 3"),
        (scores_with(0), triples((0, 0, 1)), [triples((0, 0, 1), (-1, 0, 1))], "E0820", "known[0].heads[1]"),
        (scores_with(0), Triples(np.zeros(1, int), np.zeros(2, int), np.zeros(1, int)), [], "E0820", "2 test.relations"),
        (scores_with(0), Triples(*np.zeros((3, 1))), [], "E0820", "test.heads must be whole numbers"),
        (scores_with(np.nan), triples((0, 0, 1)), [], "E0821", "a score is NaN"),
        (lambda a, r, s: np.zeros((len(a), 3)), triples((0, 0, 1)), [], "E0821", "numbers of the shape (1, 4)"),
        (lambda a, r, s: [["x"] * 4], triples((0, 0, 1)), [], "E0821", "numbers of the shape (1, 4)"),
    ],
)
def test_what_is_refused(score, test, known, code, says):
    with pytest.raises(InputError, match=code) as caught:
        link_prediction(score, test, known, 4)
    assert says in str(caught.value)


def test_infinite_scores_are_ranked():
    """-inf is what never should be proposed: behind everything that is finite."""
    found = link_prediction(scores_with(-np.inf), triples((0, 0, 3)), [], 4)
    assert found.ranks.tolist() == [[2.0, 4.0]]
