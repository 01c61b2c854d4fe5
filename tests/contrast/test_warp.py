"""The rank-weighted hinge: its value against a loop, its gradient against differences, its corners."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from awase.contrast.candidates import Candidates
from awase.contrast.joint import generic
from awase.contrast.losses import Margin, Warp
from awase.contrast.scores import Distance
from awase.core.errors import ConfigError

few = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
LOSS = Warp(margin=0.4, n_items=50)


def naive(S, candidates, i):
    """The loss of anchor i, as its docstring says it."""
    out = set(zip(candidates.mask[0].tolist(), candidates.mask[1].tolist()))
    own = candidates.target.tolist()[i]
    hinges = [LOSS.margin + S[i, j] - S[i, own] for j in range(S.shape[1]) if j != own and (i, j) not in out]
    impostors = [hinge for hinge in hinges if hinge > 0]
    return math.log(1 + LOSS.n_items * len(impostors) / len(hinges)) * max(impostors) if impostors else 0.0


@few
@given(seed=SEEDS, b=st.integers(1, 5), c=st.integers(1, 7))
def test_equals_a_loop(batch, seed, b, c):
    A, C, candidates = batch(seed, b, c)
    S = A @ C.T
    value, dS, _ = LOSS(S, candidates, LOSS.init())
    expected = [weight * naive(S, candidates, i) for i, weight in enumerate(candidates.weight.tolist())]
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert not dS[candidates.mask].any()
    assert (S == A @ C.T).all(), "the scores were written to"


@few
@given(seed=SEEDS)
def test_the_gradient_equals_differences(batch, seed):
    """Where no negative is about to become, or cease to be, an impostor or the hardest: there the weight is a constant."""
    A, C, candidates = batch(seed)
    S, rows = A @ C.T, np.arange(len(A))
    hinge = LOSS.margin + S - S[rows, candidates.target][:, None]
    top = np.sort(hinge, axis=1)
    assume(np.abs(hinge).min() > 1e-3 and (top[:, 1:] - top[:, :-1]).min() > 1e-3)
    _, dS, _ = LOSS(S, candidates, LOSS.init())
    for at in np.ndindex(S.shape):
        step = np.zeros_like(S)
        step[at] = 1e-6
        ahead, behind = (LOSS(S + sign * step, candidates, LOSS.init())[0].sum() for sign in (1, -1))
        assert dS[at] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-6)


def test_the_weight_is_all_that_differs_from_the_margin_loss(batch):
    A, C, candidates = batch(3)
    S = A @ C.T
    plain, slope, _ = Margin(LOSS.margin, over="hardest")(S, candidates, np.zeros(0))
    value, dS, _ = LOSS(S, candidates, LOSS.init())
    weight = np.array([value[i] / plain[i] if plain[i] else 0 for i in range(len(S))])
    assert (weight[plain > 0] >= math.log(2)).all() and (weight <= math.log(51)).all()
    np.testing.assert_allclose(dS, slope * weight[:, None], rtol=1e-12)


def test_a_negative_without_share_is_none():
    three = Candidates(np.arange(3), np.array([0]), share=np.array([[1.0, 0.0, 1.0]]))
    value, dS, _ = Warp(margin=1.0, n_items=7)(np.array([[0.0, 9.0, 0.5]]), three, np.zeros(0))
    assert value.tolist() == pytest.approx([math.log(8) * 1.5]) and dS[0, 1] == 0


def test_with_all_items_its_own_an_anchor_pays_nothing():
    S = np.array([[-5.0, 900.0, 900.0]])
    alone = Candidates(np.arange(3), np.array([0]), (np.array([0, 0]), np.array([1, 2])))
    value, dS, _ = LOSS(S, alone, LOSS.init())
    assert value.tolist() == [0.0] and not dS.any()
    value, dS, _ = LOSS(S[:, :1], Candidates(np.arange(1), np.array([0])), LOSS.init())
    assert value.tolist() == [0.0] and not dS.any()


def test_torch_gives_the_same(batch):
    A, C, candidates = batch(5)
    own = replace(candidates, items=np.zeros((4, 6), np.int64), logq=None)
    C = np.random.default_rng(0).standard_normal((4, 6, 5))
    score = Distance(squared=True)
    expected = generic(A, C, own, score, LOSS, LOSS.init())
    found = generic(torch.as_tensor(A), torch.as_tensor(C), own, score, LOSS, LOSS.init())
    assert type(found.dC) is torch.Tensor
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-12)
    np.testing.assert_allclose(found.dC, expected.dC, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Warp(margin=-1), "E0502: margin must not be negative\n  value: -1"),
        (lambda: Warp(n_items=-3), "E0560: the number of items must not be negative\n  value: -3"),
        (
            lambda: Warp()(np.zeros((1, 2)), Candidates(np.arange(2), np.array([0])), np.zeros(0)),
            "E0560: a rank needs the number of items\n  to do: set n_items",
        ),
    ],
)
def test_wrong_settings_say_what_is_right(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)
