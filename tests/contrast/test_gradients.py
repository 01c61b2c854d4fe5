"""Every score and every loss: its value against a loop, its gradient against finite differences and against torch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from awase.contrast import losses, scores
from awase.contrast.candidates import Candidates
from awase.contrast.joint import generic
from awase.contrast.losses import Hinge, InfoNCE, Logistic, MajorityOrMinority, Margin, Violations, Warp
from awase.contrast.scores import Cosine, Distance, Dot, Order, Poincare
from awase.core.errors import ConfigError

SCORES = [Dot(), Cosine(), Distance(p=1), Distance(p=2), Distance(squared=True), Order(), Poincare()]
OF_DISTANCE = [score for score in SCORES if isinstance(score, Distance | Order | Poincare)]
LOSSES = [
    InfoNCE(temperature=0.3),
    InfoNCE(temperature=0.3, symmetric=True),
    InfoNCE(temperature=0.3, learned=True),
    InfoNCE(temperature=0.3, symmetric=True, learned=True),
    Margin(margin=0.3),
    Margin(margin=0.3, over="hardest"),
    Warp(margin=0.3, n_items=50),
    Logistic(),
    Hinge(margin=0.5),
    Violations(margin=0.3, k=2),
    MajorityOrMinority(majority=2, share=0.3),
    MajorityOrMinority(majority=2, share=0.3, denominator="majority"),
]
SEEDS = st.integers(0, 2**32 - 1)
STEP = 1e-6

each_score = pytest.mark.parametrize("score", SCORES, ids=repr)
each_distance = pytest.mark.parametrize("score", OF_DISTANCE, ids=repr)
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
few = settings(max_examples=8, deadline=None)


def test_the_tables_hold_every_score_and_every_loss():
    assert {type(score).__name__ for score in SCORES} == set(scores.__all__)
    assert {type(loss).__name__ for loss in LOSSES} == set(losses.__all__)
    print(f"{len(scores.__all__)} scores, {len(losses.__all__)} losses in {len(LOSSES)} settings")


def difference(f, x):
    """The gradient of a number by central differences."""
    out = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[at] += STEP
        behind[at] -= STEP
        out[at] = (f(ahead) - f(behind)) / (2 * STEP)
    return out


def suited(score, A, C):
    """Vectors as the score takes them: inside the ball; with one coordinate out of order, so that violations differ."""
    if isinstance(score, Poincare):
        return tuple(V / (1 + np.linalg.norm(V, axis=-1, keepdims=True)) for V in (A, C))
    return (A / 2, C / 2 + 3 * (np.arange(C.shape[-1]) == 0)) if isinstance(score, Order) else (A, C)


def learned(loss):
    """Whether the loss has a parameter that is trained."""
    return isinstance(loss, InfoNCE) and loss.learned


def away_from_kinks(loss, S, candidates):
    """Where a hinge or a maximum changes its mind there is no gradient to compare with."""
    if isinstance(loss, Hinge):
        assume(np.abs(loss.margin + S).min() > 1e-3)
    if isinstance(loss, Margin | Warp | Violations):
        rows = np.arange(len(S))
        hinge = loss.margin + S - S[rows, candidates.target][:, None]
        hinge[rows, candidates.target] = -1
        hinge[candidates.mask] = -2
        top = np.sort(hinge, axis=1)
        assume(np.abs(hinge).min() > 1e-3)
        assume(S.shape[1] == 1 or (top[:, -1] - top[:, -2]).min() > 1e-3)


# Values


def naive_score(score, a, c):
    """The score of two vectors, as its docstring says it."""
    if isinstance(score, Distance):
        apart = [abs(x - y) for x, y in zip(a, c)]
        return -sum(apart) if score.p == 1 else -(math.hypot(*apart) ** (2 if score.squared else 1))
    if isinstance(score, Poincare):
        inside = (1 - math.hypot(*a) ** 2) * (1 - math.hypot(*c) ** 2)
        return -math.acosh(1 + 2 * sum((x - y) ** 2 for x, y in zip(a, c)) / inside)
    if isinstance(score, Order):
        return -sum(max(0, y - x) ** 2 for x, y in zip(a, c))
    dot = sum(x * y for x, y in zip(a, c))
    return dot / (math.hypot(*a) * math.hypot(*c)) if isinstance(score, Cosine) else dot


@each_score
def test_scores_equal_a_loop(score, batch):
    A, C = suited(score, *batch(0)[:2])
    for a, row in zip(A, score(A, C)):
        for c, value in zip(C, row):
            assert value == pytest.approx(naive_score(score, a, c), rel=1e-12)


@each_score
def test_an_anchors_own_candidates_score_as_shared_ones(score, batch):
    A, C, _ = batch(0)
    A, own = suited(score, A, np.stack([C, C[::-1], C + 1, C]))
    found = score(A, own)
    for i, row in enumerate(own):
        np.testing.assert_allclose(found[i], score(A, row)[i], rtol=1e-12)


def naive(loss, S, candidates, i):
    """The loss of anchor i, as its docstring says it."""
    out = set(zip(candidates.mask[0].tolist(), candidates.mask[1].tolist()))
    target = candidates.target.tolist()
    own = target[i]
    left = [j for j in range(S.shape[1]) if (i, j) not in out]
    share = np.ones_like(S) if candidates.share is None else candidates.share
    negatives = [j for j in left if j != own and share[i, j] > 0]
    if isinstance(loss, MajorityOrMinority):
        scale = len(target) / target.count(2) if loss.denominator == "majority" and 2 in target else 1
        return (loss.share + (1 - loss.share) * scale * (own == 2)) * naive(loss.base, S, candidates, i)
    if isinstance(loss, Logistic):
        return math.log1p(math.exp(-S[i, own])) + sum(share[i, j] * math.log1p(math.exp(S[i, j])) for j in negatives)
    if isinstance(loss, Hinge):
        return -S[i, own] + sum(share[i, j] * max(0.0, loss.margin + S[i, j]) for j in negatives)
    if isinstance(loss, Violations):
        hinges = [(loss.margin + S[i, j] - S[i, own], share[i, j]) for j in sorted(negatives, key=lambda j: (j < own, j))]
        paid = [one for one in hinges if one[0] > 0][: loss.k]
        return np.average([h for h, _ in paid], weights=[w for _, w in paid]) if paid else 0.0
    if isinstance(loss, Margin | Warp):
        hinges = [max(0.0, loss.margin + S[i, j] - S[i, own]) for j in negatives]
        if not hinges:
            return 0.0
        if isinstance(loss, Warp):
            return math.log(1 + loss.n_items * sum(hinge > 0 for hinge in hinges) / len(hinges)) * max(hinges)
        weights = [share[i, j] for j in negatives]
        return max(hinges) if loss.over == "hardest" else np.average(hinges, weights=weights)
    z = S / loss.temperature - (0 if candidates.logq is None else candidates.logq)
    forward = math.log(sum(math.exp(z[i, j]) for j in left)) - z[i, own]
    if not loss.symmetric:
        return forward
    # Other owners of the document are no negatives of it; nor are anchors that are known to belong to it.
    rivals = [k for k in range(len(S)) if k == i or (target[k] != own and (k, own) not in out)]
    return (forward + math.log(sum(math.exp(z[k, own]) for k in rivals)) - z[i, own]) / 2


@each_loss
@few
@given(seed=SEEDS, b=st.integers(1, 5), c=st.integers(1, 6), logq=st.booleans(), share=st.booleans())
def test_losses_equal_a_loop(loss, batch, seed, b, c, logq, share):
    A, C, candidates = batch(seed, b, c, logq=logq, share=share)
    S = A @ C.T
    value, dS, _ = loss(S, candidates, loss.init())
    expected = [weight * naive(loss, S, candidates, i) for i, weight in enumerate(candidates.weight.tolist())]
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert not dS[candidates.mask].any()
    assert (S == A @ C.T).all(), "the scores were written to"


# Gradients


@each_score
@few
@given(seed=SEEDS)
def test_the_pull_of_a_score_equals_differences(score, batch, seed):
    A, C = suited(score, *batch(seed)[:2])
    dS = np.random.default_rng(seed).standard_normal((len(A), len(C)))
    dA, dC = score.pull(A, C, score(A, C), dS)
    np.testing.assert_allclose(dA, difference(lambda A: (score(A, C) * dS).sum(), A), atol=1e-7, rtol=1e-6)
    np.testing.assert_allclose(dC, difference(lambda C: (score(A, C) * dS).sum(), C), atol=1e-7, rtol=1e-6)


@each_score
@few
@given(seed=SEEDS)
def test_the_pull_of_own_candidates_equals_differences(score, batch, seed):
    A, C, _ = batch(seed)
    A, own = suited(score, A, C + np.random.default_rng(seed).standard_normal((len(A), *C.shape)))
    dS = np.random.default_rng(seed).standard_normal((len(A), len(C)))
    dA, dC = score.pull(A, own, score(A, own), dS)
    np.testing.assert_allclose(dA, difference(lambda A: (score(A, own) * dS).sum(), A), atol=1e-7, rtol=1e-6)
    np.testing.assert_allclose(dC, difference(lambda own: (score(A, own) * dS).sum(), own), atol=1e-7, rtol=1e-6)


@each_distance
def test_the_pull_of_a_distance_equals_autograd(score, batch):
    anchors, shared, _ = batch(1)
    for C in (shared, np.stack([shared + i for i in range(len(anchors))])):
        A, C = suited(score, anchors, C)
        leaves = [torch.tensor(x, requires_grad=True) for x in (A, C)]
        S = distance_in_torch(score, *leaves)
        dS = np.random.default_rng(2).standard_normal(S.shape)
        S.backward(torch.as_tensor(dS))
        for xp in (np.asarray, torch.as_tensor):
            found = score.pull(xp(A), xp(C), score(xp(A), xp(C)), xp(dS))
            for one, leaf in zip(found, leaves):
                np.testing.assert_allclose(one, leaf.grad, atol=1e-12)


@each_distance
def test_where_vectors_meet_a_distance_has_no_gradient(score):
    V = np.array([[0.3, -0.7, 0.1]])
    for C in (V, V[None]):
        assert not score(V, C).any()
        dA, dC = score.pull(V, C, score(V, C), np.ones((1, 1)))
        assert np.abs(dA).max() < 1e-7 and dC.shape == C.shape and np.abs(dC).max() < 1e-7


@each_loss
@few
@given(seed=SEEDS, logq=st.booleans(), share=st.booleans())
def test_the_gradient_of_a_loss_equals_differences(loss, batch, seed, logq, share):
    A, C, candidates = batch(seed, logq=logq, share=share)
    S, params = A @ C.T, loss.init()
    away_from_kinks(loss, S, candidates)
    _, dS, dparams = loss(S, candidates, params)
    np.testing.assert_allclose(dS, difference(lambda S: loss(S, candidates, params)[0].sum(), S), atol=1e-6, rtol=1e-6)
    along = difference(lambda params: loss(S, candidates, params)[0].sum(), params)
    np.testing.assert_allclose(dparams, along if learned(loss) else 0 * params, atol=1e-6, rtol=1e-6)


@each_score
@each_loss
@settings(max_examples=4, deadline=None)  # for each of all pairs
@given(seed=SEEDS, weight=st.booleans(), dims=st.sampled_from([None, (2, 5), (1, 3, 5)]))
def test_the_joint_equals_differences(score, loss, batch, seed, weight, dims):
    A, C, candidates = batch(seed, weight=weight)
    A, C = suited(score, A, C)
    for dim in dims or (5,):
        away_from_kinks(loss, score(A[:, :dim], C[:, :dim]), candidates)
    params = loss.init()
    out = generic(A, C, candidates, score, loss, params, dims=dims)
    for found, x, put in (
        (out.dA, A, lambda x: (x, C, params)),
        (out.dC, C, lambda x: (A, x, params)),
        (out.dparams, params, lambda x: (A, C, x)),
    ):
        if x is params and not learned(loss):
            assert not found.any()
            continue

        def mean(x, put=put):
            A, C, params = put(x)
            return generic(A, C, candidates, score, loss, params, dims=dims).value.mean()

        np.testing.assert_allclose(found, difference(mean, x), atol=2e-6, rtol=1e-5)


def distance_in_torch(score, A, C):
    """The score in torch's own functions."""
    apart = A[:, None, :] - C
    if isinstance(score, Poincare):
        inside = (1 - A.square().sum(-1))[:, None] * (1 - C.square().sum(-1))
        return -torch.acosh(1 + 2 * apart.square().sum(-1) / inside)
    if isinstance(score, Order):
        return -torch.relu(-apart).square().sum(-1)
    return -(apart.norm(p=score.p, dim=-1) ** (2 if score.squared else 1))


def with_torch(A, C, candidates, score, loss, params, dims):
    """The objective in torch's own functions."""
    target = torch.as_tensor(candidates.target)
    rows = torch.arange(len(A))
    out = torch.zeros(len(A), len(C), dtype=torch.bool)
    out[tuple(torch.as_tensor(places) for places in candidates.mask)] = True
    negative = ~out & ~F.one_hot(target, len(C)).bool()
    total = 0.0
    for dim in dims:
        a, c = A[:, :dim], C[:, :dim]
        if score in OF_DISTANCE:
            S = distance_in_torch(score, a, c)
        else:
            S = F.normalize(a) @ F.normalize(c).T if isinstance(score, Cosine) else a @ c.T
        if isinstance(loss, Logistic):
            value = F.softplus(-S[rows, target]) + (F.softplus(S) * negative).sum(1)
        elif isinstance(loss, Hinge):
            value = (torch.relu(loss.margin + S) * negative).sum(1) - S[rows, target]
        elif isinstance(loss, Warp):
            hinge = torch.relu(loss.margin + S - S[rows, target][:, None]) * negative
            rank = loss.n_items * (hinge > 0).sum(1).double() / negative.sum(1).clamp(min=1)
            value = torch.log1p(rank).detach() * hinge.amax(1)
        elif isinstance(loss, Violations):
            hinge = torch.relu(loss.margin + S - S[rows, target][:, None]) * negative
            turned = (torch.arange(len(C)) + target[:, None] + 1) % len(C)  # the columns behind the target, around the end
            turned = hinge.gather(1, turned)
            paid = (turned > 0) & ((turned > 0).cumsum(1) <= loss.k)
            value = (turned * paid).sum(1) / paid.sum(1).clamp(min=1)
        elif isinstance(loss, Margin):
            hinge = torch.relu(loss.margin + S - S[rows, target][:, None]) * negative
            value = hinge.amax(1) if loss.over == "hardest" else hinge.sum(1) / negative.sum(1).clamp(min=1)
        elif isinstance(loss, MajorityOrMinority):
            value = F.cross_entropy(
                (S - torch.as_tensor(candidates.logq)).masked_fill(out, -math.inf), target, reduction="none"
            )
            major = (target == 2).double()
            scale = len(target) / major.sum().clamp(min=1) if loss.denominator == "majority" else 1
            value = loss.share * value + (1 - loss.share) * scale * major * value
        else:
            logits = (S * params.exp() - torch.as_tensor(candidates.logq)).masked_fill(out, -math.inf)
            value = F.cross_entropy(logits, target, reduction="none")
            if loss.symmetric:
                same = (target[:, None] == target) & ~torch.eye(len(A), dtype=torch.bool)
                back = F.cross_entropy(logits[:, target].masked_fill(same, -math.inf).T, rows, reduction="none")
                value = (value + back) / 2
        total = total + (value * torch.as_tensor(candidates.weight)).mean() / len(dims)
    return total


@each_score
@each_loss
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_joint_equals_autograd(score, loss, library, batch):
    """And runs on torch tensors as on numpy arrays, with candidates that come as numpy arrays."""
    for seed, dims in enumerate([(5,), (2, 5)]):
        A, C, candidates = batch(seed)
        A, C = suited(score, A, C)
        leaves = [torch.tensor(x, requires_grad=True) for x in (A, C, loss.init())]
        expected = with_torch(*leaves[:2], candidates, score, loss, leaves[2], dims)
        expected.backward()
        given = (A, C) if library == "numpy" else (torch.as_tensor(A), torch.as_tensor(C))
        out = generic(*given, candidates, score, loss, loss.init(), dims=dims)
        assert type(out.value) is type(out.dA) is type(out.dC) is type(given[0])
        assert float(out.value.mean()) == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(out.dA, leaves[0].grad, atol=1e-12)
        np.testing.assert_allclose(out.dC, leaves[1].grad, atol=1e-12)
        if learned(loss):
            np.testing.assert_allclose(out.dparams, leaves[2].grad, atol=1e-12)


@each_loss
def test_torch_keeps_its_float_type(loss, batch):
    A, C, candidates = batch(0, dtype=np.float32)
    out = generic(torch.as_tensor(A), torch.as_tensor(C), candidates, Cosine(), loss, loss.init(), dims=(2, 5))
    assert out.value.dtype == out.dA.dtype == out.dC.dtype == torch.float32
    expected = generic(A, C, candidates, Cosine(), loss, loss.init(), dims=(2, 5))
    assert expected.value.dtype == expected.dA.dtype == np.float32
    np.testing.assert_allclose(out.dA, expected.dA, atol=1e-6)


# Corners


@each_loss
def test_a_zero_vector_scores_zero_and_gets_no_gradient(loss, batch):
    A, C, candidates = batch(3)
    A[1], C[2] = 0, 0
    score = Cosine()
    assert not score(A, C)[1].any() and not score(A, C)[:, 2].any()
    out = generic(A, C, candidates, score, loss, loss.init())
    assert np.isfinite(out.value).all() and np.isfinite(out.dA).all() and np.isfinite(out.dC).all()
    assert not out.dA[1].any() and not out.dC[2].any()
    assert out.dA[0].any()


@each_loss
def test_alone_with_its_document_an_anchor_pays_for_no_other(loss):
    """Everything else is masked, or there is nothing else."""
    S = np.array([[-5.0, 900.0, 900.0]])
    candidates = Candidates(np.arange(3), np.array([0]), (np.array([0, 0]), np.array([1, 2])))
    value, dS, dparams = loss(S, candidates, loss.init())
    alone, own, _ = loss(S[:, :1], Candidates(np.arange(1), np.array([0])), loss.init())
    assert value.tolist() == alone.tolist() and dS[:, 0] == own[:, 0] and not dS[:, 1:].any() and not dparams.any()
    # These pay for the positive's own score; the others compare, and have nothing to compare with.
    assert (value[0] > 0) == isinstance(loss, Logistic | Hinge) == bool(own.any())


def test_two_anchors_with_one_document_are_no_negatives_of_each_other():
    """In the direction from document to anchor, a second owner of the document changes nothing."""
    loss = InfoNCE(temperature=1.0, symmetric=True)
    S = np.array([[2.0, 0.5], [1.0, 0.0], [0.3, 1.0]])
    both, _, _ = loss(S, Candidates(np.arange(2), np.array([0, 0, 1])), loss.init())
    for owner in (0, 1):
        alone, _, _ = loss(S[[owner, 2]], Candidates(np.arange(2), np.array([0, 1])), loss.init())
        assert both[owner] == pytest.approx(alone[0], abs=1e-15)


@pytest.mark.parametrize("temperature", [0.01, 1e-3])
def test_extreme_logits_stay_finite(temperature, batch):
    A, C, candidates = batch(5)
    loss = InfoNCE(temperature=temperature, symmetric=True, learned=True)
    out = generic(A * 30, C * 30, candidates, Dot(), loss, loss.init())
    assert all(np.isfinite(array).all() for array in out)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: InfoNCE(temperature=0), "E0501: temperature must be above 0\n  value: 0\n  to do: usual values lie"),
        (lambda: InfoNCE(temperature=math.nan), "E0501: temperature must be above 0\n  value: nan"),
        (lambda: Margin(margin=-0.1), "E0502: margin must not be negative\n  value: -0.1\n  to do: 0.2 is usual"),
        (lambda: Distance(p=3), "E0550: p must be 1 or 2\n  value: 3"),
        (lambda: Distance(p=1, squared=True), "E0550: only the distance with p = 2 can be squared"),
        (lambda: Hinge(margin=0), "E0502: margin must be above 0\n  value: 0\n  to do: 1 is usual for distances"),
        (lambda: MajorityOrMinority(0, share=0), "E1030: the share of the base loss lies above 0 and at most at 1\n  value: 0"),
        (
            lambda: MajorityOrMinority(0, denominator="minority"),
            "E1030: denominator must be 'all' or 'majority'\n  value: 'min",
        ),
        (lambda: Margin(over="hard"), "E0502: over must be 'all' or 'hardest'\n  value: 'hard'"),
    ],
)
def test_wrong_settings_say_what_is_right(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_a_share_of_one_is_cross_entropy_to_the_last_bit(batch):
    A, C, candidates = batch(7, weight=False)
    S, plain = A @ C.T, InfoNCE(temperature=1.0)
    loss = MajorityOrMinority(majority=2, share=1.0)
    for one, other in zip(loss(S, candidates, loss.init()), plain(S, candidates, plain.init())):
        np.testing.assert_array_equal(one, other)
