"""The rank-weighted hinge beside the plain one; values and gradients against loops and differences are in test_gradients.py."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from awase.contrast.candidates import Candidates
from awase.contrast.joint import generic
from awase.contrast.losses import Margin, Warp
from awase.contrast.scores import Distance
from awase.core.errors import ConfigError

LOSS = Warp(margin=0.4, n_items=50)


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
