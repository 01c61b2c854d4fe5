"""Inverse reinforcement learning for many small users, by deep maximum entropy as it is published.

A user is a world of S states and A actions in which each state is reached by one action: ``leads`` (S,) int64 is that action, and
chances (u, S', S) has P(s' | s, leads[s']) at [user, s', s], all that P (S, A, S') holds. The state in which one acts is the last axis here
and inside the kernels, as loops over it are vector instructions.
"""

import numpy as np

from awase.kernels.lazy import njit

# Sums keep their order, so that the same counts give the same bytes wherever the arrays lie.
FLAGS = {"cache": True, "nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}
_SAME = 1e-14  # below this, changes are rounding
_TINY = 1e-8  # added to the deviation of raw rewards, as in the reference code
_ROUNDS = 1000  # of value iteration at most, as in the reference code


def dense(chances, leads, n_actions):
    """P (S, A, S') of one user's chances (S', S)."""
    n = len(leads)
    P = np.zeros((n, n_actions, n))
    P[:, leads, np.arange(n)] = chances.T
    return P


@njit(**FLAGS)
def look_ahead(chances, leads, worth, Q):
    """Q[a, s] = sum_s' P(s' | s, a) worth[s']."""
    Q[:] = 0
    for t in range(len(worth)):
        q, p, x = Q[leads[t]], chances[t], worth[t]
        for s in range(len(p)):
            q[s] += p[s] * x


@njit(**FLAGS)
def _greedy_softmax(chances, leads, reward, gamma, tolerance, V, worth, pi):
    """pi[a, s] = softmax_a Q, where V = max_a Q is iterated from 0 until no value changes by ``tolerance``.

    It stops earlier once all values change alike, to rounding: T(V + c) = T V + gamma c and T is monotone, so that from then on they
    change alike for ever, which adds one number to all of Q and nothing to its softmax.
    """
    n_actions, n = pi.shape
    V[:] = 0
    for _ in range(_ROUNDS):
        for s in range(n):
            worth[s] = reward[s] + gamma * V[s]
        look_ahead(chances, leads, worth, pi)
        best = pi[0]
        for a in range(1, n_actions):
            q = pi[a]
            for s in range(n):
                best[s] = q[s] if q[s] > best[s] else best[s]
        least, most = np.inf, -np.inf
        for s in range(n):
            change = best[s] - V[s]
            least, most = min(least, change), max(most, change)
            V[s] = best[s]
        if max(most, -least) < tolerance or most - least < _SAME * max(1.0, abs(V[0])):
            break
    for s in range(n):
        worth[s] = reward[s] + gamma * V[s]
    look_ahead(chances, leads, worth, pi)
    for s in range(n):
        most, total = -np.inf, 0.0
        for a in range(n_actions):
            most = max(most, pi[a, s])
        for a in range(n_actions):
            pi[a, s] = np.exp(pi[a, s] - most)
            total += pi[a, s]
        for a in range(n_actions):
            pi[a, s] /= total


@njit(**FLAGS)
def _visitation(chances, leads, pi, start, gamma, horizon, move, here, there, visits):
    """visits = sum_t gamma^t mu_t / sum_t gamma^t over t < horizon, mu_0 = start, mu_t+1 = mu_t P_pi.

    Once mu is stationary, to rounding, the rest of the sum is its multiple.
    """
    n = len(start)
    for t in range(n):
        p, q, row = chances[t], pi[leads[t]], move[t]
        for s in range(n):
            row[s] = p[s] * q[s]  # of moving from s to t
    for s in range(n):
        here[s], visits[s] = start[s], start[s]
    weight, total = 1.0, 1.0
    stationary = False
    for _ in range(1, horizon):
        weight *= gamma
        total += weight
        if not stationary:
            change = 0.0
            for t in range(n):
                row, sum_ = move[t], 0.0
                for s in range(n):
                    sum_ += row[s] * here[s]
                there[t] = sum_
            for t in range(n):
                change = max(change, abs(there[t] - here[t]))
                here[t] = there[t]
            stationary = change < _SAME
        for s in range(n):
            visits[s] += weight * here[s]
    for s in range(n):
        visits[s] /= total


@njit(**FLAGS)
def _net(features, theta, one, two, raw):
    """raw (S,): features -> Linear -> sigmoid -> Linear -> sigmoid -> Linear without bias.

    theta: weights by rows, then biases, layer after layer. one (S, h1), two (S, h2): what the sigmoids give.
    """
    n, n_features = features.shape
    h1, h2 = one.shape[1], two.shape[1]
    b1 = h1 * n_features
    w2 = b1 + h1
    b2 = w2 + h2 * h1
    w3 = b2 + h2
    for s in range(n):
        for j in range(h1):
            z = theta[b1 + j]
            for f in range(n_features):
                z += theta[j * n_features + f] * features[s, f]
            one[s, j] = 1 / (1 + np.exp(-z))
        raw[s] = 0
        for k in range(h2):
            z = theta[b2 + k]
            for j in range(h1):
                z += theta[w2 + k * h1 + j] * one[s, j]
            two[s, k] = 1 / (1 + np.exp(-z))
            raw[s] += theta[w3 + k] * two[s, k]


@njit(**FLAGS)
def _net_back(features, theta, one, two, slope, d_one, grad):
    """grad: of sum_s slope(s) raw(s) by theta."""
    n, n_features = features.shape
    h1, h2 = one.shape[1], two.shape[1]
    b1 = h1 * n_features
    w2 = b1 + h1
    b2 = w2 + h2 * h1
    w3 = b2 + h2
    grad[:] = 0
    for s in range(n):
        d_one[:] = 0
        for k in range(h2):
            grad[w3 + k] += slope[s] * two[s, k]
            d = slope[s] * theta[w3 + k] * two[s, k] * (1 - two[s, k])
            grad[b2 + k] += d
            for j in range(h1):
                grad[w2 + k * h1 + j] += d * one[s, j]
                d_one[j] += d * theta[w2 + k * h1 + j]
        for j in range(h1):
            d = d_one[j] * one[s, j] * (1 - one[s, j])
            grad[b1 + j] += d
            for f in range(n_features):
                grad[j * n_features + f] += d * features[s, f]


@njit(**FLAGS)
def _standardise(raw, reward):
    """reward = (raw - mean) / (sd + 1e-8), sd of a sample; returns sd."""
    n, mean, square = len(raw), 0.0, 0.0
    for s in range(n):
        mean += raw[s]
    mean /= n
    for s in range(n):
        reward[s] = raw[s] - mean
        square += reward[s] * reward[s]
    sd = np.sqrt(square / (n - 1))
    for s in range(n):
        reward[s] /= sd + _TINY
    return sd


@njit(**FLAGS)
def _standardise_back(reward, sd, gap, slope):
    """slope: of sum_s gap(s) reward(s) by raw."""
    n, mean, along = len(reward), 0.0, 0.0
    for s in range(n):
        mean += gap[s]
        along += gap[s] * reward[s]
    mean /= n
    stretch = along * (sd + _TINY) / ((n - 1) * sd) if sd > 0 else 0.0
    for s in range(n):
        slope[s] = (gap[s] - mean - stretch * reward[s]) / (sd + _TINY)


@njit(**FLAGS)
def deep_maxent(
    chances, leads, features, starts, visits, horizons, begin, widths, gamma, epochs, rate, eps, l1, l2, tolerance,
    rewards, policies, first, last,
):  # fmt: skip
    """Rewards (u, S) and policies (u, S, A) of users first .. last - 1, by the published deep maximum-entropy procedure.

    features (S, F); starts, visits (u, S): where trajectories start, and their discounted visitation; horizons (u,) int64: their length.
    begin: the network's parameters as ``_net`` reads them, the same for each user; widths: of its two hidden layers.

    Each epoch: reward = standardised net(features); values by iteration with a hard maximum; policy softmax_a Q; the visitation it
    leads to; and an AdaGrad step up (visits - expected) . d reward / d theta - l1 sign(theta) - 2 l2 theta, the last layer without penalty.
    """
    n, n_actions = len(leads), policies.shape[2]
    h1, h2 = widths
    m = len(begin)
    one, two, d_one = np.empty((n, h1)), np.empty((n, h2)), np.empty(h1)
    raw, reward, slope, gap, V, worth = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    here, there, expected, move = np.empty(n), np.empty(n), np.empty(n), np.empty((n, n))
    pi, theta, grad, past = np.empty((n_actions, n)), np.empty(m), np.empty(m), np.empty(m)
    for user in range(first, last):
        P = chances[user]
        for i in range(m):
            theta[i], past[i] = begin[i], 0.0
        for _ in range(epochs):
            _net(features, theta, one, two, raw)
            sd = _standardise(raw, reward)
            _greedy_softmax(P, leads, reward, gamma, tolerance, V, worth, pi)
            _visitation(P, leads, pi, starts[user], gamma, horizons[user], move, here, there, expected)
            for s in range(n):
                gap[s] = visits[user, s] - expected[s]
            _standardise_back(reward, sd, gap, slope)
            _net_back(features, theta, one, two, slope, d_one, grad)
            for i in range(m):
                up = grad[i]
                if i < m - h2:
                    up -= l1 * np.sign(theta[i]) + 2 * l2 * theta[i]
                past[i] += up * up
                theta[i] += rate * up / (np.sqrt(past[i]) + eps)
        _net(features, theta, one, two, raw)
        _standardise(raw, reward)
        _greedy_softmax(P, leads, reward, gamma, tolerance, V, worth, pi)
        for s in range(n):
            rewards[user, s] = reward[s]
            for a in range(n_actions):
                policies[user, s, a] = pi[a, s]


def deep_maxent_twin(
    chances, leads, features, starts, visits, horizons, begin, widths, gamma, epochs, rate, eps, l1, l2, tolerance,
    rewards, policies, first, last,
):  # fmt: skip
    """What ``deep_maxent`` computes, in numpy, without its short cuts."""
    h1, h2 = widths
    ends = np.cumsum([h1 * features.shape[1], h1, h2 * h1, h2])
    penalised = np.arange(len(begin)) < len(begin) - h2
    for user in range(first, last):
        P = dense(chances[user], leads, policies.shape[2])
        theta, past = begin.copy(), np.zeros(len(begin))
        for epoch in range(epochs + 1):
            w1, b1, w2, b2, w3 = np.split(theta, ends)
            w1, w2 = w1.reshape(h1, -1), w2.reshape(h2, h1)
            one = 1 / (1 + np.exp(-(features @ w1.T + b1)))
            two = 1 / (1 + np.exp(-(one @ w2.T + b2)))
            raw = two @ w3
            sd = raw.std(ddof=1)
            reward = (raw - raw.mean()) / (sd + _TINY)

            V = np.zeros(len(leads))
            for _ in range(_ROUNDS):
                before, V = V, (P @ (reward + gamma * V)).max(axis=1)
                if np.abs(V - before).max() < tolerance:
                    break
            policy = _softmax(P @ (reward + gamma * V))
            if epoch == epochs:
                break

            move = np.einsum("sa,sat->st", policy, P)
            mu, expected, total = starts[user], np.zeros(len(leads)), 0.0
            for t in range(horizons[user]):
                expected, total, mu = expected + gamma**t * mu, total + gamma**t, mu @ move
            gap = visits[user] - expected / total

            by_raw = (gap - gap.mean() - reward * (gap @ reward) * (sd + _TINY) / ((len(raw) - 1) * sd)) / (sd + _TINY)
            by_two = np.outer(by_raw, w3) * two * (1 - two)
            by_one = by_two @ w2 * one * (1 - one)
            grads = by_one.T @ features, by_one.sum(axis=0), by_two.T @ one, by_two.sum(axis=0), by_raw @ two
            up = np.concatenate([g.ravel() for g in grads]) - penalised * (l1 * np.sign(theta) + 2 * l2 * theta)
            past += up * up
            theta = theta + rate * up / (np.sqrt(past) + eps)
        rewards[user], policies[user] = reward, policy


def _softmax(Q):
    Q = np.exp(Q - Q.max(axis=1, keepdims=True))
    return Q / Q.sum(axis=1, keepdims=True)
