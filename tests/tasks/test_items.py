"""Systems compared on the same items: means, statistics that are none, their intervals and tests."""

import numpy as np
import pytest

from awase.core.errors import ConfigError, InputError
from awase.tasks.correlation import Correlation
from awase.tasks.items import Ratio, Statistic, compare
from awase.tasks.significance import bootstrap_ci, paired_randomisation_test, paired_test

RNG = np.random.default_rng(0)
A, B = RNG.random((2, 80))


def test_means_are_measured_and_tested_as_queries_are():
    found = compare(
        {"a": {"mrr": A, "hits@1": (A > 0.9) * 1.0}, "b": {"mrr": B, "hits@1": (B > 0.9) * 1.0}}, pairs=[("a", "b")]
    )
    assert (found.metrics, found.n_items) == (("mrr", "hits@1"), 80)
    assert found.systems["b"]["mrr"] == pytest.approx((B.mean(), *bootstrap_ci(B)))
    (test,) = found.tests
    assert (test.a, test.b, test.metric) == ("a", "b", "mrr")
    assert test.difference == pytest.approx(A.mean() - B.mean())
    assert [test.low, test.high] == pytest.approx(paired_test(A, B).interval())
    assert test.p == test.p_holm == paired_randomisation_test(A, B)


def test_a_ratio_of_items_with_one_each_is_their_mean():
    ratio = Ratio(A, np.ones(80))
    assert isinstance(ratio, Statistic)
    found = compare({"a": {"map": A, "mean_rank": ratio}})
    assert found.systems["a"]["mean_rank"] == pytest.approx(found.systems["a"]["map"])
    assert found.tests == ()


def test_a_ratio_weighs_items_by_what_they_have_below():
    ratio = Ratio(np.array([10.0, 0.0]), np.array([4.0, 1.0]))
    assert ratio.value == 2.0
    assert ratio.resampled(np.array([[2, 0], [0, 2]])).tolist() == [2.5, 0.0]
    assert Ratio(np.array([1.0, 0.0]), np.array([1.0, 0.0])).resampled(np.array([[0, 2]])).tolist() == [1.0]


def test_correlations():
    gold = RNG.random(80)
    near, far = Correlation(gold + 0.2 * A, gold), Correlation(gold + 2 * B, gold)
    found = compare({"near": {"spearman": near}, "far": {"spearman": far}}, pairs=[("near", "far")], seed=3)
    value, low, high = found.systems["near"]["spearman"]
    assert low < value < high <= 1
    (test,) = found.tests
    assert test.difference == near.value - far.value
    assert 0 < test.low < test.difference < test.high
    assert test.p == near.against(far, seed=3).p < 0.001


def test_several_tests_are_corrected_and_the_best_of_several_is_chosen():
    systems = {name: {"mrr": values} for name, values in (("a", A), ("b", B), ("c", A * 0.5))}
    found = compare(systems, pairs=[("a", ("b", "c")), ("a", "c")])
    best = max("bc", key=lambda name: systems[name]["mrr"].mean())
    assert [test.b for test in found.tests] == [best, "c"]
    assert max(test.p_holm for test in found.tests) >= max(test.p for test in found.tests)
    assert min(test.p_holm for test in found.tests) == pytest.approx(2 * min(test.p for test in found.tests))


@pytest.mark.parametrize(
    ("systems", "pairs", "code", "says"),
    [
        ({}, [], "E0807", "at least one system"),
        ({"a": {}}, [], "E0807", "at least one system and one metric"),
        ({"a": {"mrr": A}, "b": {"map": B}}, [], "E0807", "all systems need the same metrics"),
        ({"a": {"mrr": A}, "b": {"mrr": B[:9]}}, [], "E0806", "is for 9 items, and the first metric for 80"),
        ({"a": {"mrr": A}}, [("a", "c")], "E0807", "a pair names an unknown system"),
        ({"a": {"mrr": A}}, [("a", "a")], "E0807", "compares a system with itself"),
        ({"a": {"mean_rank": A * 30}}, [], "E0825", "the first metric is tested"),
        ({"a": {"mean_rank": Ratio(A, B)}}, [], "E0825", "put another metric first"),
        ({"a": {"mrr": np.full(3, np.nan)}}, [], "E0806", "not a finite number"),
        ({"a": {"mrr": np.empty(0)}}, [], "E0806", "nothing to compare"),
        ({"a": {"r": A}, "b": {"r": Correlation(A, B)}}, [("a", "b")], "E0806", "a correlation for the other"),
    ],
)
def test_what_is_refused(systems, pairs, code, says):
    with pytest.raises((InputError, ConfigError), match=code) as caught:
        compare(systems, pairs=pairs)
    assert says in str(caught.value)
