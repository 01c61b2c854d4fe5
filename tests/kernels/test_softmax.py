"""The fused softmax against its twin in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from awase.kernels.softmax import exp32, softmax_block, softmax_block_twin


@njit
def exps(x, out):
    for i in range(len(x)):
        out[i] = exp32(x[i])


def test_exp_is_exact_to_three_ten_millionths():
    x = np.concatenate([np.linspace(-87, 0, 1_000_001), -np.logspace(-9, 1.9, 100_001)]).astype(np.float32)
    out = np.empty_like(x)
    exps(x, out)
    error = np.abs(out / np.exp(x.astype(np.float64)) - 1)
    assert error.max() < 3e-7
    assert out[x == 0].tolist() == [1.0]


def test_exp_of_what_is_far_below_is_next_to_nothing():
    x = np.float32([-87.1, -200, -1e30, -np.inf])
    out = np.empty_like(x)
    exps(x, out)
    assert ((out >= 0) & (out < 2e-38)).all()


def block(seed, b, c, scale, masked, normalised):
    """The arguments of the kernel, in its own types."""
    rng = np.random.default_rng(seed)
    P = rng.uniform(-1, 1, (b, c)).astype(np.float32)
    ia, ic = (np.ones(n, np.float32) if not normalised else rng.uniform(0, 2, n).astype(np.float32) for n in (b, c))
    if normalised:
        ia[rng.random(b) < 0.1] = 0  # zero vectors
        ic[rng.random(c) < 0.1] = 0
    target = rng.integers(0, c, b)
    mask = rng.random((b, c)) < masked
    mask[np.arange(b), target] = False
    starts = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    shift = rng.uniform(-3, 3, c).astype(np.float32)
    weight = rng.uniform(0.1, 2, b).astype(np.float32)
    return [P, ia, ic, np.float32(scale), shift, target, starts, np.nonzero(mask)[1], weight]


def outputs(b, c, dtype):
    """value and along_c are added to, so they start from something; W and along_a are overwritten."""
    return [np.full(b, 0.5, dtype), np.full((b, c), np.nan, dtype), np.full(b, np.nan, dtype), np.full(c, 0.25, dtype)]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    b=st.integers(1, 6),
    c=st.integers(1, 40),
    scale=st.sampled_from([1.0, 20.0, 100.0]),
    masked=st.sampled_from([0.0, 0.3, 1.0]),
    normalised=st.booleans(),
)
def test_the_block_equals_the_twin(seed, b, c, scale, masked, normalised):
    given = block(seed, b, c, scale, masked, normalised)
    found, expected = outputs(b, c, np.float32), outputs(b, c, np.float64)
    before = given[0].tobytes()
    softmax_block(*given, *found)
    softmax_block_twin(*(one.astype(np.float64) if one.dtype == np.float32 else one for one in given), *expected)
    assert given[0].tobytes() == before, "the products were written to"
    # A logit is rounded by its size, and a probability by as much; the rest are products with that.
    largest = scale * given[1].max() * given[2].max()
    rounding = np.finfo(np.float32).eps * (8 + 2 * largest)
    for name, one, other, factor in zip(
        ("value", "W", "along_a", "along_c"), found, expected, (1, largest, largest * c, largest * b)
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=2 * rounding * factor, err_msg=name)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_row_with_all_but_its_target_masked_pays_nothing(scale):
    given = block(0, 3, 7, scale, 1.0, False)
    value, W, along_a, along_c = outputs(3, 7, np.float32)
    softmax_block(*given, value, W, along_a, along_c)
    assert value.tolist() == [0.5] * 3
    assert not W.any() and not along_a.any()
    assert along_c.tolist() == [0.25] * 7


def test_not_a_number_comes_out_as_such():
    """So that the loop notices."""
    given = block(0, 2, 5, 1.0, 0.0, False)
    given[0][0] = np.nan
    value, W, along_a, along_c = outputs(2, 5, np.float32)
    softmax_block(*given, value, W, along_a, along_c)
    assert np.isnan(value[0]) and np.isfinite(value[1])
