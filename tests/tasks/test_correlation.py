"""Rank correlation: ties, resamples, and the test of two systems on the same pairs. Against SciPy: ``tests/parity/test_sklearn.py``."""

import numpy as np
import pytest

from awase.core.errors import InputError
from awase.tasks.correlation import Correlation, average_ranks, spearman


def test_average_ranks():
    assert average_ranks(np.array([3.0, -1.0, 3.0, 3.0, 7.0])).tolist() == [3.0, 1.0, 3.0, 3.0, 5.0]


def test_by_hand():
    """rho = 1 - 6 sum d^2 / (n (n^2 - 1)) without ties: d = 1, 1, 2, 0, 0 in some order."""
    x, y = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([20.0, 30.0, 10.0, 40.0, 50.0])
    assert spearman(x, y) == pytest.approx(1 - 6 * (1 + 1 + 4) / (5 * 24))
    assert spearman(x, -y) == pytest.approx(-spearman(x, y))
    assert spearman(np.exp(x), y) == spearman(x, y)


def test_a_constant_tells_nothing():
    assert spearman(np.ones(4), np.arange(4.0)) == 0.0


def test_equal_systems_are_exchangeable():
    x, gold = np.random.default_rng(0).random((2, 50))
    assert Correlation(x, gold).against(Correlation(np.exp(x), gold)).p == 1.0


def test_p_is_small_for_a_real_difference_and_the_same_both_ways():
    rng = np.random.default_rng(1)
    gold = rng.random(200)
    good, poor = Correlation(gold + 0.3 * rng.random(200), gold), Correlation(gold + 3 * rng.random(200), gold)
    assert good.value > poor.value + 0.2
    assert good.against(poor, permutations=2_000).p == 1 / 2_001
    assert poor.against(good, permutations=2_000).p == 1 / 2_001


def test_p_is_uniform_when_there_is_no_difference():
    """200 pairs of systems that differ by noise alone: one in five p-values lies below .2."""
    rng = np.random.default_rng(2)
    p = []
    for seed in range(200):
        gold = rng.random(40)
        a, b = (Correlation(gold + rng.random(40), gold) for _ in range(2))
        p.append(a.against(b, permutations=199, seed=seed).p)
    assert 0.12 < np.mean(np.array(p) <= 0.2) < 0.29


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ([1.0], [1.0], "two or more pairs"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "(2,) and (3,)"),
        ([1.0, np.nan], [1.0, 2.0], "a score is not a finite number"),
        ([1.0, 2.0], [np.inf, 2.0], "a judgement is not a finite number"),
    ],
)
def test_what_is_refused(x, y, says):
    with pytest.raises(InputError, match="E0806") as caught:
        spearman(np.array(x), np.array(y))
    assert says in str(caught.value)


def test_other_pairs_are_refused():
    one, other = Correlation(np.arange(3.0), np.arange(3.0)), Correlation(np.arange(3.0), np.arange(3.0)[::-1])
    with pytest.raises(InputError, match="on the same pairs in the same order"):
        one.against(other)
