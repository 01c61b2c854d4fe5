"""What estimators share: where actions lead, what a policy would visit, and the way through the users."""

from collections.abc import Callable

import numpy as np

from awase.apps.homophily.states import ACTIONS, LEGAL, STATES
from awase.apps.homophily.trajectories import Counts
from awase.core.errors import ConfigError, InputError
from awase.core.progress import progress
from awase.kernels.threads import run

LEADS = LEGAL.argmax(axis=0)  # (12,) the one action that leads to a state
_USERS_AT_ONCE = 128  # of one thread, between two marks of progress


def checked(counts: Counts) -> Counts:
    """The counts; raises InputError E1027 for what cannot be counts."""
    n, n_states, n_actions = len(counts.actions), len(STATES), len(ACTIONS)
    shapes = {
        "actions": (n, n_states, n_actions),
        "transitions": (n, n_states, n_actions, n_states),
        "start": (n, n_states),
        "visits": (n, n_states),
    }
    for name, shape in shapes.items():
        values = getattr(counts, name)
        if values.shape != shape:
            raise InputError("E1027", f"{name} must have the shape {shape}", place=name, value=values.shape)
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise InputError("E1027", f"{name} must be finite and not negative", place=name, value=values.min())
    if (strays := np.argwhere(counts.transitions.sum(axis=0) * ~LEGAL > 0)).size:
        s, a, to = strays[0]
        raise InputError(
            "E1027", f"action {ACTIONS[a]} cannot lead to state {STATES[to]}", place="transitions", value=f"from {STATES[s]}",
            remedy="count with awase.apps.homophily.trajectories.counts",
        )  # fmt: skip
    if not 0 < counts.gamma < 1:
        raise InputError("E1027", "policies that look ahead for ever need gamma above 0 and below 1", value=counts.gamma)
    return counts


def chances(counts: Counts) -> np.ndarray:
    """(u, 12, 12) float64: at [user, s', s] the share of the times that the action leading to s', taken in s, did lead to s'.

    P[s, a, .] = N[s, a, .] / sum N; where the action was never taken in s, all that it may lead to is as likely.
    """
    taken = counts.transitions.sum(axis=3)[:, :, LEADS].swapaxes(1, 2)
    led = counts.transitions[:, :, LEADS, np.arange(len(LEADS))].swapaxes(1, 2)
    even = 1 / LEGAL.sum(axis=1)[LEADS]
    return np.where(taken > 0, led / np.where(taken > 0, taken, 1), even[:, None])


def shares(counts: Counts) -> np.ndarray:
    """(u, 12) float64: the share of a user's actions that were taken in each state, w(s) = sum_a C / sum C; 0 for a user without any."""
    visits = counts.actions.sum(axis=2)
    total = visits.sum(axis=1, keepdims=True)
    return visits / np.where(total > 0, total, 1)


def visitation_gap(counts: Counts, policy: np.ndarray) -> np.ndarray:
    """(u,) float64: sum_s |w(s) - mu_pi(s)|, between the visits of a user and the discounted visitation of the policy (u, 12, 6).

        mu_pi = (1 - gamma) start (I - gamma P_pi)^-1     start = (w - gamma m) / (1 - gamma)     m(s') = sum_s,a C P / sum C

    w = (1 - gamma) start + gamma m holds by definition: each event of the stream starts a walk, of which the next event is the second
    step, so the visits are themselves a discounted visitation from ``start``, ends included: a stream s_0 ... s_n starts
    e(s_0) + (1 - gamma) sum_0<t<n e(s_t) - gamma e(s_n). The gap of C / sum_a C is therefore 0 exactly. A user without actions has 0.
    """
    P, w = chances(counts), shares(counts)
    total = counts.actions.sum(axis=(1, 2))
    taken = counts.actions[:, :, LEADS].swapaxes(1, 2) / np.where(total > 0, total, 1)[:, None, None]
    start = w - counts.gamma * (taken * P).sum(axis=2)
    there = np.eye(len(LEADS)) - counts.gamma * P * policy[:, :, LEADS].swapaxes(1, 2)  # transposed: [s', s]
    return np.abs(w - np.linalg.solve(there, start[:, :, None])[:, :, 0]).sum(axis=1)


def over_users(n: int, work: Callable[[int, int], None], *, threads: int, label: str) -> None:
    """Calls work(first, last) over 0 .. n on threads, with progress."""
    block = _USERS_AT_ONCE * max(threads, 1)
    with progress(label, total=n, unit="users") as job:
        for start in range(0, n, block):
            size = min(block, n - start)
            run(threads, size, lambda first, last, start=start: work(start + first, start + last))
            job.advance(size)


def require(holds: bool, name: str, must: str, value: object) -> None:
    """Raises ConfigError E1026 if an option does not hold what it must."""
    if not holds:
        raise ConfigError("E1026", f"{name} must be {must}", place=name, value=value)
