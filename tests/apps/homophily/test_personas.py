import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from awase.apps.homophily.distances import smoothed
from awase.apps.homophily.personas import names, personas
from awase.apps.homophily.simulated.policies import as_trajectories, five, walks
from awase.apps.homophily.trajectories import counts
from awase.core.errors import ConfigError, InputError


@pytest.fixture(scope="module")
def simulated():
    """100 users of the five policies, 20 of each, at 1,000 events: (policies, weights, true kind)."""
    kind = np.repeat(np.arange(5), 20)
    streams = walks(np.array(list(five().values())), 1000, group=kind)
    return *smoothed(counts(as_trajectories(streams)).actions), kind


@pytest.fixture(scope="module")
def found(simulated):
    return personas(*simulated[:2])


def test_five_kinds_are_found_and_counted(simulated, found):
    assert found.k == 5 and adjusted_rand_score(simulated[2], found.labels) >= 0.95
    assert found.tried == list(range(1, 11)) and len(found.gap) == len(found.gap_error) == 10
    assert found.note == "5 of 1 to 10: the smallest number whose gap the next does not exceed by its error."
    assert found.silhouette[0] is None and int(np.nanargmax([np.nan, *found.silhouette[1:]])) + 1 in (4, 5)
    k = 1
    while found.gap[k - 1] < found.gap[k] - found.gap_error[k]:
        k += 1
    assert k == 5


def test_centres_are_means_of_the_policies(simulated, found):
    for i in range(5):
        np.testing.assert_allclose(found.centres[i], simulated[0][found.labels == i].mean(axis=0), atol=1e-12)


def test_names_say_what_they_do(simulated, found):
    of = {name: found.names[np.bincount(found.labels[simulated[2] == i]).argmax()] for i, name in enumerate(five())}
    assert of == {name: name for name in five()}


def test_shares_by_community(found):
    home = np.arange(100) % 3
    shares = found.shares(home, 4)
    assert shares.shape == (4, 5)
    np.testing.assert_allclose(shares.sum(axis=1), [1, 1, 1, 0])
    assert shares[1, 2] == np.mean(found.labels[home == 1] == 2)


def test_the_largest_comes_first():
    policies = np.zeros((30, 12, 6))
    policies[:5, :, 1] = policies[5:13, :, 2] = policies[13:, :, 0] = 1
    found = personas(policies, np.full((30, 12), 1 / 12), 3)
    assert np.bincount(found.labels).tolist() == [17, 8, 5] and found.note == "3 personas were asked for."
    assert found.gap is None and found.tried is None


def test_a_cloud_is_one_kind():
    rng = np.random.default_rng(0)
    policies = rng.uniform(0.1, 0.2, (60, 12, 6))
    found = personas(policies / policies.sum(axis=2, keepdims=True), np.full((60, 12), 1 / 12))
    assert found.k == 1 and found.names == ["balanced"] and not found.labels.any()


def test_users_of_one_policy_and_few_users():
    same = np.full((5, 12, 6), 1 / 6), np.full((5, 12), 1 / 12)
    found = personas(*same)
    assert found.k == 1 and found.note == "All users have one policy."
    two = np.zeros((2, 12, 6))
    two[0, :, 1] = two[1, :, 2] = 1
    few = personas(two, same[1][:2])
    assert few.tried == [1] and few.k == 1 and few.silhouette == [None]


def test_the_same_seed_gives_the_same_groups(simulated):
    few = [values[::20] for values in simulated[:2]]
    first, again, other = (personas(*few, seed=seed) for seed in (0, 0, 1))
    assert (again.labels == first.labels).all() and again.gap == first.gap != other.gap


@pytest.mark.parametrize(
    ("share", "name"),
    [
        ([0.2, 0.02, 0.7, 0.03, 0.03, 0.02], "root only"),
        ([0.2, 0.02, 0.5, 0.08, 0.1, 0.1], "root favoured"),
        ([0.2, 0.3, 0.3, 0.1, 0.1, 0.0], "thread creators"),
        ([0.2, 0.02, 0.3, 0.05, 0.1, 0.33], "disagreers"),
        ([0.2, 0.02, 0.3, 0.33, 0.1, 0.05], "agreers"),
        ([0.2, 0.02, 0.1, 0.15, 0.4, 0.13], "repliers"),
        ([0.5, 0.02, 0.2, 0.09, 0.1, 0.09], "answered"),
        ([0.3, 0.05, 0.3, 0.1, 0.15, 0.1], "balanced"),
    ],
)
def test_a_name_for_each_rule(share, name):
    assert names(np.array([share]), np.array([0.3, 0.05, 0.3, 0.12, 0.12, 0.11])) == [name]


def test_names_are_all_different():
    usual = np.array([0.3, 0.05, 0.3, 0.12, 0.12, 0.11])
    shares = np.array([[0.3, 0, 0.65, 0.02, 0.03, 0], [0.1, 0, 0.85, 0.02, 0.03, 0], [0.1, 0, 0.85, 0.02, 0.03, 0]])
    assert names(shares, usual) == [
        "root only, more waiting",
        "root only, more root comments",
        "root only, more root comments (2)",
    ]


def test_what_cannot_be_grouped():
    policies, weights = np.full((4, 12, 6), 1 / 6), np.full((4, 12), 1 / 12)
    with pytest.raises(
        ConfigError,
        match="E1039: 1 different policies cannot make this many personas\n  where: personas\n  value: 2\n  to do: ask for 1 to 1",
    ):
        personas(policies, weights, 2)
    with pytest.raises(
        InputError,
        match=r"E1037: personas need finite policies and weights of the same users\n  value: 'policies \(4, 12, 6\), weights \(3, 12\)'",
    ):
        personas(policies, weights[:3])
    with pytest.raises(InputError, match="E1037"):
        personas(policies * np.nan, weights)
