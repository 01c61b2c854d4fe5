"""Walks: as their twin, with the probabilities asked for, and never where there is no way."""

import numpy as np

from awase.kernels.draws import key
from awase.kernels.walks import ladders, walk, walk_twin

CHAIN = np.array([[[0.1, 0.9, 0.0], [0.0, 0.3, 0.7], [0.5, 0.0, 0.5]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])


def walked(step, n_steps: int, group=(0, 1, 0), seed: int = 3) -> np.ndarray:
    out = np.zeros((len(group), n_steps), np.int8)
    step(ladders(CHAIN), np.array(group), key(seed, 0), out)
    return out


def test_the_kernel_is_its_twin():
    np.testing.assert_array_equal(walked(walk, 500), walked(walk_twin, 500))


def test_steps_have_the_probabilities_of_the_chain():
    states = walked(walk, 100_000)[0]
    counts = np.zeros((3, 3))
    np.add.at(counts, (states[:-1], states[1:]), 1)
    assert (counts[CHAIN[0] == 0] == 0).all()
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), CHAIN[0], atol=0.01)


def test_a_certain_chain_is_followed():
    assert walked(walk, 7)[1].tolist() == [0, 2, 1, 0, 2, 1, 0]


def test_a_walk_does_not_depend_on_its_length_or_on_other_walkers():
    np.testing.assert_array_equal(walked(walk, 50), walked(walk, 90)[:, :50])
    np.testing.assert_array_equal(walked(walk, 50, group=(0,)), walked(walk, 50)[:1])


def test_rounding_never_leads_past_the_last_way():
    thirds = np.array([1 / 3, 1 / 3, 1 / 3, 0.0])
    assert ladders(thirds)[2] == 2.0
    assert ladders(np.array([1 - 1e-17, 1e-17])).tolist() == [1.0, 2.0]
