import numpy as np
import pytest

from awase.apps.homophily.distances import behavioural, topical
from awase.apps.homophily.groups import bootstrap, clustering_order, compare_groups, group_means, to_groups
from awase.core.errors import InputError
from awase.tasks.significance import resampled_counts

homes = np.array([0, 1, 1, 0, 2, 2, 2, 1, 3])  # the last community has one user, and 4 has none


def both():
    rng, n = np.random.default_rng(0), len(homes)
    vectors = rng.random((n, 5))
    vectors[1] = 0  # a user without topics
    return {
        "behaviour": behavioural(rng.dirichlet(np.ones(6), (n, 12)), rng.dirichlet(np.ones(12), n)),
        "topics": topical(vectors),
    }


def naive(matrix, users_a, users_b):
    """The mean over pairs of two different users; users may be there in several copies."""
    pairs = [matrix[u, v] for u in users_a for v in users_b if u != v]
    return np.mean(pairs) if pairs else np.nan


@pytest.mark.parametrize("of", ["behaviour", "topics"])
def test_means_are_over_pairs_of_two_users(of):
    distances = both()[of]
    matrix = distances.matrix()
    expected = [[naive(matrix, np.flatnonzero(homes == a), np.flatnonzero(homes == b)) for b in range(5)] for a in range(5)]
    found = group_means(distances, homes, 5)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(found[3, 3]) and np.isnan(found[4]).all() and np.isfinite(found[3, 0])


@pytest.mark.parametrize("of", ["behaviour", "topics"])
def test_the_mean_of_a_user_to_each_community(of):
    distances = both()[of]
    matrix = distances.matrix()
    expected = [[naive(matrix, [u], np.flatnonzero(homes == b)) for b in range(5)] for u in range(len(homes))]
    np.testing.assert_allclose(to_groups(distances, homes, 5), expected, atol=1e-12)


@pytest.mark.parametrize("of", ["behaviour", "topics"])
def test_a_bootstrap_draws_users_within_communities(of):
    distances, resamples = both()[of], 40
    matrix = distances.matrix()
    members = [np.flatnonzero(homes == group) for group in range(4)]
    drawn = [np.concatenate(list(resampled_counts(len(users), resamples, group))) for group, users in enumerate(members)]
    copies = [[np.repeat(users, counts[r]) for users, counts in zip(members, drawn)] for r in range(resamples)]
    means = np.array([[[naive(matrix, a, b) for b in of_all] for a in of_all] for of_all in copies])
    means[:, 3, 3] = 0  # no pairs in any resample
    expected = np.moveaxis(np.nanquantile(means, [0.025, 0.975], axis=0), 0, -1)
    expected[3, 3] = np.nan
    np.testing.assert_allclose(bootstrap(distances, homes, 4, resamples=resamples), expected, atol=1e-12)


def test_the_interval_holds_the_mean_of_all_users():
    """95 % of intervals from samples of 40 users of two kinds of policy hold the distance of the kinds."""
    rng = np.random.default_rng(1)
    kinds = rng.dirichlet(np.ones(6), (2, 12))
    held = []
    for seed in range(60):
        policies = 0.7 * kinds[np.repeat([0, 1], 40)] + 0.3 * rng.dirichlet(np.ones(6), (80, 12))
        distances = behavioural(policies, np.full((80, 12), 1 / 12))
        held.append((group_means(distances, np.repeat([0, 1], 40), 2)[0, 1], *bootstrap(
            distances, np.repeat([0, 1], 40), 2, resamples=200, seed=seed)[0, 1]))  # fmt: skip
    means, low, high = np.array(held).T
    truth = means.mean()
    assert 0.85 <= np.mean((low <= truth) & (truth <= high)) <= 1.0
    assert (low < means).all() and (means < high).all()


def test_a_bootstrap_is_the_same_for_a_seed():
    distances = both()["behaviour"]
    first, again, other = (bootstrap(distances, homes, 4, resamples=50, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0, 1], other[0, 1])


def test_near_communities_stand_side_by_side():
    at = np.array([0.0, 5.0, 0.2, 5.1, 0.1])
    means = abs(at[:, None] - at) + 0.3
    order = clustering_order(means)
    assert sorted(at[order].tolist()) in (at[order].tolist(), at[order][::-1].tolist())
    means[1, :] = means[:, 1] = np.nan
    assert clustering_order(means)[-1] == 1  # nothing is known of it
    assert clustering_order(np.array([[np.nan]])).tolist() == [0]
    assert sorted(clustering_order(means[:2, :2]).tolist()) == [0, 1]


def test_mean_interval_and_order_of_one_call():
    distances = both()["behaviour"]
    found = compare_groups(distances, homes, 5, resamples=50)
    np.testing.assert_array_equal(found.mean, group_means(distances, homes, 5))
    assert found.interval.shape == (5, 5, 2) and found.order[-1] == 4


@pytest.mark.parametrize(
    ("home", "text"),
    [
        (homes[:3], r"E1037: each of 9 users has one home community, 0 to 3\n  value: 'shape \(3,\), int64'"),
        (homes + 1, r"E1037: each of 9 users has one home community, 0 to 3\n  value: '1 to 4'"),
        (homes.astype(float), "E1037: each of 9 users"),
    ],
)
def test_a_home_that_does_not_fit_is_refused(home, text):
    with pytest.raises(InputError, match=text):
        group_means(both()["behaviour"], home, 4)
