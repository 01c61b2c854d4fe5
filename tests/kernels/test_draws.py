"""Draws by counting: the same wherever they are made, spread as they should be, and never what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from awase.kernels import draws
from awase.kernels.sets import pair_set

MASK = (1 << 64) - 1
NOTHING = np.empty(0, np.int64)


def mixed(x: int) -> int:
    """SplitMix64's finaliser on Python's integers."""
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def bits(key: int, row: int, slot: int) -> int:
    return mixed(key + ((row << 20) + slot) * 0x9E3779B97F4A7C15 & MASK)


@njit
def counted(share, alias, key, n):
    counts = np.zeros(len(share), np.int64)
    for row in range(n):
        counts[draws.alias_draw(share, alias, draws.bits(key, row, 3))] += 1
    return counts


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), epoch=st.integers(0, 10_000), row=st.integers(0, 2**40), slot=st.integers(0, 2**20 - 1))
def test_bits_equal_those_of_plain_integers(seed, epoch, row, slot):
    key = int(draws.key(seed, epoch))
    assert int(draws.bits(np.uint64(key), row, slot)) == bits(key, row, slot)


def test_bits_of_many_rows_are_those_of_each_by_the_lower_44_bits_of_the_row():
    key, rows, slots = draws.key(3, 4), np.array([0, 7, 2**44 + 7, 2**64 - 1], np.uint64), np.array([1, 0, 0, 2**20 - 1])
    found = draws.fill_bits(key, rows, slots, np.empty(4, np.uint64))
    assert found.tolist() == [bits(int(key), row, slot) for row, slot in [(0, 1), (7, 0), (7, 0), (2**44 - 1, 2**20 - 1)]]


def test_neighbouring_rows_slots_and_epochs_share_nothing():
    keys = [draws.key(seed, epoch) for seed in range(20) for epoch in range(20)]
    seen = {int(draws.bits(key, row, slot)) for key in keys for row in range(10) for slot in range(10)}
    assert len(seen) == 400 * 100


@pytest.mark.parametrize("weights", [[1.0], [1, 1, 1, 1], [0, 1, 0, 3], [1e-9, 1, 1e3], np.arange(200.0) ** 2])
def test_an_alias_table_draws_by_its_weights(weights):
    weights = np.array(weights, np.float64)
    share, alias = draws.alias_table(weights)
    # What the table promises, exactly: each place's own share, and what it gives away.
    given_to = np.bincount(alias, weights=1 - np.minimum(share, 1), minlength=len(weights))
    np.testing.assert_allclose((np.minimum(share, 1) + given_to) / len(weights), weights / weights.sum(), atol=1e-12)
    n = 200_000
    expected = n * weights / weights.sum()
    found = counted(share, alias, draws.key(0, 0), n)
    assert (np.abs(found - expected) <= 6 * np.sqrt(expected) + 1e-9).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), n=st.integers(1, 5))
def test_negatives_are_never_known_and_do_not_depend_on_their_batch(seed, n):
    rng = np.random.default_rng(seed)
    anchors, targets = rng.integers(0, 6, 40), rng.integers(0, 9, 40)
    known, (share, alias) = pair_set(anchors, targets, 9), draws.alias_table(np.ones(9))
    key, rows = draws.key(seed, 0), np.arange(40)
    whole, parts = np.empty((40, n), np.int64), np.empty((40, n), np.int64)
    draws.draw_negatives(share, alias, known, anchors, targets, 9, key, rows, n, whole)
    for part in (slice(0, 7), slice(7, 40)):
        draws.draw_negatives(share, alias, known, anchors[part], targets[part], 9, key, rows[part], n, parts[part])
    assert (whole == parts).all()
    linked = set(zip(anchors.tolist(), targets.tolist()))
    for anchor, row in zip(anchors.tolist(), whole.tolist()):
        others = 9 - len({target for who, target in linked if who == anchor})
        assert all((anchor, found) not in linked for found in row if found >= 0)
        assert others == 0 or sum(found < 0 for found in row) <= (n if others == 1 else n // 2)


def test_an_anchor_that_belongs_with_everything_gets_nothing():
    out = np.empty((1, 3), np.int64)
    share, alias = draws.alias_table(np.ones(4))
    known = pair_set(np.zeros(4, np.int64), np.arange(4), 4)
    zero = np.zeros(1, np.int64)
    draws.draw_negatives(share, alias, known, zero, zero, 4, draws.key(0, 0), zero, 3, out)
    assert out.tolist() == [[-1, -1, -1]]


def test_without_a_filter_only_the_target_is_left_out():
    out = np.empty((1000, 1), np.int64)
    share, alias = draws.alias_table(np.ones(3))
    anchors = np.zeros(1000, np.int64)
    draws.draw_negatives(
        share, alias, pair_set(NOTHING, NOTHING, 3), anchors, anchors + 1, 3, draws.key(0, 0), np.arange(1000), 1, out
    )
    assert set(out[:, 0].tolist()) == {0, 2}
