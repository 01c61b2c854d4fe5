import numpy as np
import pytest
from scipy.stats import gamma

from awase.apps.homophily.distances import behavioural, smoothed
from awase.apps.homophily.floor import NoiseFloor, Pairs, gamma_quantile, self_floor
from awase.apps.homophily.states import LEGAL
from awase.core.errors import ConfigError, InputError

# The distance of two samples of one policy, by events of each, as it was measured with the paper's definitions.
MEASURED = {100: 0.167, 300: 0.096, 1_000: 0.037, 3_000: 0.016, 10_000: 0.005}


def typical(seed=5):
    """(12, 6): mostly waits and root comments, replies of each stance, few threads; each state has its own draw of that."""
    return np.random.default_rng(seed).dirichlet(3 * np.array([0.35, 0.05, 0.3, 0.12, 0.12, 0.06]), 12)


POLICIES = {
    "flat": np.full((12, 6), 1 / 6),
    "typical": typical(),
    "sharp": np.random.default_rng(1).dirichlet(np.full(6, 0.2), 12),
    "two actions": np.tile([0.6, 0.0, 0.4, 0.0, 0.0, 0.0], (12, 1)),
    "one action": np.tile([0.01, 0.01, 0.95, 0.01, 0.01, 0.01], (12, 1)),
}


def samples(policy, events, n, seed=0):
    """(n, 12, 6): counts of n users of one policy, their states from where its chain settles."""
    rng = np.random.default_rng(seed)
    chain = policy @ (LEGAL / LEGAL.sum(axis=1, keepdims=True))
    settled = np.linalg.matrix_power(chain, 1000)[0]
    return rng.multinomial(rng.multinomial(events, settled / settled.sum(), n), policy)


@pytest.mark.parametrize(("events", "measured"), MEASURED.items())
def test_the_table_of_noise_floors(events, measured):
    counts = samples(typical(), events, 60)
    distance = behavioural(*smoothed(counts)).matrix()[np.triu_indices(60, 1)].mean()
    pairs = next(NoiseFloor(counts).blocks())[1].expected[np.triu_indices(60, 1)].mean()
    own, upper = self_floor(counts)
    assert measured / 2 < distance < 2 * measured
    assert pairs == pytest.approx(distance, rel=0.05)
    assert measured / 2 < own.mean() < 2 * measured
    assert own.mean() < upper.mean() < 2 * own.mean()


def test_without_smoothing_the_floor_is_far_higher():
    counts = samples(typical(), 100, 60)
    raw = counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)
    raw = np.where(counts.sum(axis=2, keepdims=True) > 0, raw, 1 / 6)
    weights = counts.sum(axis=2) / 100
    assert behavioural(raw, weights).matrix().mean() > 8 * behavioural(*smoothed(counts)).matrix().mean()


@pytest.mark.parametrize("events", [(100, 100), (300, 300), (10_000, 10_000), (100, 1_000), (100, 10_000), (1_000, 10_000)])
@pytest.mark.parametrize("policy", POLICIES)
def test_of_pairs_of_one_policy_5_percent_are_above(policy, events):
    """Of 1,500 pairs, which makes the share known to 0.006."""
    n = 1500
    first, second = (samples(POLICIES[policy], size, n, seed) for seed, size in enumerate(events))
    above, error = [], []
    for start in range(0, n, 20):  # blocks of 20 x 20, of which the diagonal is pairs of users who are in no other pair
        part = slice(start, start + 20)
        _, pairs = next(NoiseFloor(np.concatenate([first[part], second[part]])).blocks())
        above.append(np.diag(pairs.above[:20, 20:]))
        error.append(np.diag((pairs.distance - pairs.expected)[:20, 20:]) / pairs.expected[:20, 20:].mean())
    assert 0.02 <= np.mean(above) <= 0.09
    assert abs(np.mean(error)) < 0.06  # and the expected distance is what is found


def test_users_of_two_policies_are_above():
    other = POLICIES["typical"][:, ::-1]
    counts = np.concatenate([samples(POLICIES["typical"], 300, 20), samples(other, 300, 20, 1)])
    home = np.repeat([0, 1], 20)
    found = NoiseFloor(counts).of_groups(home, 2)
    assert found.share_above[0, 1] == 1.0 and found.share_above[0, 0] < 0.15 > found.share_above[1, 1]
    assert found.above[0, 1] and found.debiased[0, 1] > 5 * found.expected[0, 1] and abs(np.diag(found.debiased)).max() < 0.02


def test_means_of_communities_are_over_the_blocks(monkeypatch):
    counts = np.concatenate([samples(typical(), 200, 9), samples(typical(6), 900, 8, 1)])
    home = np.array([0, 1, 1, 0, 2, 2, 2, 1, 1, 0, 0, 0, 1, 1, 1, 1, 3])
    floor = NoiseFloor(counts, threads=2)
    _, pairs = next(floor.blocks())
    np.testing.assert_allclose(pairs.distance, behavioural(*smoothed(counts)).matrix(), atol=1e-12)
    whole = floor.of_groups(home, 4)
    monkeypatch.setattr("awase.apps.homophily.floor._BLOCK", 17 * 4)
    parts = floor.of_groups(home, 4)
    for a in range(4):
        for b in range(4):
            of = np.ix_(home == a, home == b)
            other = ~np.eye(17, dtype=bool)[of]
            for name, values in (("mean", pairs.distance), ("expected", pairs.expected), ("share_above", pairs.above)):
                expected = values[of][other].mean() if other.any() else np.nan
                for found in (whole, parts):
                    np.testing.assert_allclose(getattr(found, name)[a, b], expected, rtol=1e-5, err_msg=name)
    assert whole.n_pairs == 17 * 16 // 2 and whole.n_above == pairs.above.sum() // 2 == parts.n_above
    assert np.isnan(whole.mean[3, 3]) and not whole.above[3].any()
    assert whole.above[0, 2] and np.isfinite(whole.error[:3, :3]).all() and np.isnan(whole.error[3]).all()


def test_communities_of_one_policy_are_rarely_above():
    """A one-sided test at 5 %, of 3 x 3 communities of 20 users whose numbers of events differ 20-fold."""
    home, above, excess, errors = np.repeat([0, 1, 2], 20), [], [], []
    for seed in range(60):
        counts = np.concatenate([samples(typical(), events, 15, (seed, events)) for events in (50, 100, 300, 1000)])
        found = NoiseFloor(np.random.default_rng(seed).permutation(counts)).of_groups(home, 3)
        above.append(found.above)
        excess.append(found.debiased)
        errors.append(found.error)
    assert np.mean(above) < 0.07
    assert abs(np.mean(excess)) < 0.004
    np.testing.assert_allclose(np.mean(errors, axis=0), np.std(excess, axis=0), rtol=0.5)


def test_the_error_of_a_mean_of_communities_is_that_of_its_users():
    """Between two communities var_A / n_A + var_B / n_B of each user's mean to the other; within one each user is on both sides: 4 var / n."""
    counts = np.concatenate([samples(typical(), 200, 7), samples(typical(6), 900, 9, 1)])
    home = np.repeat([0, 1], [7, 9])
    floor = NoiseFloor(counts)
    _, pairs = next(floor.blocks())
    excess = (pairs.distance - pairs.expected).astype(np.float64)
    np.fill_diagonal(excess, np.nan)
    spread = {(a, b): np.nanmean(excess[np.ix_(home == a, home == b)], axis=1).var(ddof=1) for a in (0, 1) for b in (0, 1)}
    sizes = {0: 7, 1: 9}
    error = floor.of_groups(home, 2).error
    for a in (0, 1):
        assert error[a, a] == pytest.approx(np.sqrt(4 * spread[a, a] / sizes[a]), rel=1e-4)
    across = np.sqrt(spread[0, 1] / 7 + spread[1, 0] / 9)
    assert error[0, 1] == error[1, 0] == pytest.approx(across, rel=1e-4)


@pytest.mark.parametrize(("times", "above"), [(1.0, False), (1.02, False), (1.029, False), (1.031, True), (1.1, True)])
def test_communities_are_above_chance_from_three_percent_on(times, above, monkeypatch):
    """Every pair is so far apart, so that the mean has no error but that of the expected distance."""
    counts = samples(typical(), 200, 8)

    def blocks(self, rows=None, *, once=False):
        expected = np.full((8, 8), 0.5)
        yield 0, Pairs(times * expected, expected, 2 * expected)

    monkeypatch.setattr(NoiseFloor, "blocks", blocks)
    found = NoiseFloor(counts).of_groups(np.repeat([0, 1], 4), 2)
    assert found.error.max() < 1e-9
    assert (found.above == above).all()


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_the_upper_bound_of_a_self_floor_is_exceeded_as_often_as_it_says(level):
    counts = samples(typical(), 400, 40)
    policies, _ = smoothed(counts)
    _, upper = self_floor(counts, resamples=400, level=level)
    rng = np.random.default_rng(9)
    exceeded = []
    for _ in range(40):
        pair = (rng.multinomial(counts.sum(axis=2), policies) for _ in range(2))
        distance = behavioural(*smoothed(np.concatenate([*pair]))).matrix()
        exceeded.append(np.diag(distance[:40, 40:]) > upper)
    assert level * 0.7 < np.mean(exceeded) < level * 1.3  # 1,600 draws: 0.05 is known to 0.006


def test_floor_and_flags_are_written(tmp_path):
    floor = NoiseFloor(np.concatenate([samples(typical(), 200, 9), samples(typical(6), 900, 8, 1)]))
    floor.write(tmp_path / "expected.npy", tmp_path / "above.npy")
    expected, above = (np.load(tmp_path / name, mmap_mode="r") for name in ("expected.npy", "above.npy"))
    _, pairs = next(floor.blocks())
    np.testing.assert_array_equal(expected, np.where(np.eye(17), 0, pairs.expected))
    np.testing.assert_array_equal(above, pairs.above)
    assert above.dtype == bool and expected.dtype == np.float32 and not above.diagonal().any() and above.any()


def test_users_who_can_only_do_one_thing_are_not_above():
    counts = np.zeros((4, 12, 6))
    counts[:, 4, 2] = [10, 1000, 77, 12345]  # all in one state, one action: the distance is what smoothing makes of the sizes
    _, pairs = next(NoiseFloor(counts).blocks())
    assert not pairs.above.any() and pairs.distance[0, 3] > 0.01


def test_a_self_floor_is_of_the_users_own_visits():
    counts = np.zeros((2, 12, 6))
    counts[0, 0], counts[1, :, :] = 100, 8  # 600 events in one state, and 576 over twelve
    expected, upper = self_floor(counts, resamples=200)
    assert expected[0] == pytest.approx(5 / 600, rel=0.2)  # (actions - 1) / events for each state that is visited
    assert expected[1] == pytest.approx(12 * 5 / 576, rel=0.2)
    again, _ = self_floor(counts, resamples=200)
    assert (again == expected).all() and (upper > expected).all()


def test_the_gamma_quantile():
    shape = np.array([0.5, 1, 3, 10, 200])
    np.testing.assert_allclose(gamma_quantile(shape, shape, 0.95), gamma.ppf(0.95, shape), rtol=0.03)
    assert gamma_quantile(np.zeros(2), np.array([0.0, 1.0]), 0.95).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"smoothing": 0},
            "chance has no bounds without smoothing: one cell of 0 may cost 23 nats\n  value: 0\n  to do: use 0.5",
        ),
        (
            {"level": 1.0},
            "a level is the share of pairs of one policy that may be called different\n  value: 1.0\n  to do: use 0.05",
        ),
    ],
)
def test_options_that_cannot_be(options, text):
    for make in (NoiseFloor, self_floor):
        with pytest.raises(ConfigError, match=f"E1041: {text}"):
            make(samples(typical(), 50, 3), **options)


def test_counts_that_cannot_be():
    with pytest.raises(InputError, match="E1037: a noise floor needs counts of events, which are whole numbers"):
        NoiseFloor(np.full((2, 12, 6), 0.5))
    with pytest.raises(InputError, match="E1038: 1 of 2 users have no behaviour to compare\n  where: user 1"):
        NoiseFloor(np.stack([np.ones((12, 6)), np.zeros((12, 6))]))
    with pytest.raises(ConfigError, match="E1041: a user is compared with itself in two or more resamples\n  value: 1"):
        self_floor(np.ones((2, 12, 6)), resamples=1)
