"""The softmax policy and AMSGrad: kernels against their twins, the twins against definitions."""

import numpy as np
import pytest
import torch

from awase.kernels import draws, sets
from awase.kernels.amsgrad import amsgrad_rows, amsgrad_rows_twin
from awase.kernels.policy import (
    bases,
    draw_policy,
    draw_policy_twin,
    draw_pool,
    fill_units,
    join_proposals,
    known_each,
    policy_gradient,
    policy_gradient_twin,
    sum_of_two,
)


def drawn_from(draw, logits, units):
    """All that ``draw`` writes: shifted logits, columns, their log-probabilities, log of the total, entropy."""
    b, n = units.shape
    shift = np.linspace(-1, 1, logits.shape[1], dtype=np.float32)
    of_drawn = np.empty((b, n), np.int64), np.empty((b, n), np.float32)
    out = (logits + shift, *of_drawn, np.empty(b, np.float32), np.empty(b, np.float32))
    draw(out[0], shift, units, *out[1:])
    return out


@pytest.mark.parametrize(("b", "m", "n"), [(1, 1, 1), (7, 130, 3), (64, 5, 1)])
def test_draws_equal_the_twin(b, m, n):
    rng = np.random.default_rng(m)
    logits, units = 4 * rng.standard_normal((b, m), np.float32), rng.random((b, n))
    for found, expected in zip(drawn_from(draw_policy, logits, units), drawn_from(draw_policy_twin, logits, units)):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


def test_the_largest_logit_does_not_overflow_whatever_its_sign():
    for top in (-3000.0, 3000.0):
        logits = np.array([[top - 1, top, top - 200]], np.float32)
        _, drawn, log_drawn, log_total, entropy = drawn_from(draw_policy, logits, np.array([[0.9]]))
        assert drawn[0, 0] == 1
        assert log_total[0] == pytest.approx(top + np.log1p(np.exp(-1)), abs=1e-3)
        assert log_drawn[0, 0] == pytest.approx(-np.log1p(np.exp(-1)), abs=1e-3)
        assert entropy[0] == pytest.approx(0.5822, abs=1e-3)


def test_draws_have_the_distribution_of_the_softmax():
    logits = np.tile(np.log(np.array([[0.5, 0.125, 0.375]], np.float32)), (40_000, 1))
    _, drawn, log_drawn, _, entropy = drawn_from(draw_policy, logits, np.random.default_rng(0).random((40_000, 1)))
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / 40_000, [0.5, 0.125, 0.375], atol=0.01)
    np.testing.assert_allclose(np.exp(log_drawn[:, 0]), np.array([0.5, 0.125, 0.375])[drawn[:, 0]], rtol=1e-5)
    assert entropy[0] == pytest.approx(-sum(p * np.log(p) for p in (0.5, 0.125, 0.375)), abs=1e-5)


def test_the_last_column_takes_what_rounding_leaves():
    """A unit just below 1 must not fall off the end, nor onto a column without probability."""
    logits = np.array([[0.0, 0.0, 0.0, -1000.0]], np.float32)
    units = np.array([[np.nextafter(1.0, 0.0), 0.0]])
    for draw in (draw_policy, draw_policy_twin):
        assert drawn_from(draw, logits, units)[1].tolist()[0][0] in (2, 3)
        assert drawn_from(draw, logits, units)[1].tolist()[0][1] == 0


def test_the_gradient_of_the_policy_equals_autograd():
    rng = np.random.default_rng(3)
    logits, units = rng.standard_normal((6, 9), np.float32), rng.random((6, 2))
    advantage = rng.standard_normal((6, 2), np.float32)
    weight = rng.random(6, np.float32)
    kept, drawn, _, log_total, entropy = drawn_from(draw_policy, logits, units)
    leaf = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    log = torch.log_softmax(leaf, dim=1)
    worth = (torch.tensor(advantage) * log.gather(1, torch.tensor(drawn))).sum()
    (worth + (torch.tensor(weight) * -(log.exp() * log).sum(dim=1)).sum()).backward()
    for gradient in (policy_gradient, policy_gradient_twin):
        out = kept.copy()
        gradient(out, log_total, drawn, advantage, entropy, weight)
        np.testing.assert_allclose(out, leaf.grad, atol=2e-6)


def test_units_are_those_of_the_counter():
    out = np.empty(5)
    fill_units(np.uint64(draws.key(3, 1)), 17, out)
    assert out.tolist() == [draws.unit(np.uint64(draws.bits(np.uint64(draws.key(3, 1)), 17, slot))) for slot in range(5)]


def test_a_pool_holds_each_drawn_item_once():
    share, alias = draws.alias_table(np.array([1.0, 5.0, 0.0, 2.0, 1.0]))
    key, seen, out = np.uint64(draws.key(3, 1)), np.zeros(5, bool), np.empty(40, np.int64)
    drawn = [int(draws.alias_draw(share, alias, np.uint64(draws.bits(key, 9, 7 + k)))) for k in range(40)]
    n = draw_pool(share, alias, key, 9, 7, seen, out)
    assert out[:n].tolist() == list(dict.fromkeys(drawn)) and 1 < n < 5
    assert not seen.any()


def test_a_sum_is_of_the_row_and_the_kind_of_its_number():
    rows, kinds = np.arange(8, dtype=np.float32).reshape(4, 2), 10 * np.arange(6, dtype=np.float32).reshape(3, 2)
    out = np.empty((3, 2), np.float32)
    sum_of_two(rows, kinds, np.array([3, 4, 10]), out)
    assert out.tolist() == [[6, 17], [20, 31], [44, 55]]


def test_proposals_stand_beside_the_noise_with_their_share():
    """Two anchors, a true proposal: what it would count the three others count for."""
    noise, drawn = np.array([[13, 12], [21, 20]]), np.array([[1, 3], [2, 0]])
    known, base = sets.pair_set(np.array([5, 5]), np.array([1, 0]), 4), np.empty(2, np.int64)
    bases(noise[:, 0], 1, 4, base)
    assert base.tolist() == [13, 21]
    items, share, hits = np.empty((2, 4), np.int64), np.empty((2, 4), np.float32), np.empty((2, 2), bool)
    worth = np.array([[9, 1], [2, 3]], np.float32)
    for filtered, n_hits in ((True, 1), (False, 0)):
        given = noise, drawn, base, worth, known, np.array([5, 6]), 4, filtered, 0.25, items, share, hits
        assert join_proposals(*given) == n_hits == hits.sum()
        assert items.tolist() == [[13, 12, 14, 16], [21, 20, 23, 21]]
        np.testing.assert_allclose(share[:, :2], 0.25 * 3)
        np.testing.assert_allclose(share[:, 2:], np.where(hits, 0, worth) * (0.75 * 3 * 2 / (6 if filtered else 15)), rtol=1e-6)
    assert not hits.any()


def test_known_pairs_are_found_one_by_one():
    known = sets.pair_set(np.array([0, 2]), np.array([1, 3]), 4)
    out = np.empty((3, 2), np.bool_)
    known_each(known, np.array([0, 1, 2]), np.array([[1, 3], [1, 3], [3, 1]]), 4, out)
    assert out.tolist() == [[True, False], [False, False], [True, False]]


def test_amsgrad_equals_the_twin_and_torch():
    rng = np.random.default_rng(5)
    table = rng.standard_normal((8, 3), np.float32)
    arrays = {name: [table.copy(), *np.zeros((3, 8, 3), np.float32)] for name in ("kernel", "twin")}
    leaf = torch.tensor(table, requires_grad=True)
    optimizer = torch.optim.Adam([leaf], lr=0.01, betas=(0.5, 0.99), amsgrad=True, eps=0.0)
    rows = np.arange(8)
    for step in range(1, 6):
        grads = rng.standard_normal((8, 3), np.float32)
        rate = np.float32(0.01 * np.sqrt(1 - 0.99**step) / (1 - 0.5**step))
        amsgrad_rows(*arrays["kernel"], rows, grads, rate, np.float32(0.5), np.float32(0.99))
        amsgrad_rows_twin(*arrays["twin"], rows, grads, rate, np.float32(0.5), np.float32(0.99))
        leaf.grad = torch.tensor(grads)
        optimizer.step()
    for found, expected in zip(*arrays.values()):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(arrays["kernel"][0], leaf.detach(), atol=1e-5)
    before = arrays["kernel"][0].copy()
    amsgrad_rows(*arrays["kernel"], np.array([6, 1]), grads[:2], rate, np.float32(0.5), np.float32(0.99))
    assert set(np.flatnonzero((arrays["kernel"][0] != before).any(axis=1))) == {1, 6}
