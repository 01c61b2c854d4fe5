"""EDRep: the estimate of Z, the gradient against the generic joint, the sphere, and what it finds in a block model."""

import time

import numpy as np
import pytest
from sklearn import cluster, datasets, metrics

from awase.contrast.candidates import Candidates
from awase.contrast.clusters import spherical_clusters
from awase.contrast.encoders import SphereTable
from awase.contrast.fused.partition import Partition, log_partition, moments
from awase.contrast.joint import generic
from awase.contrast.losses import InfoNCE
from awase.contrast.positives import CoOccurrence, Nearby, Walks
from awase.contrast.positives.stochastic import Powers, Product, Sparse
from awase.contrast.scores import Dot
from awase.core.errors import ConfigError, InputError
from awase.train.loop import Loop
from awase.train.plan import Plan


def random_rows(n, m, per_row, seed=0):
    """A sparse matrix of probabilities, and the same dense."""
    rng = np.random.default_rng(seed)
    rows, columns, weights = np.repeat(np.arange(n), per_row), rng.integers(0, m, n * per_row), rng.random(n * per_row)
    dense = np.zeros((n, m))
    np.add.at(dense, (rows, columns), weights)
    return Sparse.of(rows, columns, weights, n), dense / dense.sum(axis=1, keepdims=True)


def unit(n, d, seed=0):
    return SphereTable(d).encoder(n, seed=seed).parameters["table"]


def block_model(n=3000, k=6, degree=10, between=3.0, seed=0):
    """Edges and communities: degrees negative binomial, ``between`` of an even ``degree`` go to each other community."""
    rng = np.random.default_rng(seed)
    theta = rng.negative_binomial(3, 0.1, n) + 1.0
    labels = np.repeat(np.arange(k), n // k)
    heads = rng.choice(n, n * degree // 2, p=theta / theta.sum())
    tails = np.empty_like(heads)
    for own in range(k):
        of = labels[heads] == own
        weights = theta * np.where(labels == own, degree * k - (k - 1) * between, between)
        tails[of] = rng.choice(n, of.sum(), p=weights / weights.sum())
    low, high = np.minimum(heads, tails), np.maximum(heads, tails)
    codes = np.unique((low * n + high)[low < high])
    names, both = np.unique(np.concatenate([codes // n, codes % n]), return_inverse=True)
    return both[: len(codes)], both[len(codes) :], labels[names]


def train(P, dim, *, seed=0, epochs=30, rate=0.5, labels=None, threads=1):
    table = unit(len(P), dim, seed)
    labels = np.zeros(len(P), np.int64) if labels is None else labels
    step = Partition(P, table, labels=labels, rate=rate, threads=threads)
    Loop(step, Plan(batch=len(P), epochs=epochs, rate=rate, warmup=0.0)).run()
    return table


# Z


@pytest.mark.parametrize(
    ("norm", "classes", "error"), [(1, 1, 0.0017), (1, 5, 0.0002), (2, 1, 0.093), (2, 5, 0.023), (2, 10, 0.010)]
)
def test_the_estimate_of_z_on_digits_is_as_good_as_published(norm, classes, error):
    """Median relative error on scikit-learn's digits, centred, within a factor of two of what was measured with the authors' code."""
    X = datasets.load_digits().data
    X = X - X.mean(axis=0)
    X = norm * X / np.linalg.norm(X, axis=1, keepdims=True)
    labels = spherical_clusters(lambda rows: X[rows], len(X), classes, np.random.default_rng(0), rounds=25)
    found = np.exp(log_partition(X, moments(X, labels))[0])
    exact = np.exp(X @ X.T).sum(axis=1)
    relative = np.median(np.abs(found / exact - 1))
    assert error / 2 < relative < 2 * error


def test_the_gradient_of_log_z_equals_differences():
    rng = np.random.default_rng(0)
    X, labels = rng.standard_normal((40, 4)), rng.integers(0, 3, 40)
    of = moments(X, labels)
    _, gradient = log_partition(X, of)
    for j in range(4):
        moved = np.eye(4)[j] * 1e-6
        difference = (log_partition(X + moved, of)[0] - log_partition(X - moved, of)[0]) / 2e-6
        np.testing.assert_allclose(gradient[:, j], difference, atol=1e-7)


def test_one_class_with_all_weights_equals_many_with_the_same_moments():
    """A class nobody is in counts for nothing."""
    X = unit(30, 5).astype(np.float64)
    alone, late = np.zeros(30, np.int64), np.full(30, 4, np.int64)
    for one, other in zip(log_partition(X, moments(X, alone)), log_partition(X, moments(X, late))):
        np.testing.assert_allclose(one, other)


# The gradient


def test_the_gradient_is_that_of_the_joint_over_all_items():
    """InfoNCE at temperature 1 of each entry of P, weighted by it, all items candidates; the mean is the only other term."""
    n, dim = 300, 40
    P, dense = random_rows(n, n, 5)
    X = unit(n, dim).astype(np.float64)
    anchors, targets = np.nonzero(dense)
    candidates = Candidates(np.arange(n), targets, weight=dense[anchors, targets])
    loss = InfoNCE(temperature=1.0)
    out = generic(X[anchors], X, candidates, Dot(), loss, loss.init())
    joint, value = np.zeros((n, dim)), np.zeros(n)
    np.add.at(joint, anchors, out.dA * len(anchors))
    np.add.at(value, anchors, out.value)
    values, gradient = Partition(P, X, labels=np.zeros(n, np.int64), rate=0.5).gradient()
    np.testing.assert_allclose(values - X @ X.mean(axis=0), value, atol=1e-2)
    error = np.abs(gradient - X.mean(axis=0) - joint).max()
    assert error < 0.01 * np.abs(joint).max()


def test_blocks_and_threads_change_nothing():
    n, rng = 20_000, np.random.default_rng(0)
    P = Sparse.of(np.repeat(np.arange(n), 3), rng.integers(0, n, 3 * n), None, n)
    tables = [train(P, 4, epochs=3, threads=threads) for threads in (1, 1, 3)]
    assert tables[0].tobytes() == tables[1].tobytes() == tables[2].tobytes()


def test_rows_have_length_one_after_every_epoch():
    P, _ = random_rows(500, 500, 4)
    table = unit(500, 9)
    step = Partition(P, table, labels=np.arange(500) % 3, rate=0.8)
    for epoch in range(30):
        step.run(np.arange(500), np.array([0, 500]), epoch, np.array([1 - epoch / 30]))
        np.testing.assert_allclose(np.linalg.norm(table.astype(np.float64), axis=1), 1, atol=1e-6)


# What it finds


def test_it_finds_the_communities_of_a_block_model():
    heads, tails, labels = block_model()
    P = Walks(5).matrix(len(labels), heads, tails)
    train(P, 32, epochs=1)  # compiles
    started = time.process_time()
    table = train(P, 32)
    assert time.process_time() - started < 20, (
        "a busy machine takes ten times what an idle one does, a loop in Python a hundred times"
    )
    found = cluster.KMeans(6, n_init=5, random_state=0).fit_predict(table)
    assert metrics.normalized_mutual_info_score(labels, found) >= 0.83


def test_the_loss_falls():
    heads, tails, _ = block_model(n=600)
    P = Walks(3).matrix(int(max(heads.max(), tails.max())) + 1, heads, tails)
    table = unit(len(P), 8)
    step = Partition(P, table, labels=np.zeros(len(P), np.int64), rate=0.5)
    before = step.gradient()[0].mean()
    Loop(step, Plan(batch=len(P), epochs=20, rate=0.5, warmup=0.0)).run()
    assert step.gradient()[0].mean() < before - 0.2


# The matrices


def test_a_product_and_powers_are_those_of_the_dense_matrices():
    A, a = random_rows(7, 5, 2, seed=1)
    B, b = random_rows(5, 7, 2, seed=2)
    X = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    both = Product([A, B])
    assert len(both) == 7
    np.testing.assert_allclose(both.times(X), a @ b @ X, atol=1e-6)
    M, m = random_rows(6, 6, 2, seed=3)
    powers = Powers(M, 3)
    assert len(powers) == 6
    np.testing.assert_allclose(powers.times(X[:6]), (m + m @ m + m @ m @ m) @ X[:6] / 3, atol=1e-6)


def test_walks_weigh_edges_and_take_both_directions():
    heads, tails, weights = np.array([0, 0, 1]), np.array([1, 2, 0]), np.array([2.0, 1.0, 1.0])
    eye = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(Walks(1).matrix(3, heads, tails, weights).times(eye), [[0, 0.75, 0.25], [1, 0, 0], [1, 0, 0]])
    two = Walks(2).matrix(3, heads, tails, weights).times(eye)
    np.testing.assert_allclose(two.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(two[1], [0.5, 0.375, 0.125])


def test_co_occurrence_counts_near_words_more_and_frequent_ones_less():
    ids, bounds = np.array([0, 1, 2, 0, 1], np.int32), np.array([0, 3, 5])
    eye = np.eye(3, dtype=np.float32)
    plain = CoOccurrence(window=2, subsample=0).matrix(ids, bounds, np.array([2, 2, 1])).times(eye)
    np.testing.assert_allclose(plain, [[0, 0.8, 0.2], [2 / 3, 0, 1 / 3], [1 / 3, 2 / 3, 0]], atol=1e-6)
    part = CoOccurrence(window=2, subsample=0.1)
    np.testing.assert_allclose(part.kept(np.array([2, 2, 1])), [0.5, 0.5, np.sqrt(0.5)], atol=1e-6)
    fewer = part.matrix(ids, bounds, np.array([2, 2, 1])).times(eye)
    np.testing.assert_allclose(fewer[0], np.array([0, 2 * 0.5, 0.5 * np.sqrt(0.5)]) / (1 + 0.5 * np.sqrt(0.5)), atol=1e-6)


def test_co_occurrence_is_the_same_in_ranges_and_threads(monkeypatch):
    rng = np.random.default_rng(0)
    ids, bounds = rng.integers(0, 40, 900).astype(np.int32), np.arange(0, 901, 9)
    counts, part = np.bincount(ids), CoOccurrence(window=3)
    whole = part.matrix(ids, bounds, counts)
    monkeypatch.setattr("awase.contrast.positives.neighbours._AT_ONCE", 500)
    for threads in (1, 3):
        ranged = part.matrix(ids, bounds, counts, threads)
        assert ranged.values.tobytes() == whole.values.tobytes() and ranged.columns.tobytes() == whole.columns.tobytes()


def test_a_word_without_neighbours_belongs_with_itself():
    P = CoOccurrence().matrix(np.array([0, 1, 2, 2], np.int32), np.array([0, 2, 3, 4]), np.array([1, 1, 2]))
    assert P.times(np.eye(3, dtype=np.float32)).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


# Bad input


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: Walks().matrix(3, np.array([0]), np.array([2])),
            InputError,
            "E0571: 1 of 3 items belong with nothing\n  where: item 1\n  to do: leave out items without a pair",
        ),
        (lambda: Walks().matrix(2, np.array([0]), np.array([1]), np.array([-1.0])), InputError, "E0570: a weight must be"),
        (lambda: Walks().matrix(2, np.array([0]), np.array([1]), np.array([np.nan])), InputError, "E0570: a weight must be"),
        (
            lambda: Sparse(np.array([0, 1]), np.array([0], np.int32), np.array([0.5], np.float32)),
            InputError,
            "E0572: the rows of a matrix of probabilities must sum to 1\n  where: row 0\n  value: 0.5",
        ),
        (
            lambda: CoOccurrence().matrix(np.zeros(9, np.int32), np.array([0, 9]), np.array([9])),
            InputError,
            "E0574: a corpus needs at least two different words\n  value: 1",
        ),
        (lambda: Walks(0), ConfigError, "E0573: walks must have at least 1 step\n  value: 0"),
        (lambda: CoOccurrence(window=256), ConfigError, "E0573: window must lie between 1 and 255\n  value: 256"),
        (lambda: CoOccurrence(most=0), ConfigError, "E0573: most must be at least 1"),
        (lambda: Nearby(Walks(), CoOccurrence(), "nodes"), ConfigError, "E0573: of must be 'auto', 'graph' or 'words'"),  # type: ignore[arg-type]
        (lambda: SphereTable(0), ConfigError, "E0520: dim must lie between 1 and 65,536\n  value: 0"),
    ],
)
def test_what_cannot_be_trained_on(make, error, says):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(says)


def test_more_dimensions_than_items():
    heads, tails, _ = block_model(n=60)
    P = Walks(2).matrix(int(max(heads.max(), tails.max())) + 1, heads, tails)
    assert np.isfinite(train(P, 100)).all()
