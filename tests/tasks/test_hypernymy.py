"""Hypernymy: the threshold, the direction, and what follows from the training edges alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import InputError
from awase.tasks.hypernymy import LabelledPairs, best_threshold, hypernymy, implied

# 0 animal, 1 dog, 2 poodle, 3 stone
VALID = LabelledPairs(np.array([1, 2, 0, 1, 3]), np.array([0, 1, 1, 2, 2]), np.array([True, True, False, False, False]))
TEST = LabelledPairs(np.array([1, 2, 2, 3, 1]), np.array([0, 1, 0, 0, 3]), np.array([True, True, True, False, False]))


def asymmetric(children, parents):
    depth = np.array([0.0, 1.0, 2.0, -1.0])
    return depth[children] - depth[parents] - 9 * ((children == 3) | (parents == 3))


def symmetric(children, parents):
    return -9.0 * ((children == 3) | (parents == 3))


def test_direction_is_what_tells_a_symmetric_score():
    found = hypernymy(asymmetric, VALID, TEST).summary()
    assert (found["accuracy"], found["reversed_rejected"], found["n_pairs"], found["n_reversed"]) == (1.0, 1.0, 5, 3)
    found = hypernymy(symmetric, TEST, TEST)
    assert (found.summary()["accuracy"], found.summary()["reversed_rejected"]) == (1.0, 0.0)
    assert found.metrics()["reversed_rejected"].value == 0.0
    assert found.metrics()["accuracy"].tolist() == [1.0] * 5


def test_the_threshold_comes_from_the_validation_pairs():
    valid = LabelledPairs(np.array([0, 1]), np.array([0, 0]), np.array([True, False]))
    test = LabelledPairs(np.array([2, 3]), np.array([0, 0]), np.array([True, False]))
    found = hypernymy(lambda children, parents: np.array([0.9, 0.1, 0.3, 0.2])[children], valid, test)
    assert found.threshold == 0.5
    assert found.correct.tolist() == [False, True]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.25, 3.0]), st.booleans()), min_size=1, max_size=12))
def test_no_threshold_is_better(rows):
    scores, labels = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    best = max(np.sum((scores >= t) == labels) for t in (-np.inf, *(scores + 1e-9), *scores, np.inf))
    assert np.sum((scores >= best_threshold(scores, labels)) == labels) == best


def closure(edges, n):
    reach = np.zeros((n, n), bool)
    reach[edges[0], edges[1]] = True
    for _ in range(n):
        reach |= (reach.astype(int) @ reach.astype(int)) > 0
    return reach


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 7), st.data())
def test_implied_is_membership_of_the_closure(n, data):
    """Cycles and edges to oneself too."""
    node = st.integers(0, n - 1)
    edges = np.array(data.draw(st.lists(st.tuples(node, node), max_size=10)), int).reshape(-1, 2).T
    children, parents = (of.ravel() for of in np.meshgrid(np.arange(n), np.arange(n)))
    assert (implied(*edges, children, parents, n) == closure(edges, n)[children, parents]).all()


def test_the_closure_baseline_on_a_chain():
    edges = np.array([1, 2]), np.array([0, 1])
    assert (implied(*edges, TEST.children, TEST.parents, 4) == TEST.labels).all()


@pytest.mark.parametrize(
    ("test", "code", "says"),
    [
        (TEST._replace(labels=np.ones(5, bool)), "E0824", "5 of 5 hold"),
        (TEST._replace(labels=np.zeros(5, bool)), "E0824", "0 of 5 hold"),
        (TEST._replace(labels=np.ones(5)), "E0820", "test.labels must be 5 booleans"),
        (TEST._replace(children=np.arange(4)), "E0820", "4 test.children, 5 test.parents"),
        (TEST._replace(children=np.arange(5) - 1), "E0820", "test.children[0]"),
    ],
)
def test_what_is_refused(test, code, says):
    with pytest.raises(InputError, match=code) as caught:
        hypernymy(asymmetric, TEST, test)
    assert says in str(caught.value)


def test_nan_is_refused():
    with pytest.raises(InputError, match="E0821"):
        hypernymy(lambda children, parents: np.full(len(children), np.nan), TEST, TEST)
