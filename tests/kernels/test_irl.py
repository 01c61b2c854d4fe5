"""The kernels of inverse reinforcement learning compute what their twins do, and their gradients are those of what they climb."""

import numpy as np
import pytest

from awase.kernels.causal import causal_entropy, causal_entropy_twin
from awase.kernels.irl import deep_maxent, deep_maxent_twin, dense

LEADS = np.array([0, 1, 1, 2, 2])  # five states, three actions, none of the sizes of the paper
N_STATES, N_ACTIONS, GAMMA = 5, 3, 0.9


def worlds(n_users, seed=0, mixing=1.0):
    """chances (u, S', S); a low ``mixing`` makes some moves nearly certain."""
    odds = np.random.default_rng(seed).gamma(mixing, size=(n_users, N_STATES, N_STATES)) + 1e-9
    for states in ([0], [1, 2], [3, 4]):
        odds[:, states] /= odds[:, states].sum(axis=1, keepdims=True)
    return odds


def parts(n_users, seed=0):
    return np.random.default_rng(seed + 99).dirichlet(np.full(N_STATES, 2.0), n_users)


def run_deep(
    kernel, n_users=5, *, epochs, first=0, last=None, mixing=1.0, l1=0.0, eps=1e-6, widths=(3, 2), begin=None, horizons=None
):
    """(rewards, policies) of random users, of whom each trajectory has a length of its own."""
    rng = np.random.default_rng(7)
    features = rng.integers(0, 2, (N_STATES, 4)).astype(float)
    n = widths[0] * 5 + widths[1] * (widths[0] + 1) + widths[1]
    begin = rng.standard_normal(n) if begin is None else begin
    rewards, policies = np.full((n_users, N_STATES), np.nan), np.full((n_users, N_STATES, N_ACTIONS), np.nan)
    horizons = np.array([1, 2, 9, 50, 50, 50])[:n_users] if horizons is None else horizons
    kernel(
        worlds(n_users, mixing=mixing), LEADS, features, parts(n_users), parts(n_users, 1), horizons, begin, widths, GAMMA, epochs, 0.05, eps,
        l1, 0.5, 1e-2, rewards, policies, first, n_users if last is None else last,
    )  # fmt: skip
    return rewards, policies


@pytest.mark.parametrize("epochs", [0, 1, 40])
@pytest.mark.parametrize("mixing", [1.0, 0.02])
def test_deep_maxent_and_twin(epochs, mixing):
    found, expected = (run_deep(kernel, epochs=epochs, mixing=mixing, l1=0.1) for kernel in (deep_maxent, deep_maxent_twin))
    np.testing.assert_allclose(found[0], expected[0], atol=1e-9)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-9)
    np.testing.assert_allclose(found[1].sum(axis=2), 1, atol=1e-12)
    np.testing.assert_allclose(found[0].std(axis=1, ddof=1), 1, atol=1e-6)


def test_users_do_not_depend_on_the_range_they_are_in():
    whole, part = run_deep(deep_maxent, epochs=30), run_deep(deep_maxent, epochs=30, first=1, last=3)
    assert part[0][1:3].tobytes() == whole[0][1:3].tobytes() and part[1][1:3].tobytes() == whole[1][1:3].tobytes()
    assert np.isnan(part[0][[0, 3, 4]]).all()


def test_the_step_of_the_network_goes_up_its_gradient():
    """One epoch with a large eps is plain ascent; its direction is compared with finite differences of gap . reward(theta)."""
    widths, eps = (3, 2), 1e9
    rng = np.random.default_rng(7)
    features = rng.integers(0, 2, (N_STATES, 4)).astype(float)
    begin = rng.standard_normal(15 + 8 + 2)

    def reward(theta):
        w1, b1, w2, b2, w3 = np.split(theta, [12, 15, 21, 23])
        one = 1 / (1 + np.exp(-(features @ w1.reshape(3, 4).T + b1)))
        raw = 1 / (1 + np.exp(-(one @ w2.reshape(2, 3).T + b2))) @ w3
        return (raw - raw.mean()) / (raw.std(ddof=1) + 1e-8)

    def rewards_after(rate, horizon):
        rewards, policies = np.empty((1, N_STATES)), np.empty((1, N_STATES, N_ACTIONS))
        deep_maxent(
            worlds(1), LEADS, features, parts(1), parts(1, 1), np.array([horizon]), begin, widths, GAMMA, 1, rate, eps, 0.0, 0.0, 1e-2,
            rewards, policies, 0, 1,
        )  # fmt: skip
        return rewards[0]

    gap = parts(1, 1)[0] - parts(1)[0]  # a trajectory of one pair visits where it starts
    h = 1e-6
    jacobian = np.array([(reward(begin + h * e) - reward(begin - h * e)) / (2 * h) for e in np.eye(len(begin))])
    moved = (rewards_after(1e-4 * eps, 1) - rewards_after(-1e-4 * eps, 1)) / 2e-4
    np.testing.assert_allclose(moved, (jacobian @ gap) @ jacobian, rtol=1e-4, atol=1e-6)


def run_causal(kernel, counts, features, *, ridge=0.1, tolerance=1e-9, most_steps=50, seed=0, mixing=1.0):
    """(thetas, policies, converged) for counts (u, S, A)."""
    n = len(counts)
    thetas, policies, converged = np.empty((n, features.shape[2])), np.empty(counts.shape), np.empty(n, bool)
    chances = worlds(n, seed, mixing)
    kernel(chances, LEADS, features, counts, GAMMA, ridge, tolerance, most_steps, thetas, policies, converged, 0, n)
    return thetas, policies, converged


def drawn_counts(n_users=6, most=60, seed=3):
    """Counts of users who differ; some actions never happen, and user 1 did nothing."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most, (n_users, N_STATES, N_ACTIONS)) * (rng.random((n_users, N_STATES, N_ACTIONS)) < 0.8)
    counts[1] = 0
    return counts.astype(float)


STATE = np.repeat(np.eye(N_STATES)[:, None], N_ACTIONS, axis=1)
BOTH = np.eye(N_STATES * N_ACTIONS).reshape(N_STATES, N_ACTIONS, -1)
SOME = np.random.default_rng(5).standard_normal((N_STATES, N_ACTIONS, 3))


@pytest.mark.parametrize("features", [STATE, BOTH, SOME], ids=["state", "state-action", "any"])
@pytest.mark.parametrize("mixing", [1.0, 0.02])
def test_causal_entropy_and_twin(features, mixing):
    found, expected = (
        run_causal(kernel, drawn_counts(), features, mixing=mixing) for kernel in (causal_entropy, causal_entropy_twin)
    )
    assert found[2].all() and expected[2].all()
    np.testing.assert_allclose(found[1], expected[1], atol=1e-7)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    assert (found[0][1] == 0).all() and np.allclose(found[1][1], 1 / N_ACTIONS, atol=1e-15)


def test_values_solve_the_soft_bellman_equation():
    thetas, policies, _ = run_causal(causal_entropy, drawn_counts(), SOME)
    for user, theta in enumerate(thetas):
        P, V = dense(worlds(6)[user], LEADS, N_ACTIONS), np.zeros(N_STATES)
        for _ in range(600):
            Q = SOME @ theta + GAMMA * P @ V
            V = np.logaddexp.reduce(Q, axis=1)
        np.testing.assert_allclose(policies[user], np.exp(Q - V[:, None]), atol=1e-10)


@pytest.mark.parametrize("features", [STATE, SOME], ids=["state", "any"])
def test_where_newton_stops_finite_differences_of_the_likelihood_are_zero_and_it_falls_everywhere(features):
    counts = drawn_counts()[:1]
    theta = run_causal(causal_entropy, counts, features)[0][0]
    P = dense(worlds(1)[0], LEADS, N_ACTIONS)

    def likelihood(theta):
        V = np.zeros(N_STATES)
        for _ in range(400):
            Q = features @ theta + GAMMA * P @ V
            V = np.logaddexp.reduce(Q, axis=1)
        return (counts[0] * (Q - V[:, None])).sum() - 0.05 * theta @ theta

    h, best = 1e-3, likelihood(theta)
    for e in np.eye(len(theta)):
        up, down = likelihood(theta + h * e), likelihood(theta - h * e)
        assert abs(up - down) / (2 * h) < 1e-4 * counts.sum() and up < best and down < best


def test_the_first_step_is_newtons_with_the_exact_gradient_and_hessian():
    """From theta = 0, by finite differences of the likelihood."""
    counts = drawn_counts()[:1]
    P = dense(worlds(1)[0], LEADS, N_ACTIONS)

    def likelihood(theta):
        V = np.zeros(N_STATES)
        for _ in range(400):
            Q = SOME @ theta + GAMMA * P @ V
            V = np.logaddexp.reduce(Q, axis=1)
        return (counts[0] * (Q - V[:, None])).sum() / counts.sum()

    h, unit = 1e-3, np.eye(3)
    grad = np.array([likelihood(h * e) - likelihood(-h * e) for e in unit]) / (2 * h)
    H = np.array(
        [[sum(a * b * likelihood(h * (a * e + b * f)) for a in (1, -1) for b in (1, -1)) for f in unit] for e in unit]
    ) / (4 * h * h)
    step = np.linalg.solve(-H, grad)
    theta, _, converged = run_causal(causal_entropy, counts, SOME, ridge=1e-9, most_steps=1)
    np.testing.assert_allclose(theta[0], step, rtol=1e-4)
    assert not converged[0]


def test_a_user_whose_steps_run_out_is_not_converged_and_has_a_policy_all_the_same():
    counts = drawn_counts()
    _, policies, converged = run_causal(causal_entropy, counts, BOTH, most_steps=2)
    assert converged.tolist() == [False, True, False, False, False, False]
    np.testing.assert_allclose(policies.sum(axis=2), 1, atol=1e-12)


def test_an_action_that_never_happened_stays_possible():
    counts = drawn_counts()
    counts[:, :, 2] = 0
    _, policies, converged = run_causal(causal_entropy, counts, STATE)
    assert converged.all() and (policies[0, :, 2] > 0).all() and policies[0, :, 2].max() < 0.02
