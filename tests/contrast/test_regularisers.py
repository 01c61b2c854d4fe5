"""Regularisers: values as their docstrings say them, gradients against finite differences, bad settings."""

import numpy as np
import pytest

from awase.contrast.regularisers import Covariance, Features
from awase.core.errors import ConfigError

STEP = 1e-6


def difference(f, x):
    """The gradient of a number by central differences."""
    out = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[at] += STEP
        behind[at] -= STEP
        out[at] = (f(ahead) - f(behind)) / (2 * STEP)
    return out


@pytest.mark.parametrize("seed", range(3))
def test_covariance_is_the_sum_of_its_squares(seed):
    V = np.random.default_rng(seed).standard_normal((7, 4)) + 3
    C = np.cov(V, rowvar=False, bias=True)
    expected = sum(C[p, q] ** 2 for p in range(4) for q in range(4) if p != q)
    pull = Covariance(weight=0.7)(np.arange(7), V)
    assert pull.value == pytest.approx(0.7 * expected, rel=1e-12)
    assert pull.own == []
    np.testing.assert_allclose(pull.dV, difference(lambda V: Covariance(weight=0.7)(np.arange(7), V).value, V), atol=1e-7)


def test_descending_the_covariance_makes_dimensions_independent():
    rng = np.random.default_rng(0)
    V = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6)) * 0.3

    def correlation(V):
        C = np.abs(np.corrcoef(V, rowvar=False))
        return (C.sum() - len(C)) / (C.size - len(C))

    before = correlation(V)
    for _ in range(300):
        V = V - 50 * Covariance()(np.arange(500), V).dV
    assert before > 0.2 and correlation(V) < 0.3 * before


def test_one_vector_has_no_covariance():
    pull = Covariance()(np.arange(1), np.ones((1, 3), np.float32))
    assert pull.value == 0.0 and not pull.dV.any() and pull.dV.dtype == np.float32


def bound(hidden, seed=0, first=10, weight=0.7):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((5, 3))
    spec = Features(weight=weight, hidden=hidden)
    return features, spec.bind(features, 4, first=first, seed=seed)


@pytest.mark.parametrize("hidden", [0, 6])
def test_features_pull_known_items_to_their_projection(hidden):
    features, pull = bound(hidden)
    items, V = np.array([3, 12, 10, 99, 12]), np.random.default_rng(1).standard_normal((5, 4))
    goals = pull.project(features.astype(np.float32))
    expected = [((V[at] - goals[item - 10]) ** 2).sum() for at, item in enumerate(items) if 10 <= item < 15]
    found = pull(items, V)
    assert found.value == pytest.approx(0.7 * np.mean(expected), rel=1e-6)
    assert not found.dV[[0, 3]].any(), "a user, and an item without features"
    np.testing.assert_allclose(found.dV, difference(lambda V: pull(items, V).value, V), atol=1e-6)


@pytest.mark.parametrize("hidden", [0, 6])
def test_the_gradient_of_the_projection_equals_differences(hidden):
    _, pull = bound(hidden, seed=2)
    pull._layers = [tuple(part.astype(np.float64) for part in layer) for layer in pull._layers]
    items, V = np.array([12, 10, 12]), np.random.default_rng(1).standard_normal((3, 4))
    found = {name: values for name, rows, values in pull(items, V).own}
    assert set(found) == set(pull.parameters)
    for name, at, part in (
        (f"features.{kind}{at}", at, part) for at in range(len(pull._layers)) for part, kind in enumerate(("weights", "bias"))
    ):

        def value(x, at=at, part=part):
            held = pull._layers
            pull._layers = [
                tuple(x if (k, p) == (at, part) else one for p, one in enumerate(layer)) for k, layer in enumerate(held)
            ]
            answer = pull(items, V).value
            pull._layers = held
            return answer

        np.testing.assert_allclose(found[name], difference(value, pull._layers[at][part]), atol=2e-6, err_msg=name)


def test_a_batch_without_known_items_pays_nothing():
    _, pull = bound(0)
    found = pull(np.array([1, 2]), np.ones((2, 4), np.float32))
    assert found.value == 0.0 and not found.dV.any() and found.own == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Covariance(weight=0),
            "E0562: the weight of a regulariser must be above 0\n  value: 0\n  to do: leave",
        ),
        (
            lambda: Features(weight=-1),
            "E0562: the weight of a regulariser must be above 0\n  value: -1\n  to do: leave",
        ),
        (lambda: Features(hidden=-2), "E0562: the number of hidden units must not be negative\n  value: -2"),
    ],
)
def test_wrong_settings_say_what_is_right(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)
