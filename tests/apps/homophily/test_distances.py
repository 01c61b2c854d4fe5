import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import entropy

from awase.apps.homophily.distances import Distances, behavioural, smoothed, swkl, topical
from awase.core.errors import BackendError, InputError


def users(n, seed=0, sharp=0.3):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(6, sharp), (n, 12)), rng.dirichlet(np.ones(12), n)


def naive(p, w, q, v, clip=1e-10):
    """Of one pair, as it is defined."""
    total = 0.0
    for s in range(p.shape[0]):
        for a in range(p.shape[1]):
            x, y = min(max(p[s, a], clip), 1.0), min(max(q[s, a], clip), 1.0)
            total += w[s] * x * np.log(x / y) / 2 + v[s] * y * np.log(y / x) / 2
    return total


def test_all_pairs_are_as_defined():
    policies, weights = users(20)
    found = behavioural(policies, weights).matrix()
    expected = [[naive(p, w, q, v) for q, v in zip(policies, weights)] for p, w in zip(policies, weights)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert (np.diag(found) == 0).all()
    np.testing.assert_allclose(found, found.T, rtol=0, atol=1e-12)


def test_it_is_the_mean_of_two_kl_divergences_weighted_by_visits():
    (p, q), (w, v) = users(2, sharp=1.0)
    expected = (w @ entropy(p, q, axis=1) + v @ entropy(q, p, axis=1)) / 2
    assert behavioural(np.array([p, q]), np.array([w, v])).matrix()[0, 1] == pytest.approx(expected, rel=1e-12)


def test_an_action_that_one_never_takes_costs_23_nats_and_not_more():
    policies = np.array([[[1.0, 0.0]], [[0.5, 0.5]]])
    expected = (np.log(2) + (0.5 * np.log(0.5) + 0.5 * np.log(0.5 / 1e-10))) / 2
    assert behavioural(policies, np.ones((2, 1))).matrix()[0, 1] == pytest.approx(expected, abs=1e-8)
    assert behavioural(policies, np.ones((2, 1)), clip=0.1).matrix()[0, 1] < 1


def test_two_sets_of_users():
    policies, weights = users(9)
    whole = behavioural(policies, weights).matrix()
    found = swkl(policies[:4], weights[:4], policies[4:], weights[4:])
    np.testing.assert_allclose(found, whole[:4, 4:], rtol=0, atol=1e-12)
    with pytest.raises(
        InputError, match=r"E1037: policies of two kinds cannot be compared\n  value: '\(4, 12, 6\) and \(4, 12, 5\)'"
    ):
        swkl(policies[:4], weights[:4], policies[:4, :, :5], weights[:4])


@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_blocks_are_rows_of_the_matrix(rows):
    distances = behavioural(*users(7))
    blocks = list(distances.blocks(rows))
    assert [first for first, _ in blocks] == list(range(0, 7, rows))
    np.testing.assert_allclose(np.concatenate([block for _, block in blocks]), distances.matrix(), rtol=0, atol=1e-14)


def test_the_matrix_is_written_block_by_block(tmp_path, monkeypatch):
    from awase.apps.homophily import distances as module

    distances = behavioural(*users(30))
    monkeypatch.setattr(module, "_BLOCK_BYTES", 8 * 30 * 4)
    distances.write(tmp_path / "swkl.npy")
    found = np.load(tmp_path / "swkl.npy", mmap_mode="r")
    assert found.dtype == np.float32 and found.shape == (30, 30)
    np.testing.assert_allclose(found, distances.matrix(), rtol=1e-6)
    with pytest.raises(BackendError, match="E0301"):
        distances.write(tmp_path / "swkl.npy" / "below")


def test_nobody_has_no_distances(tmp_path):
    nobody = behavioural(np.zeros((0, 12, 6)), np.zeros((0, 12)))
    assert nobody.matrix().shape == (0, 0) and len(nobody) == 0
    nobody.write(tmp_path / "none.npy")
    assert np.load(tmp_path / "none.npy").shape == (0, 0)


def test_topics_are_compared_by_cosine():
    vectors = np.random.default_rng(0).normal(size=(12, 5))
    np.testing.assert_allclose(topical(vectors).matrix(), cdist(vectors, vectors, "cosine"), rtol=0, atol=1e-12)
    with_nothing = topical(np.vstack([vectors, np.zeros((2, 5))])).matrix()
    assert (with_nothing[12, :12] == 1).all() and with_nothing[12, 13] == 1 and with_nothing[12, 12] == 0


def test_smoothing_leaves_a_state_without_visits_even():
    policies, weights = smoothed(np.array([[[3, 0], [0, 0]]]), 0.5)
    assert policies.tolist() == [[[3.5 / 4, 0.5 / 4], [0.5, 0.5]]] and weights.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda p, w: (p[0], w), r"E1037: policies and weights do not fit together\n  value: 'policies \(12, 6\), weights \(3, 12\)'"),
        (lambda p, w: (p, w[:, :5]), "E1037: policies and weights do not fit together"),
        (lambda p, w: (p * 2, w), "E1037: a policy is no probability, 0 to 1\n  where: user 0"),
        (lambda p, w: (np.where(np.arange(3)[:, None, None] == 1, np.nan, p), w), "E1037: a policy is no probability, 0 to 1\n  where: user 1"),
        (lambda p, w: (p, w * 0.5), "E1037: the weights of a user do not sum to 1\n  where: user 0\n  value: 0.5"),
        (lambda p, w: (p, w * [[1], [0], [0]]), "E1038: 2 of 3 users have no behaviour to compare\n  where: user 1\n  to do: leave out"),
    ],
)  # fmt: skip
def test_what_is_no_behaviour_is_refused(change, text):
    with pytest.raises(InputError, match=text):
        behavioural(*change(*users(3)))


def test_wrong_topics_and_counts_are_refused():
    with pytest.raises(
        InputError, match=r"E1037: topic vectors are one row of finite numbers for each user\n  value: 'shape \(3,\)'"
    ):
        topical(np.ones(3))
    with pytest.raises(InputError, match="E1037: topic vectors"):
        topical(np.array([[1.0, np.inf]]))
    with pytest.raises(InputError, match="E1037: counts are numbers from 0 on"):
        smoothed(-np.ones((2, 12, 6)))
    with pytest.raises(InputError, match="E1038: 1 of 2 users have no behaviour"):
        smoothed(np.stack([np.ones((12, 6)), np.zeros((12, 6))]))


def test_distances_below_zero_by_rounding_are_zero():
    policies, weights = users(1)
    twice = behavioural(np.repeat(policies, 50, axis=0), np.repeat(weights, 50, axis=0))
    assert isinstance(twice, Distances) and (twice.matrix() >= 0).all() and twice.matrix().max() < 1e-14
