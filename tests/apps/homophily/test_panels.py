import numpy as np
import pytest
from scipy.stats import spearmanr

from awase.apps.homophily.distances import behavioural, topical
from awase.apps.homophily.panels import panel
from awase.core.errors import InputError
from awase.tasks.significance import holm

homes = np.repeat([0, 1, 2], [8, 6, 2])


def data():
    rng = np.random.default_rng(0)
    n = len(homes)
    return topical(rng.random((n, 4))), behavioural(rng.dirichlet(np.ones(6), (n, 12)), rng.dirichlet(np.ones(12), n))


@pytest.mark.parametrize("against", ["same_pair", "home_topic"])
def test_each_cell_is_a_rank_correlation_over_the_users_of_its_row(against):
    topics, behaviour = data()
    found = panel(topics, behaviour, homes, 3, against=against)
    t, d = topics.matrix(), behaviour.matrix()
    for a in range(2):
        for b in range(3):
            users = np.flatnonzero(homes == a)
            to = a if against == "home_topic" else b
            x = [np.mean([t[u, v] for v in np.flatnonzero(homes == to) if v != u]) for u in users]
            y = [np.mean([d[u, v] for v in np.flatnonzero(homes == b) if v != u]) for u in users]
            rho, p = spearmanr(x, y)
            assert found.rho[a, b] == pytest.approx(rho) and found.p[a, b] == pytest.approx(p) and found.n[a, b] == len(users)
    assert np.isnan(found.rho[2]).all() and np.isnan(found.p_holm[2]).all()  # two users have no correlation
    np.testing.assert_allclose(found.p_holm[:2].ravel(), holm(found.p[:2].ravel()))


def test_the_two_readings_differ_away_from_the_diagonal_only():
    topics, behaviour = data()
    first, second = (panel(topics, behaviour, homes, 3, against=against).rho for against in ("same_pair", "home_topic"))
    np.testing.assert_array_equal(np.diag(first), np.diag(second))
    assert first[0, 1] != second[0, 1]


def test_equal_distances_have_no_rank():
    _, behaviour = data()
    found = panel(topical(np.ones((len(homes), 2))), behaviour, homes, 3, against="home_topic")
    assert np.isnan(found.rho).all() and (found.n[0] == 8).all()


def test_topics_of_others_are_refused():
    _, behaviour = data()
    with pytest.raises(InputError, match="E1037: topics and behaviour are of the same users\n  value: '3 and 16 users'"):
        panel(topical(np.ones((3, 2))), behaviour, homes, 3, against="same_pair")
