"""Inverse reinforcement learning by maximum causal entropy, exact."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from awase.apps.homophily.policies.dynamics import LEADS, chances, over_users, require
from awase.apps.homophily.trajectories import Counts
from awase.kernels.causal import causal_entropy

Features = Literal["state", "state-action"]


@dataclass(frozen=True, kw_only=True)
class Causal:
    """The reward whose soft-optimal policy makes the user's actions likeliest.

        Q(s, a) = R(s, a) + gamma sum_s' P(s' | s, a) V(s')     V(s) = log sum_a exp Q(s, a)     pi = exp(Q - V)
        maximise  sum_s,a C(s, a) log pi(a | s) - ridge/2 |R|^2

    features: "state", R(s), 12 numbers with mean 0, as a constant changes no policy; or "state-action", R(s, a), 72 numbers, which can say
    anything that the counts can, so that its policy is that of the counts, drawn by the ridge towards the uniform one.
    ridge: the precision of a normal prior on each number. It decides where the counts cannot: what a user never did, and what no
    policy tells apart; its share of the gap is at most ridge |R|_1 / sum C.
    tolerance: of the gradient of the mean log likelihood; most_steps: of Newton's method, after which a user counts as not converged.
    Raises ConfigError E1026 for values that cannot be.

    Why likelihood: with w(s) = sum_a C / sum C, m(s') = sum C P / sum C, and start = (w - gamma m) / (1 - gamma), the mean of log pi =
    Q - V is sum C R / sum C - (1 - gamma) start . V, concave in R wherever start >= 0, as V is convex. The derivative of V along R is the
    policy's expected discounted R, so the gradient by R(s) is w(s) - mu_pi(s), with mu_pi = (1 - gamma) start (I - gamma P_pi)^-1:
    at the maximum the policy, started as the user was, visits what the user visited. start counts both ends of a stream (see
    ``dynamics.visitation_gap``); only the state in which a stream ends may have start < 0, by less than one visit.

    Source: Ziebart, Bagnell and Dey, ICML 2010 (maximum causal entropy); Ziebart's thesis (2010), chapter 6.
    """

    features: Features = "state"
    ridge: float = 0.1
    tolerance: float = 1e-9
    most_steps: int = 100

    def __post_init__(self):
        require(self.features in Features.__args__, "features", " or ".join(map(repr, Features.__args__)), self.features)
        for name in ("ridge", "tolerance"):
            require(0 < getattr(self, name) < np.inf, name, "a finite number above 0", getattr(self, name))
        require(self.most_steps >= 1, "most_steps", "a whole number of at least 1", self.most_steps)

    def fit(self, counts: Counts, *, threads: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(policy (u, 12, 6), reward (u, 12) or (u, 12, 6), converged (u,) bool). A user without actions: uniform, reward 0."""
        n, n_states, n_actions = counts.actions.shape
        if self.features == "state":
            features = np.repeat(np.eye(n_states)[:, None], n_actions, axis=1)
        else:
            features = np.eye(n_states * n_actions).reshape(n_states, n_actions, -1)
        reward, policy, converged = np.empty((n, features.shape[2])), np.empty((n, n_states, n_actions)), np.empty(n, bool)
        P = chances(counts)

        def work(first: int, last: int) -> None:
            causal_entropy(
                P, LEADS, features, counts.actions, counts.gamma, float(self.ridge), float(self.tolerance), self.most_steps,
                reward, policy, converged, first, last,
            )  # fmt: skip

        over_users(n, work, threads=threads, label="irl_causal")
        return policy, reward if self.features == "state" else reward.reshape(n, n_states, n_actions), converged
