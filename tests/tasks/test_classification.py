"""kNN, the linear probe and what is measured of them. Against scikit-learn: ``tests/parity/test_sklearn.py``."""

import numpy as np
import pytest

from awase.core.errors import ConfigError, InputError
from awase.tasks.classification import MacroF1, classification, knn, linear_probe
from awase.tasks.lbfgs import minimise


def around(angles):
    return np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)


def test_votes_and_ties():
    train, labels = around([0, 20, 40, 90]), np.array([0, 1, 1, 2])
    assert knn(train, labels, around([1]), k=1).tolist() == [0]
    assert knn(train, labels, around([1]), k=3).tolist() == [1]
    # One vote each: 40 degrees is nearer to 60 than 90 is.
    assert knn(train, labels, around([60, 70]), k=2).tolist() == [1, 2]
    # All four vote, as fewer than k are there.
    assert knn(train, labels, around([80]), k=99).tolist() == [1]
    assert knn(train * [[5.0], [1], [1], [0.1]], labels, around([1, 89]) * 7, k=1).tolist() == [0, 2]


def test_votes_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    train, labels, test = rng.standard_normal((60, 5)), rng.integers(0, 4, 60), rng.standard_normal((33, 5))
    whole = knn(train, labels, test, k=7)
    monkeypatch.setattr("awase.tasks.classification._BLOCK_ROWS", 10)
    assert knn(train, labels, test, k=7).tolist() == whole.tolist()


def test_the_probe_is_at_a_minimum_and_blocks_do_not_matter(monkeypatch):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((90, 4)), rng.integers(0, 3, 90)
    probe = linear_probe(x, y, c=0.5)
    error = np.exp(probe.log_probabilities(x))
    error[np.arange(90), y] -= 1
    np.testing.assert_allclose(probe.weights, -0.5 * x.T @ error, atol=1e-4)
    np.testing.assert_allclose(error.sum(axis=0), 0, atol=1e-3)
    monkeypatch.setattr("awase.tasks.classification._BLOCK_ROWS", 17)
    np.testing.assert_allclose(linear_probe(x, y, c=0.5).weights, probe.weights, atol=1e-6)


def test_one_class_and_too_few_steps():
    assert linear_probe(np.ones((3, 2)), np.zeros(3, int)).predict(np.zeros((1, 2))).tolist() == [0]
    rng = np.random.default_rng(2)
    assert not linear_probe(rng.standard_normal((50, 9)), rng.integers(0, 5, 50), c=100, max_iter=2).converged


def test_a_function_that_ends_at_its_rounding_is_said_not_to_have_converged():
    _, converged = minimise(lambda x: (float(np.abs(x).sum()), np.sign(x) + (x == 0)), np.array([0.3, -0.7]), max_iter=200)
    assert not converged


def test_a_valley():
    """Rosenbrock's function: curved, and hard for steepest descent."""

    def rosenbrock(x):
        a, b = 1 - x[0], x[1] - x[0] ** 2
        return float(a**2 + 100 * b**2), np.array([-2 * a - 400 * x[0] * b, 200 * b])

    x, converged = minimise(rosenbrock, np.array([-1.2, 1.0]))
    assert converged
    assert x == pytest.approx([1, 1], abs=1e-5)


def test_measures_by_hand():
    found = classification(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0]))
    # F1: class 0 2*1/(2+1+1), class 1 2*2/(4+0+1), class 2 is never right.
    assert found.summary() == pytest.approx({"accuracy": 0.6, "macro_f1": (1 / 2 + 4 / 5 + 0) / 3, "n_items": 5})
    assert found.metrics()["accuracy"].tolist() == [1, 0, 1, 1, 0]


def test_macro_f1_of_resamples():
    rng = np.random.default_rng(3)
    predicted, labels = rng.integers(0, 4, (2, 30))
    draws = rng.integers(0, 30, (5, 30))
    counts = np.stack([np.bincount(drawn, minlength=30) for drawn in draws])
    found = MacroF1(predicted, labels).resampled(counts)
    assert found == pytest.approx([MacroF1(predicted[drawn], labels[drawn]).value for drawn in draws])


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (lambda: classification(np.array([], int), np.array([], int)), "E0824", "no items"),
        (lambda: classification(np.array([0]), np.array([0, 1])), "E0820", "1 predicted, 2 labels"),
        (lambda: classification(np.array([-1]), np.array([0])), "E0820", "predicted[0]"),
        (lambda: knn(np.ones((2, 2)), np.array([0, 1]), np.ones((1, 2)), k=0), "E0703", "k, the number of results"),
        (lambda: knn(np.ones((2, 2)), np.array([0]), np.ones((1, 2))), "E0820", "1 for 2"),
        (lambda: knn(np.ones((2, 2)), np.array([0, 1]), np.full((1, 2), np.nan)), "E0808", "NaN"),
        (lambda: knn(np.ones((2, 2)), np.array([0.0, 1.0]), np.ones((1, 2))), "E0820", "train_labels must be whole numbers"),
        (lambda: linear_probe(np.empty((0, 2)), np.array([], int)), "E0808", "training vectors are finite numbers"),
        (lambda: linear_probe(np.full((2, 2), np.inf), np.array([0, 1])), "E0808", "training vectors are finite numbers"),
        (lambda: linear_probe(np.ones((2, 2)), np.array([0, 1]), c=0), "E0825", "a positive number"),
    ],
)
def test_what_is_refused(call, code, says):
    with pytest.raises((InputError, ConfigError), match=code) as caught:
        call()
    assert says in str(caught.value)
