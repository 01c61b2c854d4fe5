"""Intervals that cover as often as they say, tests whose p is uniform when nothing differs, and exact values on small cases."""

import itertools

import numpy as np
import pytest
from scipy import stats

from awase.core.errors import InputError
from awase.tasks.significance import bootstrap_ci, holm, paired_randomisation_test


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
