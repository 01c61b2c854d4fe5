"""Policies: what each user does in each state, from what was counted, by one of three estimators."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from awase.apps.homophily.options import Estimator
from awase.apps.homophily.policies.causal import Causal
from awase.apps.homophily.policies.dynamics import checked, shares, visitation_gap
from awase.apps.homophily.policies.empirical import Empirical
from awase.apps.homophily.policies.paper import Paper
from awase.apps.homophily.trajectories import Counts
from awase.core.errors import ConfigError
from awase.core.progress import say
from awase.core.suggest import did_you_mean

ESTIMATORS = {"empirical": Empirical, "irl_paper": Paper, "irl_causal": Causal}


@dataclass(frozen=True, eq=False)
class Policies:
    """The policies of u users, and how well they fit.

    policy: (u, 12, 6) float64, rows sum to 1. weights: (u, 12), the share of the user's actions taken in each state. reward: (u, 12), or
    (u, 12, 6) of states and actions, or None. gap: (u,), the L1 distance, from 0 to about 2, between the user's visits and those that the
    policy leads to (``dynamics.visitation_gap``), the same for all estimators. converged: (u,) bool, False where an iteration to a
    tolerance did not reach it. estimator, options: what made them.
    A user without any pair of state and action has the uniform policy, and weights, reward and gap 0.
    """

    policy: np.ndarray
    weights: np.ndarray
    reward: np.ndarray | None
    gap: np.ndarray
    converged: np.ndarray
    estimator: str
    options: dict[str, Any]

    def __len__(self) -> int:
        return len(self.policy)


def fit(counts: Counts, estimator: Estimator = "empirical", *, threads: int = 1, **options: Any) -> Policies:
    """The policies of all users of ``counts``, with the same bytes for any number of threads.

    estimator, and its options with their defaults in the class of ``ESTIMATORS``:
    "empirical"   smoothed shares: the default, and what the others are measured against
    "irl_paper"   deep maximum entropy with the published settings; cannot say that an action follows a state, see ``Paper``
    "irl_causal"  exact maximum causal entropy with rewards of states, or of states and actions
    All actions lead to nearly the same states wherever they are taken, so a reward of states alone recovers how often each action is
    taken and little of when.

    Raises ConfigError E1025 for another estimator, E1026 for another option or value of one, InputError E1027 for what are no counts.
    Source: Yuan, Schneider and Rizoiu, WWW 2025 (arXiv 2502.02943).

    >>> C, N = np.zeros((1, 12, 6)), np.zeros((1, 12, 6, 12))
    >>> C[0, 3, 0] = N[0, 3, 0, 2] = 4  # after its thread the user was disagreed with, four times
    >>> fit(Counts(C, N, C.sum(axis=2) / 4, C.sum(axis=2) / 4, np.array([5])), "empirical").policy[0, 3].round(3).tolist()
    [0.643, 0.071, 0.071, 0.071, 0.071, 0.071]
    """
    if estimator not in ESTIMATORS:
        raise ConfigError("E1025", f"there is no estimator {estimator!r}", remedy=did_you_mean(str(estimator), ESTIMATORS))
    kind = ESTIMATORS[estimator]
    valid = [field.name for field in fields(kind)]
    for name in options:
        if name not in valid:
            raise ConfigError("E1026", f"{estimator} has no option {name!r}", remedy=did_you_mean(name, valid))
    chosen = kind(**options)
    policy, reward, converged = chosen.fit(checked(counts), threads=threads)
    if not converged.all():
        say(f"{estimator}: {(~converged).sum():,} of {len(converged):,} users did not converge; Policies.converged says which")
    return Policies(policy, shares(counts), reward, visitation_gap(counts, policy), converged, estimator, asdict(chosen))
