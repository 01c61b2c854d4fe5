"""Inverse reinforcement learning for many small users, by maximum causal entropy, exact. ``irl`` says how a user's world is kept."""

import numpy as np

from awase.kernels.irl import FLAGS, dense, look_ahead
from awase.kernels.lazy import njit

_EXACT = 1e-12  # to which values are solved, relative
_ROUNDS = 1000  # of Newton's method for them at most; it takes about five
_ARMIJO, _HALVINGS = 1e-4, 30  # of the line search


@njit(**FLAGS)
def _eliminate(M, B):
    """Solves M X = B in place: X is left in B, and M is spent. M must need no pivots: diagonally dominant, or positive definite."""
    n, k = B.shape
    for i in range(n):
        for row in range(i + 1, n):
            factor = M[row, i] / M[i, i]
            if factor != 0:
                for j in range(i + 1, n):
                    M[row, j] -= factor * M[i, j]
                for j in range(k):
                    B[row, j] -= factor * B[i, j]
    for i in range(n - 1, -1, -1):
        for row in range(i + 1, n):
            factor = M[i, row]
            if factor != 0:
                for j in range(k):
                    B[i, j] -= factor * B[row, j]
        for j in range(k):
            B[i, j] /= M[i, i]


@njit(**FLAGS)
def _left_over(chances, leads, pi, gamma, M):
    """M = I - gamma P_pi."""
    n = len(leads)
    for s in range(n):
        for t in range(n):
            M[s, t] = -gamma * pi[leads[t], s] * chances[t, s]
        M[s, s] += 1.0


@njit(**FLAGS)
def _soft_bellman(chances, leads, reward, gamma, V, pi, M, rest):
    """V(s) = log sum_a exp Q(s, a), Q = R + gamma P V and pi[a, s] = exp(Q - V), from any V, by Newton's method; reward: (A, S).

    Newton's method is here soft policy iteration, which converges from anywhere, as the right side is convex and monotone in V.
    """
    n_actions, n = pi.shape
    for _ in range(_ROUNDS):
        look_ahead(chances, leads, V, pi)
        worst, size = 0.0, 1.0
        for s in range(n):
            most, total = -np.inf, 0.0
            for a in range(n_actions):
                pi[a, s] = reward[a, s] + gamma * pi[a, s]
                most = max(most, pi[a, s])
            for a in range(n_actions):
                pi[a, s] = np.exp(pi[a, s] - most)
                total += pi[a, s]
            for a in range(n_actions):
                pi[a, s] /= total
            rest[s, 0] = most + np.log(total) - V[s]
            worst, size = max(worst, abs(rest[s, 0])), max(size, abs(V[s]))
        if worst < _EXACT * size:
            break
        _left_over(chances, leads, pi, gamma, M)
        _eliminate(M, rest)
        for s in range(n):
            V[s] += rest[s, 0]


@njit(**FLAGS)
def causal_entropy(
    chances, leads, features, actions, gamma, ridge, tolerance, most_steps, thetas, policies, converged, first, last
):
    """Rewards R = features . theta, theta (u, K), whose soft-optimal policies (u, S, A) make actions (u, S, A) of users likeliest.

    features (S, A, K). Maximises f = [sum C log pi - ridge/2 |theta|^2] / sum C by Newton's method with its exact Hessian; converged (u,)
    bool: no component of its gradient is above ``tolerance``. A user without counts has theta = 0, so the uniform policy.

    With c(s) = sum_a C, m(s') = sum C P and nu = c - gamma m, sum C log pi = sum C (Q - V) = sum C R - nu . V. As dV = d pi dR for
    d = nu (I - gamma P_pi)^-1 is the visitation of pi from nu, the gradient is sum (C - d pi) features, and the Hessian
    -sum_s d(s) Cov_a~pi(dQ(s, a) / dtheta). V is convex in R, so f is concave wherever nu >= 0: but for the state in which a stream ends.
    """
    n, n_actions, k = features.shape
    C, reward, pi = np.empty((n, n_actions)), np.empty((n_actions, n)), np.empty((n_actions, n))
    nu, V, M, turned, d, rest = np.empty(n), np.empty(n), np.empty((n, n)), np.empty((n, n)), np.empty((n, 1)), np.empty((n, 1))
    theta, trial, grad, step, H = np.empty(k), np.empty(k), np.empty(k), np.empty((k, 1)), np.empty((k, k))
    dV, dQ, mean = np.empty((n, k)), np.empty((n_actions, k)), np.empty(k)
    for user in range(first, last):
        P, total = chances[user], 0.0
        for s in range(n):
            for a in range(n_actions):
                total += actions[user, s, a]
        penalty = ridge / max(total, 1.0)
        for s in range(n):
            nu[s], V[s] = 0.0, 0.0
            for a in range(n_actions):
                C[s, a] = actions[user, s, a] / max(total, 1.0)
                nu[s] += C[s, a]
        for t in range(n):
            for s in range(n):
                nu[t] -= gamma * C[s, leads[t]] * P[t, s]
        theta[:] = 0
        value = _likelihood(P, leads, features, C, nu, gamma, penalty, theta, reward, V, pi, M, rest)
        for taken in range(most_steps + 1):
            _left_over(P, leads, pi, gamma, M)
            for s in range(n):
                d[s, 0] = nu[s]
                for t in range(n):
                    turned[t, s] = M[s, t]
            _eliminate(turned, d)
            for j in range(k):
                grad[j] = -penalty * theta[j]
            dV[:] = 0
            for s in range(n):
                for a in range(n_actions):
                    off = C[s, a] - d[s, 0] * pi[a, s]
                    for j in range(k):
                        grad[j] += off * features[s, a, j]
                        dV[s, j] += pi[a, s] * features[s, a, j]
            worst = 0.0
            for j in range(k):
                worst = max(worst, abs(grad[j]))
            converged[user] = worst <= tolerance
            if converged[user] or taken == most_steps:
                break

            _eliminate(M, dV)
            # Where a stream ends d may be below 0, which can make H indefinite; without it H is positive definite.
            for least in (-np.inf, 0.0):
                _curvature(P, leads, features, gamma, penalty, pi, d, least, dV, dQ, mean, H)
                slope, length = 0.0, 1.0
                for j in range(k):
                    step[j, 0] = grad[j]
                _eliminate(H, step)
                for j in range(k):
                    slope += grad[j] * step[j, 0]
                if slope > 0:
                    break
            for _ in range(_HALVINGS):
                for j in range(k):
                    trial[j] = theta[j] + length * step[j, 0]
                reached = _likelihood(P, leads, features, C, nu, gamma, penalty, trial, reward, V, pi, M, rest)
                if reached >= value + _ARMIJO * length * slope - _EXACT * (1 + abs(value)):
                    break
                length /= 2
            value = reached
            for j in range(k):
                theta[j] = trial[j]
        for j in range(k):
            thetas[user, j] = theta[j]
        for s in range(n):
            for a in range(n_actions):
                policies[user, s, a] = pi[a, s]


@njit(**FLAGS)
def _curvature(chances, leads, features, gamma, penalty, pi, d, least, dV, dQ, mean, H):
    """H (K, K) = sum_s max(d(s), least) Cov_a~pi(dQ(s, a) / dtheta) + penalty I, where dV (S, K) is the derivative of V by theta."""
    n, n_actions, k = features.shape
    for i in range(k):
        for j in range(k):
            H[i, j] = 0.0
        H[i, i] = penalty
    for s in range(n):
        for a in range(n_actions):
            for j in range(k):
                dQ[a, j] = features[s, a, j]
        for t in range(n):
            a, p = leads[t], gamma * chances[t, s]
            if p > 0:
                for j in range(k):
                    dQ[a, j] += p * dV[t, j]
        for j in range(k):
            mean[j] = 0.0
        for a in range(n_actions):
            for j in range(k):
                mean[j] += pi[a, s] * dQ[a, j]
        for a in range(n_actions):
            for j in range(k):
                dQ[a, j] -= mean[j]
            for i in range(k):
                w = max(d[s, 0], least) * pi[a, s] * dQ[a, i]
                for j in range(k):
                    H[i, j] += w * dQ[a, j]


@njit(**FLAGS)
def _likelihood(chances, leads, features, C, nu, gamma, penalty, theta, reward, V, pi, M, rest):
    """f of ``causal_entropy`` at theta; V, pi and reward (A, S) are left as they are there."""
    n, n_actions, k = features.shape
    f = 0.0
    for s in range(n):
        for a in range(n_actions):
            r = 0.0
            for j in range(k):
                r += features[s, a, j] * theta[j]
            reward[a, s] = r
            f += C[s, a] * r
    _soft_bellman(chances, leads, reward, gamma, V, pi, M, rest)
    for s in range(n):
        f -= nu[s] * V[s]
    for j in range(k):
        f -= penalty / 2 * theta[j] * theta[j]
    return f


def causal_entropy_twin(
    chances, leads, features, actions, gamma, ridge, tolerance, most_steps, thetas, policies, converged, first, last
):
    """What ``causal_entropy`` computes, in numpy, its values by iteration."""
    n, n_actions, k = features.shape
    for user in range(first, last):
        P, total = dense(chances[user], leads, n_actions), max(actions[user].sum(), 1.0)
        C, penalty = actions[user] / total, ridge / total
        nu = C.sum(axis=1) - gamma * np.einsum("sa,sat->t", C, P)

        def at(theta, P=P, C=C, penalty=penalty):
            """(f, pi)"""
            V = np.zeros(n)
            for _ in range(int(np.log(1e-16) / np.log(gamma))):
                Q = features @ theta + gamma * P @ V
                V = np.logaddexp.reduce(Q, axis=1)
            log_pi = Q - V[:, None]
            return (C * log_pi).sum() - penalty / 2 * theta @ theta, np.exp(log_pi)

        theta = np.zeros(k)
        value, pi = at(theta)
        for taken in range(most_steps + 1):
            left = np.eye(n) - gamma * np.einsum("sa,sat->st", pi, P)
            d = np.linalg.solve(left.T, nu)
            grad = np.einsum("sa,sak->k", C - d[:, None] * pi, features) - penalty * theta
            converged[user] = np.abs(grad).max() <= tolerance
            if converged[user] or taken == most_steps:
                break
            dQ = features + gamma * P @ np.linalg.solve(left, np.einsum("sa,sak->sk", pi, features))
            dQ -= np.einsum("sa,sak->sk", pi, dQ)[:, None]
            for least in (-np.inf, 0):
                H = np.einsum("sa,sai,saj->ij", np.maximum(d, least)[:, None] * pi, dQ, dQ) + penalty * np.eye(k)
                step, length = np.linalg.solve(H, grad), 1.0
                if grad @ step > 0:
                    break
            for _ in range(_HALVINGS):
                trial = theta + length * step
                reached, pi = at(trial)
                if reached >= value + _ARMIJO * length * (grad @ step) - _EXACT * (1 + abs(value)):
                    break
                length /= 2
            theta, value = trial, reached
        thetas[user], policies[user] = theta, pi
