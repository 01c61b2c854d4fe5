"""Metrics and the linear probe against scikit-learn, Spearman's rho against SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, ndcg_score
from sklearn.neighbors import KNeighborsClassifier

from awase.tasks.classification import classification, knn, linear_probe
from awase.tasks.correlation import Correlation, spearman
from awase.tasks.recommendation import Interactions, recommendation
from awase.tasks.reconstruction import reconstruction


@pytest.mark.parametrize("k", [1, 3, 10, 50])
def test_ndcg_with_ties(k):
    rng = np.random.default_rng(k)
    scores, relevant = rng.integers(0, 6, (20, 30)).astype(np.float32), rng.random((20, 30)) < 0.1
    relevant[:, 0] = True
    none = Interactions(np.empty(0, int), np.empty(0, int))
    found = recommendation(lambda users: scores[users], none, Interactions(*np.nonzero(relevant)), 20, 30, [f"ndcg@{k}"])
    wanted = [ndcg_score(relevant[[user]], scores[[user]], k=k) for user in range(20)]
    assert found.values[f"ndcg@{k}"] == pytest.approx(wanted)


def test_average_precision():
    rng = np.random.default_rng(0)
    distances, linked = rng.random((25, 25)), rng.random((25, 25)) < 0.2
    np.fill_diagonal(linked, False)
    found = reconstruction(lambda rows: distances[rows], *np.nonzero(linked), 25)
    for node, precision in zip(found.nodes, found.average_precision):
        others = np.delete(np.arange(25), node)
        assert precision == pytest.approx(average_precision_score(linked[node, others], -distances[node, others]))


VALUES = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 3)), min_size=2, max_size=30).filter(
    lambda rows: all(len(set(column)) > 1 for column in zip(*rows))
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_spearman_with_ties(rows):
    x, y = np.array(rows, float).T
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.integers(0, 99))
def test_spearman_of_a_resample(rows, seed):
    """Counting how often each pair was drawn gives what drawing them gives."""
    x, y = np.array(rows, float).T
    drawn = np.random.default_rng(seed).integers(0, len(x), len(x))
    counts = np.bincount(drawn, minlength=len(x))[None]
    constant = len(set(x[drawn])) == 1 or len(set(y[drawn])) == 1
    wanted = 0.0 if constant else spearmanr(x[drawn], y[drawn]).statistic
    assert Correlation(x, y).resampled(counts)[0] == pytest.approx(wanted, abs=1e-12)


@pytest.fixture(scope="module")
def digits():
    vectors, labels = load_digits(return_X_y=True)
    return vectors[:1_000] / 16, labels[:1_000], vectors[1_000:1_500] / 16, labels[1_000:1_500]


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_the_linear_probe(digits, c):
    train, labels, test, _ = digits
    ours = linear_probe(train, labels, c=c)
    theirs = LogisticRegression(C=c, tol=1e-8, max_iter=10_000).fit(train, labels)
    assert ours.converged
    np.testing.assert_allclose(ours.log_probabilities(test), theirs.predict_log_proba(test), atol=2e-3)
    assert (ours.predict(test) == theirs.predict(test)).all()


def test_nearest_neighbours_and_macro_f1(digits):
    train, labels, test, wanted = digits
    predicted = knn(train, labels, test, k=1)
    theirs = KNeighborsClassifier(1, metric="cosine").fit(train, labels).predict(test)
    assert (predicted == theirs).mean() > 0.995  # ties of the distance in single precision aside
    found = classification(theirs, wanted)
    assert found.summary()["macro_f1"] == pytest.approx(f1_score(wanted, theirs, average="macro"))
    # A class that is only ever predicted counts too, with F1 = 0.
    assert classification(np.array([0, 2]), np.array([0, 1])).macro_f1.value == pytest.approx(
        f1_score([0, 1], [0, 2], average="macro", zero_division=0)
    )
