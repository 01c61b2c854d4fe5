import numpy as np
import pytest

from awase.kernels.chance import chance, chance_twin, log32

SMOOTHING = np.float32(0.5)


def counts(n, events, seed=0, sharp=1.0):
    """(n, 12, 6): some states without visits, some actions that are never taken."""
    rng = np.random.default_rng(seed)
    policies, states = rng.dirichlet(np.full(6, sharp), 12), rng.dirichlet(np.full(12, 0.5))
    return rng.multinomial(rng.multinomial(events, states, n), policies).astype(np.float32)


def moments(of, A, B):
    out = [np.full((len(A), len(B)), np.nan, np.float32) for _ in range(3)]
    of(A, np.ascontiguousarray(np.moveaxis(B, 0, 2)), SMOOTHING, *out)
    return out


def swkl(first, second):
    """Of arrays of counts (..., 12, 6), smoothed."""
    p, q = ((c + 0.5) / (c + 0.5).sum(axis=-1, keepdims=True) for c in (first, second))
    w, v = (c.sum(axis=-1) / c.sum(axis=(-1, -2))[..., None] for c in (first, second))
    return ((w[..., None] * p - v[..., None] * q) * np.log(p / q)).sum(axis=(-1, -2)) / 2


@pytest.mark.parametrize(("events_a", "events_b"), [(5, 5), (100, 100), (100, 10_000), (10_000, 100), (30_000, 20_000)])
def test_the_kernel_computes_what_the_twin_defines(events_a, events_b):
    A, B = counts(5, events_a, 1), counts(150, events_b, 2)  # more than stand side by side
    for found, expected in zip(moments(chance, A, B), moments(chance_twin, A, B)):
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-6)


@pytest.mark.parametrize(("events_a", "events_b", "sharp"), [(100, 100, 1.0), (1000, 300, 0.3), (60, 3000, 3.0)])
def test_the_moments_are_those_of_events_shared_out_again(events_a, events_b, sharp):
    """Against 4,000 draws without replacement from the events of two users."""
    A, B = counts(1, events_a, 3, sharp), counts(1, events_b, 4, sharp)
    rng = np.random.default_rng(0)
    both = (A[0] + B[0]).astype(np.int64)
    n_a = A[0].sum(axis=1).astype(np.int64)
    first = np.stack([rng.multivariate_hypergeometric(row, n, 4000) for row, n in zip(both, n_a)], axis=1)
    drawn = swkl(first, both - first)
    mean, variance, base = (out[0, 0] for out in moments(chance, A, B))
    assert mean == pytest.approx(drawn.mean(), rel=0.04)
    assert variance == pytest.approx(drawn.var(), rel=0.16)
    assert base == pytest.approx(swkl(both * (n_a / both.sum(axis=1).clip(1))[:, None], both * (1 - n_a / both.sum(axis=1).clip(1))[:, None]),
                                 rel=1e-4)  # fmt: skip


def test_one_event_each_has_two_outcomes():
    """Both in one state, with two actions: whoever did which, the distance is the same."""
    A, B = np.zeros((1, 12, 6), np.float32), np.zeros((1, 12, 6), np.float32)
    A[0, 3, 1] = B[0, 3, 2] = 1
    mean, variance, base = (out[0, 0] for out in moments(chance, A, B))
    assert mean == pytest.approx(swkl(A[0], B[0]), rel=1e-5)
    assert base == 0
    B[0, 3] = A[0, 3]
    mean, variance, base = (out[0, 0] for out in moments(chance, A, B))
    assert (mean, variance, base) == (0, 0, 0)  # nothing can be shared out otherwise


def test_it_does_not_matter_who_is_first():
    A, B = counts(6, 300, 1), counts(7, 2000, 2)
    for found, turned in zip(moments(chance, A, B), moments(chance, B, A)):
        np.testing.assert_allclose(found, turned.T, rtol=1e-4, atol=1e-7)


def test_log32():
    x = np.concatenate([np.logspace(-30, 30, 2001), np.linspace(0.5, 2, 1001)]).astype(np.float32)
    np.testing.assert_allclose([log32(value) for value in x], np.log(x.astype(np.float64)), rtol=3e-7, atol=6e-8)
