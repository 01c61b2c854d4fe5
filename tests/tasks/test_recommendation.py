"""recall@k and nDCG@k of users, by hand, with ties in expectation, and every user counted somewhere."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError
from awase.tasks.recommendation import Interactions, popularity, recommendation


def interactions(*rows):
    return Interactions(*np.array(rows, np.int64).reshape(-1, 2).T)


def test_by_hand():
    """User 0 had item 4, the best one; of items 0 and 3 held out, 0 is second and 3 fourth of what is left."""
    scores = np.array([[0.8, 0.9, 0.7, 0.6, 1.0]])
    found = recommendation(
        lambda users: scores[users],
        interactions((0, 4)),
        interactions((0, 0), (0, 3)),
        1,
        5,
        ["recall@1", "recall@2", "recall@4", "ndcg@2", "ndcg@4"],
    )
    best = 1 + 1 / np.log2(3)
    expected = {
        "recall@1": 0,
        "recall@2": 0.5,
        "recall@4": 1,
        "ndcg@2": 1 / np.log2(3) / best,
        "ndcg@4": (1 / np.log2(3) + 1 / np.log2(5)) / best,
    }
    assert {name: float(values[0]) for name, values in found.values.items()} == pytest.approx(expected)


def test_recall_divides_by_all_test_items_and_ndcg_by_the_best_k():
    """Three held out, all on top: with k = 2 a third is out of reach of recall, and the order is perfect."""
    found = recommendation(
        lambda users: np.array([[5.0, 4.0, 3.0, 2.0]]),
        interactions(),
        interactions((0, 0), (0, 1), (0, 2)),
        1,
        4,
        ["recall@2", "ndcg@2"],
    )
    assert found.values["recall@2"].tolist() == [pytest.approx(2 / 3)]
    assert found.values["ndcg@2"].tolist() == [1.0]


def test_users_are_counted_where_they_belong():
    """User 0 is measured, 1 has no test item, 2 only one that was trained on, 3 no training items, 4 nothing at all."""
    train = interactions((0, 0), (1, 1), (2, 2))
    test = interactions((0, 1), (0, 1), (2, 2), (3, 0))
    found = recommendation(popularity(train, 3), train, test, 5, 3, ["recall@1"])
    assert found.users.tolist() == [0, 3]
    assert found.cold.tolist() == [False, True]
    assert (found.n_skipped, found.n_repeated) == (3, 1)
    # User 0: items 1 and 2 are as popular as each other. User 3: all three are.
    assert found.values["recall@1"] == pytest.approx([1 / 2, 1 / 3])
    assert found.summary() == pytest.approx({"recall@1": 5 / 12, "n_users": 2, "n_cold": 1, "n_skipped": 3, "n_repeated": 1})


def test_popularity_counts_users_not_rows():
    score = popularity(interactions((0, 1), (0, 1), (0, 2), (1, 2)), 4)
    assert score(np.array([5])).tolist() == [[0.0, 1.0, 2.0, 0.0]]


def test_a_collapsed_model_gains_nothing_from_the_order_of_rows():
    train, test = interactions((0, 9)), interactions((0, 0))
    found = recommendation(lambda users: np.zeros((len(users), 100)), train, test, 1, 100, ["recall@10"])
    assert found.values["recall@10"].tolist() == [pytest.approx(10 / 99)]


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 6), st.sampled_from([1, 7, 1000]))
def test_ties_are_the_mean_over_all_orders(data, n, k, block):
    """Every order of the items that agrees with the scores, one at a time."""
    scores = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=n, max_size=n)))
    relevant = data.draw(st.sets(st.integers(0, n - 1), min_size=1))
    recalls, ndcgs = [], []
    for order in permutations(range(n)):
        if all(scores[a] >= scores[b] for a, b in pairwise(order)):
            gains = [item in relevant for item in order[:k]]
            ideal = sum(1 / np.log2(rank + 2) for rank in range(min(k, len(relevant))))
            recalls.append(sum(gains) / len(relevant))
            ndcgs.append(sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains)) / ideal)
    test = interactions(*[(user, item) for user in (0, 1) for item in sorted(relevant)])
    names = [f"recall@{k}", f"ndcg@{k}"]
    found = recommendation(lambda users: np.tile(scores, (len(users), 1)), interactions(), test, 2, n, names, block=block)
    for name, wanted in zip(names, (recalls, ndcgs)):
        assert found.values[name] == pytest.approx([np.mean(wanted)] * 2)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"metrics": ["recal@5"]}, "E0801", "did you mean 'recall'?"),
        ({"metrics": ["mrr@5"]}, "E0825", "recall@k and ndcg@k"),
        ({"test": interactions((0, 0))}, "E0824", "no user has a test item"),
        ({"test": interactions()}, "E0824", "no user has a test item"),
        ({"test": interactions((2, 0))}, "E0820", "test.users must be rows 0 to 1"),
        ({"train": interactions((0, 3))}, "E0820", "train.items must be rows 0 to 2"),
        ({"score": lambda users: np.full((len(users), 3), np.nan)}, "E0821", "a score is NaN"),
        ({"score": lambda users: np.zeros((len(users), 2))}, "E0821", "the shape (1, 3)"),
    ],
)
def test_what_is_refused(changes, code, says):
    given = {"score": lambda users: np.zeros((len(users), 3)), "train": interactions((0, 0)), "test": interactions((0, 1))}
    with pytest.raises((InputError, ConfigError), match=code) as caught:
        recommendation(**(given | {"n_users": 2, "n_items": 3} | changes))
    assert says in str(caught.value)
