"""Generators of negatives: their gradients, and what they converge to against scores that do not move."""

import numpy as np
import pytest

from awase.contrast.encoders import Rows
from awase.contrast.negatives.adversary.amsgrad import AmsGrad
from awase.contrast.negatives.adversary.generators import Generator, LayerSide, TableSide
from awase.contrast.negatives.adversary.policy import Adversary, Pool
from awase.kernels.policy import draw_policy, policy_gradient

STEP = 1e-5


def both_kinds(rng):
    """A generator of each kind over 7 anchors of 2 kinds and 5 targets, in float64."""
    vectors = rng.standard_normal((14, 6))
    kinds = {
        "table": (TableSide(7, 4, 2, rng), TableSide(5, 4, 1, rng)),
        "layer": (LayerSide(vectors.__getitem__, 6, 4, rng), LayerSide(vectors.__getitem__, 6, 4, rng)),
    }
    for sides in kinds.values():
        for side in sides:
            for name, value in side.parameters.items():
                side.parameters[name] = value.astype(np.float64)
    return {name: Generator(*sides) for name, sides in kinds.items()}


@pytest.mark.parametrize("kind", ["table", "layer"])
def test_the_gradient_of_a_generator_equals_differences(kind):
    rng = np.random.default_rng(0)
    generator = both_kinds(rng)[kind]
    anchors, targets = np.array([3, 9, 3, 0]), np.array([0, 2, 4])
    upstream = rng.standard_normal((4, 3))
    generator.logits(anchors, targets)
    for name, rows, values in generator.pull(anchors, targets, upstream):
        parameter = generator.parameters[name]
        found, expected = np.zeros_like(parameter), np.zeros_like(parameter)
        found[rows] = values
        for at in np.ndindex(parameter.shape):
            before = parameter[at]
            ends = []
            for step in (STEP, -STEP):
                parameter[at] = before + step
                ends.append((generator.logits(anchors, targets) * upstream).sum())
            parameter[at] = before
            expected[at] = (ends[0] - ends[1]) / (2 * STEP)
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_reinforce_is_unbiased_whatever_the_baseline():
    """Averaged over all draws, the gradient is that of the expected reward; a baseline changes nothing."""
    rng = np.random.default_rng(1)
    z, reward = rng.standard_normal(6, np.float32), rng.standard_normal(6).astype(np.float32)
    p = np.exp(z) / np.exp(z).sum()
    exact = p * (reward - p @ reward)
    for baseline in (0.0, 3.0):
        out, nothing = np.tile(z, (6, 1)), np.zeros(6, np.float32)
        log_total, entropy = np.empty((2, 6), np.float32)
        none = np.empty((6, 0)), np.empty((6, 0), np.int64), np.empty((6, 0), np.float32)
        draw_policy(out, nothing, *none, log_total, entropy)
        each, advantage = np.arange(6)[:, None], (reward - np.float32(baseline))[:, None]
        policy_gradient(out, log_total, each, advantage, entropy, nothing)
        np.testing.assert_allclose(p @ out, exact, atol=1e-6)


def played(scores, steps, **settings):
    """The distributions (b, N) and entropies (b,) of a generator that plays for so many steps against fixed scores (b, N)."""
    rng = np.random.default_rng(0)
    b, n = scores.shape
    generator = Generator(TableSide(b, 8, 1, rng), TableSide(n, 8, 1, rng))
    adversary = Adversary(generator, rate=0.03, every=1, **settings)
    anchors = np.tile(np.arange(b), 64)
    pool = Pool(np.arange(n), np.zeros(len(anchors), np.int64))
    for _ in range(steps):
        drawn = adversary.draw(anchors, pool, rng.random((len(anchors), 1)))
        assert adversary.listens()
        reward = scores[anchors[:, None], drawn.items]
        adversary.learn(reward - scores[anchors, drawn.best()][:, None])
    z = generator.logits(np.arange(b), np.arange(n)).astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p, -(p * np.log(p)).sum(axis=1)


def test_with_entropy_always_on_a_generator_becomes_the_boltzmann_distribution():
    """g*(y|x) = softmax(S / entropy_weight)."""
    scores = np.random.default_rng(2).standard_normal((3, 9)).astype(np.float32)
    p, _ = played(scores, 900, entropy="always", entropy_weight=0.7, keep=1)
    expected = np.exp(scores / 0.7)
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.abs(p - expected).sum(axis=1).max() / 2 < 0.09


def test_the_hinge_keeps_the_entropy_and_without_it_the_generator_collapses():
    """Check (iv) of the method, against scores that do not move."""
    scores = 3 * np.random.default_rng(3).standard_normal((3, 12)).astype(np.float32)
    _, kept = played(scores, 400, entropy="hinge", entropy_weight=10.0, keep=4)
    _, collapsed = played(scores, 400, entropy="hinge", entropy_weight=0.0, keep=4)
    assert kept.min() > np.log(4) - 0.15 and kept.max() < np.log(4) + 0.5
    assert collapsed.max() < 0.5


def test_it_learns_from_every_so_many_batches():
    rng = np.random.default_rng(0)
    generator = Generator(TableSide(2, 2, 1, rng), TableSide(3, 2, 1, rng))
    adversary = Adversary(generator, rate=0.1, entropy="always", entropy_weight=1.0, keep=1, every=3)
    heard = []
    for _ in range(6):
        adversary.draw(np.array([0]), Pool(np.arange(3), np.zeros(1, np.int64)), np.array([[0.5]]))
        heard.append(adversary.listens())
    assert heard == [False, False, True] * 2


def test_the_optimiser_finds_a_minimum_and_leaves_other_rows_alone():
    parameters = {"table": np.ones((3, 2), np.float32), "shift": np.ones(3, np.float32)}
    optimizer = AmsGrad(parameters, 0.1)
    some = np.array([0, 2])
    for _ in range(200):
        optimizer.step([Rows(name, some, 2 * value[some]) for name, value in parameters.items()])
    assert np.abs(parameters["table"][some]).max() < 1e-2 and (parameters["table"][1] == 1).all()
    assert np.abs(parameters["shift"][some]).max() < 1e-2 and parameters["shift"][1] == 1
