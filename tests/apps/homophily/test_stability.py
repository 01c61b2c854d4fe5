import numpy as np
import pytest

from awase.apps.homophily.distances import behavioural, smoothed
from awase.apps.homophily.stability import quartiles, stability, subsampled, variation_of
from awase.core.errors import ConfigError, InputError

YEARS = [2015, 2016, 2017, 2018]


def policies():
    rng = np.random.default_rng(3)
    return rng.dirichlet(np.full(6, 0.6), (2, 12))


def yearly(n=30, events=400, changed=(), quiet=(), seed=0):
    """Counts of n users over four years, of one policy; ``changed`` ones have another in the last two, ``quiet`` ones few events in 2018."""
    rng = np.random.default_rng(seed)
    usual, other = policies()
    users, years = np.repeat(np.arange(n), 4), np.tile(YEARS, n)
    new = np.isin(users, changed) & (years >= 2017)
    sizes = np.where(np.isin(users, quiet) & (years == 2018), events // 4, events)
    visits = rng.multinomial(sizes, np.full(12, 1 / 12))
    return rng.multinomial(visits, np.where(new[:, None, None], other, usual)), users, years, np.arange(n) % 2


def test_who_changes_varies_more_than_chance():
    actions, users, years, home = yearly(changed=[0, 1])
    found = stability(actions, users, years, home, 2, events=200)
    assert found.years == YEARS and found.events == 200 and found.homophily.shape == (30, 4)
    assert (found.behaviour[:2] > 2 * found.by_chance[2:].max()).all()


def test_who_does_not_change_varies_by_chance():
    found = stability(*yearly(n=60), 2, events=200)
    assert np.median(found.behaviour) == pytest.approx(np.median(found.by_chance), rel=0.15)
    assert np.quantile(found.behaviour, 0.9) == pytest.approx(np.quantile(found.by_chance, 0.9), rel=0.25)


def test_quiet_years_look_like_change_only_when_years_are_not_cut():
    actions, users, years, home = yearly(n=40, events=800, quiet=range(20))
    cut = stability(actions, users, years, home, 2, events=150)
    whole = stability(actions, users, years, home, 2, events=150, equal=False)
    quiet = np.arange(40) < 20
    assert np.median(whole.behaviour[quiet]) > 1.5 * np.median(cut.behaviour[quiet])
    assert np.median(cut.behaviour[quiet]) < 1.3 * np.median(cut.behaviour[~quiet])
    assert whole.events == 0


def test_homophily_of_a_year_is_the_mean_distance_to_the_others_there():
    actions, users, years, home = yearly(n=8)
    kept = np.arange(len(users)) != 5  # user 1 has no 2016
    found = stability(actions[kept], users[kept], years[kept], home, 2, equal=False)
    for year in range(4):
        of = np.flatnonzero((years == YEARS[year]) & kept)
        matrix = behavioural(*smoothed(actions[of])).matrix()
        for row, unit in enumerate(of):
            near = (home[users[of]] == home[users[unit]]) & (of != unit)
            assert found.homophily[users[unit], year] == pytest.approx(matrix[row, near].mean())
    assert np.isnan(found.homophily[1, 1]) and np.isfinite(found.behaviour).all()
    expected = found.homophily[0].std(ddof=1) / found.homophily[0].mean()
    assert found.behaviour[0] == pytest.approx(expected)


def test_users_with_one_year_stand_in_for_others_but_have_no_variation():
    actions, users, years, home = yearly(n=6)
    kept = (users != 4) | (years == 2015)
    found = stability(actions[kept], users[kept], years[kept], home, 2, equal=False)
    assert np.isnan(found.behaviour[4]) and np.isfinite(found.homophily[4, 0]) and np.isfinite(found.behaviour[:4]).all()


def test_topics_by_year():
    actions, users, years, home = yearly(n=10)
    rng = np.random.default_rng(0)
    own = rng.random((10, 6))[users]
    own[users == 3] = rng.random((4, 6))  # writes about something else each year
    found = stability(actions, users, years, home, 2, topics=own)
    assert found.topics is not None and found.topics.argmax() == 3 and found.topics[3] > 0.3
    np.testing.assert_allclose(found.topics[home == 0], 0, atol=1e-12)  # in the other community nobody changed
    assert stability(actions, users, years, home, 2).topics is None


def test_events_are_drawn_without_replacement():
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 20, (400, 12, 6))
    drawn = subsampled(actions, 100, np.random.default_rng(1))
    assert (drawn.sum(axis=(1, 2)) == 100).all() and (drawn <= actions).all() and (drawn >= 0).all()
    expected = 100 * actions / actions.sum(axis=(1, 2), keepdims=True)
    assert abs((drawn - expected).mean(axis=0)).max() < 0.25
    whole = subsampled(actions[:1], int(actions[0].sum()), rng)
    np.testing.assert_array_equal(whole[0], actions[0])


def test_the_same_seed_draws_the_same_years():
    data = yearly(n=6)
    first, again, other = (stability(*data, 2, seed=seed).behaviour for seed in (0, 0, 1))
    assert (first == again).all() and not (first == other).any()


def test_variation_and_quartiles():
    values = np.array([[1.0, 2.0, 3.0], [2.0, 2.0, np.nan], [np.nan, 1.0, np.nan], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(variation_of(values), [0.5, 0.0, np.nan, np.nan])
    found = quartiles(np.array([1.0, 5.0, 2.0, np.nan, 3.0]), np.array([0, 1, 0, 0, 0]), 3)
    assert found[0] == (3, 1.5, 2.0, 2.5) and found[1] == (1, 5.0, 5.0, 5.0)
    assert found[2].n == 0 and np.isnan(found[2].median)


def test_what_cannot_be_measured():
    actions, users, years, home = yearly(n=4, events=50)
    with pytest.raises(
        InputError,
        match="E1040: no user has 100 pairs of state and action in two years\n  value: '0 such years in all'\n  to do: lower the number",
    ):
        stability(actions, users, years, home, 2)
    with pytest.raises(ConfigError, match="E1040: a year is cut to at least one event\n  value: 0"):
        stability(actions, users, years, home, 2, events=0)
    with pytest.raises(InputError, match="E1037: each row of counts has its user and its year\n  value: '16 counts, 3 users"):
        stability(actions, users[:3], years, home, 2)
    with pytest.raises(InputError, match="E1037: each row of counts has its user and its year"):
        stability(actions, users + 1, years, home, 2)
    with pytest.raises(
        InputError, match="E1037: each row of counts has its topic vector\n  value: '2 topic vectors, 16 counts'"
    ):
        stability(actions, users, years, home, 2, topics=np.ones((2, 3)))
