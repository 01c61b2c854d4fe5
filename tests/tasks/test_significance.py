"""Intervals that cover as often as they say, tests whose p is uniform when nothing differs, and exact values on small cases."""

import itertools

import numpy as np
import pytest
from scipy import stats

from awase.core.errors import InputError
from awase.tasks.significance import bootstrap_ci, holm, holm_alphas, paired_randomisation_test, paired_test


def test_the_interval_covers_the_true_mean_95_times_in_100():
    """400 samples of 120 skewed values (a beta like nDCG per query): a binomial count around 95 %."""
    rng = np.random.default_rng(0)
    samples = rng.beta(0.5, 0.8, (400, 120))
    bounds = bootstrap_ci(samples, resamples=2_000, seed=1)
    true = 0.5 / 1.3
    covered = np.mean((bounds[:, 0] <= true) & (true <= bounds[:, 1]))
    assert 0.92 <= covered <= 0.98
    # Misses fall on both sides, so neither end is careless.
    assert np.mean(bounds[:, 0] > true) < 0.05
    assert np.mean(bounds[:, 1] < true) < 0.05


def test_the_interval_agrees_with_scipy():
    values = np.random.default_rng(3).random(80) ** 3
    reference = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(5))
    expected = [reference.confidence_interval.low, reference.confidence_interval.high]
    assert bootstrap_ci(values) == pytest.approx(expected, abs=0.003)


def test_level_and_batches():
    """A lower level gives a narrower interval; rows together equal rows alone; the seed decides the draws."""
    values = np.random.default_rng(0).random((2, 3, 50))
    together = bootstrap_ci(values, seed=7)
    assert together.shape == (2, 3, 2)
    assert bootstrap_ci(values[1, 2], seed=7) == pytest.approx(together[1, 2], abs=1e-12)
    assert not np.array_equal(together, bootstrap_ci(values, seed=8))
    narrow = bootstrap_ci(values, level=0.5, seed=7)
    assert (narrow[..., 0] > together[..., 0]).all()
    assert (narrow[..., 1] < together[..., 1]).all()


def test_blocks_do_not_change_the_meaning():
    """More queries than fit in a block many times over: the normal approximation must hold."""
    values = np.random.default_rng(0).random(400_000)
    low, high = bootstrap_ci(values, resamples=60)
    spread = values.std() / np.sqrt(len(values))
    assert abs((low + high) / 2 - values.mean()) < spread
    assert 2.5 * spread < high - low < 5.5 * spread


def exact_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_p_equals_full_enumeration(seed):
    """All 2^n sign patterns against 40,000 drawn ones: equal up to four standard errors. Half of the cases have ties."""
    rng = np.random.default_rng(seed)
    differences = rng.normal(0.4, 1.0, 10) if seed % 2 else rng.integers(-1, 3, 10) / 3
    expected = exact_p(differences)
    found = paired_randomisation_test(differences, np.zeros(10), permutations=40_000, seed=seed)
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / 40_000) + 1 / 40_000


def test_p_is_uniform_when_systems_are_exchangeable():
    rng = np.random.default_rng(0)
    p = [paired_randomisation_test(*rng.random((2, 40)), permutations=999, seed=i) for i in range(500)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.08


def test_p_is_symmetric_and_bounded():
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 60))
    assert paired_randomisation_test(a, b) == paired_randomisation_test(b, a)
    assert paired_randomisation_test(a, a) == 1.0
    assert paired_randomisation_test(a + 1, a, permutations=999) == 1 / 1000


def test_tied_queries_change_nothing():
    a, b = np.random.default_rng(2).random((2, 30))
    padded = np.concatenate([a, np.ones(500)]), np.concatenate([b, np.ones(500)])
    assert paired_randomisation_test(*padded) == paired_randomisation_test(a, b)


def test_holm_by_hand():
    assert holm(np.array([0.04, 0.01, 0.03, 0.005])).tolist() == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bootstrap_ci(np.array([])), "there are no queries"),
        (lambda: bootstrap_ci(np.array([0.5, np.nan])), "where: query 1"),
        (lambda: paired_randomisation_test(np.ones(3), np.ones(4)), "one value per query from both systems"),
        (lambda: paired_randomisation_test(np.ones(2), np.array([1, np.inf])), "not a finite number"),
    ],
)
def test_bad_input(call, says):
    with pytest.raises(InputError, match="E0806") as caught:
        call()
    assert says in str(caught.value)


# The interval of a difference


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_the_test_turned_round(seed):
    """Against the test made anew for shifted differences, with the same exchanges: p is at least .05 inside, and below outside."""
    rng = np.random.default_rng(seed)
    d = rng.choice([0.0, 0.2, -0.1, 1.0], 40) if seed % 2 else rng.beta(0.5, 0.5, 40) - 0.4
    found = paired_test(d, np.zeros(40), permutations=2_000, seed=seed)
    low, high = found.interval()
    assert low <= found.difference <= high
    signs = _signs(d, 2_000, seed)
    for delta, inside in ((low + 1e-6, True), (high - 1e-6, True), (low - 1e-6, False), (high + 1e-6, False)):
        extreme = np.abs(signs @ (d - delta)) >= abs((d - delta).sum()) - 1e-9
        assert ((1 + extreme.sum()) / 2_001 >= 0.05) == inside


def _signs(d, permutations, seed):
    """The drawn exchanges: of queries that differ as bits, of those that tie as a number of heads, put on the first of them."""
    differ, rng, tied = np.flatnonzero(d), np.random.default_rng(seed), np.random.default_rng((seed, 1))
    bits = rng.integers(0, 256, (permutations, -(-len(differ) // 8)), dtype=np.uint8)
    signs = np.full((permutations, len(d)), -1.0)
    signs[:, differ] = 2.0 * np.unpackbits(bits, axis=1, count=len(differ)) - 1
    heads = tied.binomial(len(d) - len(differ), 0.5, permutations)
    ties = np.setdiff1d(np.arange(len(d)), differ)
    for row, n in zip(signs, heads):
        row[ties[:n]] = 1.0
    return signs


def test_interval_and_p_never_contradict_each_other():
    """Alone and corrected, at any level, for few queries and many ties."""
    rng = np.random.default_rng(0)
    seen = {True: 0, False: 0}
    for seed in range(300):
        n = int(rng.integers(2, 60))
        d = rng.integers(-2, 4, n) / 4 if seed % 2 else rng.normal(0.15, 0.4, n)
        tests = [
            paired_test(d, np.zeros(n), permutations=499, seed=seed),
            paired_test(d[::-1] * 0.5 + 0.1, d, permutations=499),
        ]
        p = np.array([test.p for test in tests])
        for test, alpha, corrected in zip(tests, holm_alphas(p), holm(p)):
            for level, value in ((0.05, test.p), (0.1, test.p)):
                low, high = test.interval(level)
                assert (value < level) == (not low <= 0 <= high)
            low, high = test.interval(float(alpha))
            seen[bool(corrected < 0.05)] += 1
            assert (corrected < 0.05) == (not low <= 0 <= high)
    assert min(seen.values()) > 50


def test_the_interval_of_a_difference_covers_it_95_times_in_100():
    rng = np.random.default_rng(1)
    covered = []
    for seed in range(300):
        a, b = rng.beta(0.6, 0.4, 80), rng.beta(0.5, 0.5, 80)
        low, high = paired_test(a, b, permutations=999, seed=seed).interval()
        covered.append(low <= 0.6 - 0.5 <= high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_constant_values_and_ties():
    assert paired_test(np.ones(60), np.ones(60)).constant == 1.0
    assert paired_test(np.ones(60), np.zeros(60)).constant is None
    same = np.random.default_rng(0).random(60)
    equal = paired_test(same, same)
    assert (equal.constant, equal.p, equal.interval(), equal.se) == (None, 1.0, (0.0, 0.0), 0.0)
    assert paired_test(np.ones(3), np.zeros(3)).interval() == (-1.0, 1.0), "three queries exclude nothing"
