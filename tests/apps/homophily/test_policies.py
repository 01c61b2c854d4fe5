"""Estimators of policies: they find what made the events, say what they left open, and treat each user alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from awase.apps.homophily.policies import fit
from awase.apps.homophily.policies.dynamics import LEADS, chances, over_users, visitation_gap
from awase.apps.homophily.policies.paper import Paper, torch_normal
from awase.apps.homophily.states import ACTIONS, LEGAL, STATES
from awase.apps.homophily.trajectories import Counts
from awase.core.errors import AwaseError

GAMMA, LENGTH, ESTIMATORS = 0.95, 50, ("empirical", "irl_paper", "irl_causal")


def soft_optimal(P, R, gamma=GAMMA):
    """The policies (u, 12, 6) of rewards R(s) (u, 12) in worlds P (u, 12, 6, 12)."""
    V = np.zeros_like(R)
    for _ in range(1000):
        Q = R[:, :, None] + gamma * np.einsum("usat,ut->usa", P, V)
        V = np.logaddexp.reduce(Q, axis=2)
    return np.exp(Q - V[:, :, None])


def drawn(rng, sums):
    """One place of the last axis by its cumulated probabilities, never one of probability 0."""
    return (rng.random((*sums.shape[:-1], 1)) * sums[..., -1:] >= sums).sum(axis=-1)


def simulated(P, policy, *, streams, steps, seed=0, gamma=GAMMA, length=LENGTH) -> Counts:
    """Counts of users who act by their policies (u, 12, 6), in many streams of as many steps, all at once."""
    rng, n = np.random.default_rng(seed), len(P)
    user, state = np.arange(n)[:, None], rng.integers(0, 12, (n, streams))
    acts, moves = policy.cumsum(axis=2), P.cumsum(axis=3)
    cells, start, visits = np.zeros(n * 864), np.zeros((n, 12)), np.zeros((n, 12))
    for t in range(steps):
        action = drawn(rng, acts[user, state])
        then = drawn(rng, moves[user, state, action])
        cells += np.bincount((((user * 12 + state) * 6 + action) * 12 + then).ravel(), minlength=len(cells))
        here = np.bincount((user * 12 + state).ravel(), minlength=n * 12).reshape(n, 12)
        start += here * (t % length == 0)
        visits += here * gamma ** (t % length)
        state = then
    N = cells.reshape(n, 12, 6, 12)
    start, visits = (x / x.sum(axis=1, keepdims=True) for x in (start, visits))
    return Counts(N.sum(axis=3), N, start, visits, np.full(n, streams * (steps + 1)), gamma, length)


def worlds(n, seed=0):
    """P (u, 12, 6, 12): where an action leads depends a little on where it is taken."""
    odds = np.random.default_rng(seed).gamma(2.0, size=(n, 12, 6, 12)) * LEGAL
    return odds / odds.sum(axis=3, keepdims=True)


@pytest.fixture(scope="module")
def known():
    """(P, policies): the soft-optimal policies of random rewards of states, in turn of scale 0.3 and 0.9."""
    P, scale = worlds(12), np.where(np.arange(12) % 2, 0.9, 0.3)
    return P, soft_optimal(P, np.random.default_rng(1).standard_normal((12, 12)) * scale[:, None])


@pytest.fixture(scope="module")
def few(known):
    return simulated(*known, streams=100, steps=200)


@pytest.fixture(scope="module")
def small(known):
    return simulated(*known, streams=1, steps=300, seed=2)


def divergence(counts, true, policy):
    """(u,) KL(true || policy) of the states, weighted by the visits."""
    weights = counts.actions.sum(axis=2) / counts.actions.sum(axis=(1, 2))[:, None]
    return (weights * (true * np.log(true / policy)).sum(axis=2)).sum(axis=1)


def test_soft_optimal_policies_are_found_by_causal_entropy_and_counts_but_not_by_the_published_procedure(known, few):
    """At 20,000 and 100,000 events for each user, the error of what is consistent falls fivefold."""
    many = simulated(*known, streams=100, steps=1000, seed=1)
    errors = {}
    for estimator in ESTIMATORS:
        for n, counts in ((20, few), (100, many)):
            made = fit(counts, estimator)
            errors[estimator, n] = divergence(counts, known[1], made.policy).mean()
            if estimator == "irl_causal":
                assert (
                    made.converged.all() and made.gap.max() < 1e-3 and divergence(counts, known[1], made.policy).max() < 0.005
                )
            if estimator == "irl_paper":
                assert made.gap.mean() > 0.04, "the published procedure leaves a gap"
    assert errors["irl_causal", 20] < 0.001 and errors["irl_causal", 100] * 3 < errors["irl_causal", 20]
    assert errors["empirical", 20] < 0.003 and errors["empirical", 100] * 3 < errors["empirical", 20]
    assert (
        0.01 < errors["irl_paper", 100] < errors["irl_paper", 20] * 1.5 < 0.06
        and errors["irl_paper", 20] < errors["irl_paper", 100] * 3
    )


def test_a_reward_of_states_has_mean_0_and_is_that_of_the_policy(known, few):
    made = fit(few, "irl_causal")
    assert made.reward.shape == (12, 12) and np.abs(made.reward.mean(axis=1)).max() < 1e-6
    P = np.zeros((12, 12, 6, 12))
    P[:, :, LEADS, np.arange(12)] = chances(few).swapaxes(1, 2)
    np.testing.assert_allclose(made.policy, soft_optimal(P, made.reward), atol=1e-9)


def test_rewards_of_states_and_actions_say_what_the_counts_say(few, small):
    made = fit(few, "irl_causal", features="state-action", ridge=1e-3)
    assert made.reward.shape == (12, 12, 6) and made.converged.all()
    seen = few.actions.sum(axis=2) > 200
    counted = few.actions / few.actions.sum(axis=2, keepdims=True)
    assert np.abs(made.policy - counted)[seen].max() < 1e-3
    drawn = fit(small, "irl_causal", features="state-action", ridge=1e6)
    np.testing.assert_allclose(drawn.policy, 1 / 6, atol=1e-3)


def test_empirical_policies_are_smoothed_shares(small):
    made = fit(small)
    np.testing.assert_allclose(made.policy, (small.actions + 0.5) / (small.actions.sum(axis=2, keepdims=True) + 3), atol=1e-15)
    assert made.reward is None and made.converged.all() and made.options == {"alpha": 0.5} and len(made) == 12
    unvisited = replace(small, actions=small.actions.copy())
    unvisited.actions[0, 4] = 0
    np.testing.assert_array_equal(fit(unvisited, alpha=0).policy[0, 4], np.full(6, 1 / 6))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_user_who_did_nothing_has_the_uniform_policy_and_weight_0_and_changes_no_other(estimator, small):
    options = {"epochs": 20} if estimator == "irl_paper" else {}
    blank = {name: getattr(small, name).copy() for name in ("actions", "transitions", "start", "visits", "events")}
    for values in blank.values():
        values[3] = 0
    made, others = fit(Counts(**blank), estimator, **options), fit(small, estimator, **options)
    np.testing.assert_allclose(made.policy[3], 1 / 6, atol=1e-15)
    assert (made.weights[3] == 0).all() and made.gap[3] == 0 and made.converged[3]
    assert made.reward is None or (made.reward[3] == 0).all()
    kept = np.arange(12) != 3
    assert made.policy[kept].tobytes() == others.policy[kept].tobytes()
    np.testing.assert_allclose(made.policy.sum(axis=2), 1, atol=1e-12)
    np.testing.assert_allclose(made.weights[kept].sum(axis=1), 1, atol=1e-12)


def test_no_users_are_no_error():
    none = Counts(np.zeros((0, 12, 6)), np.zeros((0, 12, 6, 12)), np.zeros((0, 12)), np.zeros((0, 12)), np.zeros(0, np.int64))
    for estimator in ESTIMATORS:
        assert fit(none, estimator).policy.shape == (0, 12, 6)


def test_the_gap_of_what_was_counted_is_0_and_that_of_a_policy_is_by_its_definition(small):
    counted = small.actions / np.maximum(small.actions.sum(axis=2, keepdims=True), 1)
    np.testing.assert_allclose(visitation_gap(small, counted), 0, atol=1e-12)
    policy = np.random.default_rng(0).dirichlet(np.ones(6), (12, 12))
    found = visitation_gap(small, policy)
    for user in (0, 7):
        first = np.flatnonzero(small.start[user])
        C, P = small.actions[user], np.zeros((12, 6, 12))
        P[:, LEADS, np.arange(12)] = chances(small)[user].T
        came = np.einsum("sa,sat->t", C, P)
        ends = C.sum(axis=1) - came  # +1 where the one stream starts, -1 where it ends
        assert len(first) and np.abs(ends).sum() in (pytest.approx(0, abs=1e-9), pytest.approx(2))
        here, total = (C.sum(axis=1) - GAMMA * came) / C.sum(), np.zeros(12)
        for _ in range(800):
            total, here = total + here, GAMMA * np.einsum("s,sa,sat->t", here, policy[user], P)
        assert found[user] == pytest.approx(np.abs(C.sum(axis=1) / C.sum() - total).sum(), abs=1e-9)


def test_where_an_action_leads_is_its_share_or_even_where_it_was_never_taken():
    N = np.zeros((1, 12, 6, 12))
    wait, replied = ACTIONS.index("WR"), ACTIONS.index("PR-")
    N[0, 3, wait, [0, 2]] = 1, 3
    N[0, 3, replied, STATES.index("ER-")] = 2
    P = chances(Counts(N.sum(axis=3), N, np.zeros((1, 12)), np.zeros((1, 12)), np.array([7])))[0]
    assert P[:3, 3].tolist() == [0.25, 0, 0.75] and P[:3, 4].tolist() == [1 / 3] * 3
    assert P[STATES.index("ER-"), 3] == 1 and P[STATES.index("IR-"), 3] == 0 and P[STATES.index("IR-"), 0] == 0.5
    np.testing.assert_allclose([P[action].sum(axis=0) for action in LEGAL], 1)


def repeated(counts, times):
    return Counts(
        *(np.concatenate([getattr(counts, name)] * times) for name in ("actions", "transitions", "start", "visits", "events"))
    )


@pytest.mark.parametrize(("estimator", "options"), [("irl_paper", {"epochs": 15}), ("irl_causal", {})])
def test_threads_and_neighbours_change_no_byte(estimator, options, small):
    many = repeated(small, 30)  # more than are fitted between two marks of progress
    one, three = (fit(many, estimator, threads=threads, **options) for threads in (1, 3))
    assert one.policy.tobytes() == three.policy.tobytes() and one.reward.tobytes() == three.reward.tobytes()
    assert one.policy[:12].tobytes() == one.policy[-12:].tobytes() == fit(small, estimator, **options).policy.tobytes()


def test_each_user_is_worked_on_once():
    done = np.zeros(1000, int)

    def work(first, last):
        done[first:last] += 1

    over_users(1000, work, threads=3, label="test")
    assert (done == 1).all()


def test_users_whose_steps_run_out_are_flagged_and_counted(small, monkeypatch, capsys):
    monkeypatch.setattr("awase.core.progress._enabled", True)
    made = fit(small, "irl_causal", most_steps=1)
    assert not made.converged.any() and made.gap.min() > 1e-3
    np.testing.assert_allclose(made.policy.sum(axis=2), 1, atol=1e-12)
    assert capsys.readouterr().err == "irl_causal: 12 of 12 users did not converge; Policies.converged says which\n"


@pytest.mark.parametrize("features", ["state", "state-action"])
def test_users_of_a_single_pair_converge(features):
    """Where a stream ends, the likelihood need not be concave; here it ends after every pair."""
    ends = np.arange(144)
    N = np.zeros((144, 12, 6, 12))
    N[ends, ends // 12, LEADS[ends % 12], ends % 12] = 1
    start = np.eye(12)[ends // 12]
    made = fit(Counts(N.sum(axis=3), N, start, start, np.full(144, 2)), "irl_causal", features=features)
    assert made.converged.all()
    assert (made.policy[ends, ends // 12].argmax(axis=1) == LEADS[ends % 12]).all()


def test_a_user_of_few_pairs_is_expected_over_as_few(known):
    short = simulated(*known, streams=1, steps=20, seed=4)
    own, twenty, ten = (
        fit(replace(short, length=length), "irl_paper", epochs=10).policy.tobytes() for length in (LENGTH, 20, 10)
    )
    assert own == twenty != ten


def test_the_network_starts_as_torch_does():
    """torch 2.13, torch.manual_seed(12345): the last layer first, then weights and biases of the others."""
    begin = Paper().begin()
    assert begin.shape == (48,)
    np.testing.assert_allclose(begin[-3:], [1.4271305, -1.8700892, -1.1962104], atol=1e-6)
    np.testing.assert_allclose(begin[[0, 13, 29]], [-0.1695181, 0.2812848, 0.0059202], atol=1e-6)
    np.testing.assert_allclose(begin[30:34], [-2.0439513, 0.1080953, 1.3577807, 2.8942068], atol=1e-6)


@pytest.mark.parametrize("sizes", [[1, 16, 3], [40, 15, 2, 17]])
def test_normal_draws_are_those_of_torch(sizes):
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = [torch.nn.init.normal_(torch.empty(size)).numpy() for size in sizes]
    for found, wanted in zip(torch_normal(7, sizes), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-6)


@pytest.mark.parametrize(
    ("estimator", "options", "text"),
    [
        ("irl_causl", {}, "E1025: there is no estimator 'irl_causl'\n"
            "  to do: did you mean 'irl_causal'? valid: empirical, irl_causal, irl_paper"),
        ("empirical", {"alhpa": 1}, "E1026: empirical has no option 'alhpa'\n  to do: did you mean 'alpha'? valid: alpha"),
        ("empirical", {"alpha": -1}, "E1026: alpha must be a finite number not below 0\n  where: alpha\n  value: -1"),
        ("empirical", {"alpha": np.nan}, "E1026: alpha must be a finite number not below 0\n  where: alpha\n  value: nan"),
        ("irl_causal", {"features": "bits"}, "E1026: features must be 'state' or 'state-action'\n  where: features\n  value: 'bits'"),
        ("irl_causal", {"ridge": 0}, "E1026: ridge must be a finite number above 0\n  where: ridge\n  value: 0"),
        ("irl_causal", {"most_steps": 0}, "E1026: most_steps must be a whole number of at least 1\n  where: most_steps\n  value: 0"),
        ("irl_paper", {"epochs": -1}, "E1026: epochs must be a whole number not below 0\n  where: epochs\n  value: -1"),
        ("irl_paper", {"hidden": (3,)}, "E1026: hidden must be two widths of at least 1\n  where: hidden\n  value: (3,)"),
        ("irl_paper", {"l2": -0.5}, "E1026: l2 must be a finite number not below 0\n  where: l2\n  value: -0.5"),
    ],
)  # fmt: skip
def test_options_that_cannot_be(estimator, options, text, small):
    with pytest.raises(AwaseError) as error:
        fit(small, estimator, **options)
    assert str(error.value) == text


def test_what_are_no_counts(small):
    bad = {name: getattr(small, name).copy() for name in ("actions", "transitions", "start", "visits")}
    bad["actions"][2, 1, 1] = -1
    bad["transitions"][1, STATES.index("IT"), ACTIONS.index("CT"), STATES.index("ER-")] = 1
    bad["start"], bad["visits"][0, 0] = bad["start"][:, :11], np.nan
    texts = {
        "actions": "E1027: actions must be finite and not negative\n  where: actions",
        "transitions": "E1027: action CT cannot lead to state ER-\n  where: transitions\n  value: 'from IT'\n"
        "  to do: count with awase.apps.homophily.trajectories.counts",
        "start": "E1027: start must have the shape (12, 12)\n  where: start\n  value: (12, 11)",
        "visits": "E1027: visits must be finite and not negative\n  where: visits",
    }
    for name, text in texts.items():
        with pytest.raises(AwaseError) as error:
            fit(replace(small, **{name: bad[name]}))
        assert str(error.value).startswith(text)
    with pytest.raises(AwaseError, match="E1027: policies that look ahead for ever need gamma above 0 and below 1\n  value: 1"):
        fit(replace(small, gamma=1.0))
