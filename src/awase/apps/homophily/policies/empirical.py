"""The policy as it was counted."""

from dataclasses import dataclass

import numpy as np

from awase.apps.homophily.policies.dynamics import require
from awase.apps.homophily.trajectories import Counts


@dataclass(frozen=True, kw_only=True)
class Empirical:
    """pi(a | s) = (C(s, a) + alpha) / sum_a (C(s, a) + alpha): the mean of the Dirichlet posterior, of Jeffreys' prior by default.

    alpha: what is added to each count; with 0 a state that was never visited has the uniform policy. Raises ConfigError E1026 for less.
    """

    alpha: float = 0.5

    def __post_init__(self):
        require(0 <= self.alpha < np.inf, "alpha", "a finite number not below 0", self.alpha)

    def fit(self, counts: Counts, *, threads: int) -> tuple[np.ndarray, None, np.ndarray]:
        """(policy (u, 12, 6), no reward, all True)."""
        weight = counts.actions + self.alpha
        total = weight.sum(axis=2, keepdims=True)
        uniform = 1 / weight.shape[2]
        return np.where(total > 0, weight / np.where(total > 0, total, 1), uniform), None, np.ones(len(weight), bool)
