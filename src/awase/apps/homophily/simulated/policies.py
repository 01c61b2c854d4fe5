"""Policies made by hand, and the streams of states of users who follow them.

A policy (12, 6) says what a user does in each state, the dynamics (6, 12) in which state an action ends: with which stance the reply comes
that was waited for, and whether a thread is new to the user. Together they are a Markov chain of states. As a state tells the action that
led to it, a stream of states is all there is to a stream of events.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from awase.apps.homophily.states import ACTIONS, AGREE, LEGAL, STATES
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED
from awase.apps.homophily.trajectories import Trajectories
from awase.core.errors import ConfigError
from awase.kernels.draws import key
from awase.kernels.walks import ladders, walk

ACTION_OF = LEGAL.argmax(axis=0).astype(np.int8)  # (12,) by state: what led to it
STANCE_OF = np.array(
    ["-~+".find(state[-1]) for state in STATES], np.int8
)  # DISAGREE, NEUTRAL, AGREE; UNKNOWN where there is none
_CODES = {"WR": RECEIVED, "CT": OWN_THREAD, "RC": OWN_ROOT}
CODE_OF = np.array([_CODES.get(ACTIONS[action], OWN_REPLY) for action in ACTION_OF], np.uint8)
FIRST = STATES.index("IRC")  # a stream starts with a comment on a thread, so that there is something to be answered
_STREAM, _FLIPS = 0x51A7E, 0xF1125  # so that no two things draw alike from one seed

_ENDS = {
    "WR": {"GR+": 0.3, "GR~": 0.4, "GR-": 0.3},
    "CT": {"IT": 1},
    "RC": {"IRC": 0.7, "ERC": 0.3},
    "PR+": {"IR+": 0.4, "ER+": 0.6},
    "PR~": {"IR~": 0.4, "ER~": 0.6},
    "PR-": {"IR-": 0.4, "ER-": 0.6},
}
DYNAMICS = np.array([[_ENDS[action].get(state, 0.0) for state in STATES] for action in ACTIONS])


def _policy(usual: Mapping[str, float], after: Mapping[str, Mapping[str, float]]) -> np.ndarray:
    """(12, 6), rows that sum to 1: the usual weights of the actions, times those of ``after`` in the states it names."""
    weights = np.tile([usual[action] for action in ACTIONS], (len(STATES), 1))
    for states, factors in after.items():
        for state in states.split():
            weights[STATES.index(state)] *= [factors.get(action, 1.0) for action in ACTIONS]
    return weights / weights.sum(axis=1, keepdims=True)


def five() -> dict[str, np.ndarray]:
    """Five policies (12, 6), named after the paper's personas; what they do is this file's, as the paper's policies are not published."""
    answers = {"GR+ GR~ GR-": {"PR+": 2, "PR~": 2, "PR-": 2}}
    return {
        "thread creators": _policy(
            {"WR": 0.22, "CT": 0.42, "RC": 0.16, "PR+": 0.08, "PR~": 0.08, "PR-": 0.04},
            {**answers, "IT": {"CT": 1.5}},
        ),
        "root only": _policy(
            {"WR": 0.2, "CT": 0.02, "RC": 0.72, "PR+": 0.02, "PR~": 0.02, "PR-": 0.02},
            {"GR+ GR~ GR-": {"RC": 1.5}},
        ),
        "root favoured": _policy(
            {"WR": 0.22, "CT": 0.02, "RC": 0.5, "PR+": 0.1, "PR~": 0.09, "PR-": 0.07},
            {**answers, "IRC ERC": {"RC": 1.3}},
        ),
        "balanced": _policy(
            {"WR": 0.25, "CT": 0.09, "RC": 0.29, "PR+": 0.09, "PR~": 0.18, "PR-": 0.1},
            {**answers, "ER+ ER~ ER-": {"WR": 1.5}},
        ),
        "disagreers": _policy(
            {"WR": 0.26, "CT": 0.02, "RC": 0.18, "PR+": 0.06, "PR~": 0.1, "PR-": 0.38},
            {"GR-": {"PR-": 4, "WR": 0.3}, "IR- ER-": {"WR": 0.7}},
        ),
    }


def swap() -> dict[str, np.ndarray]:
    """Two policies (12, 6) with the same marginals of states and of actions under ``DYNAMICS``, and opposite answers.

    Who "echoes" answers agreement with agreement and disagreement with disagreement, who "opposes" the other way round. As a reply agrees as
    often as it disagrees, both do all things equally often: what tells them apart is only what they do when.
    """
    usual = np.array([0.34, 0.06, 0.2, 0.13, 0.14, 0.13])
    ready = np.array([0.09, 0.015, 0.055, 0.76, 0.04, 0.04])  # PR+ after agreement, or PR- after disagreement
    turned = ready[[0, 1, 2, 5, 4, 3]]
    agreed, disagreed = STATES.index("GR+"), STATES.index("GR-")
    echoes, opposes = np.tile(usual, (12, 1)), np.tile(usual, (12, 1))
    echoes[agreed], echoes[disagreed] = ready, turned
    opposes[agreed], opposes[disagreed] = turned, ready
    return {"echoes": echoes, "opposes": opposes}


def walks(
    policies: ArrayLike, n: int, *, group: ArrayLike | None = None, dynamics: ArrayLike = DYNAMICS, seed: int = 0
) -> np.ndarray:
    """(u, n) int8 states of users who follow policies: from a root comment on, a ~ policy[s], s' ~ dynamics[a].

    policies: (g, 12, 6). group: (u,) which of them a user follows, by default each is followed by one. dynamics: (6, 12), or (12, 6, 12) where
    what an action leads to depends on the state before. Raises ConfigError E1044 for what are no probabilities, or lead where no action does.

    >>> states = walks(list(five().values()), 1000)
    >>> states.shape, STATES[states[0, 0]]
    ((5, 1000), 'IRC')
    """
    policies, dynamics = np.asarray(policies, np.float64), np.asarray(dynamics, np.float64)
    _check_probabilities("policies", policies, (12, 6))
    _check_probabilities("dynamics", dynamics, (6, 12))
    if (dynamics[..., ~LEGAL] > 0).any():
        raise ConfigError("E1044", "an action leads to a state that is not its own", place="dynamics", remedy="see LEGAL")
    group = np.arange(len(policies)) if group is None else np.asarray(group, np.int64)
    chain = np.einsum("gsa,sat->gst", policies, np.broadcast_to(dynamics, (12, 6, 12)))
    out = np.full((len(group), n), FIRST, np.int8)
    walk(ladders(chain), group, key(seed, _STREAM), out)
    return out


def mislabelled(states: np.ndarray, error: float, *, seed: int = 0) -> np.ndarray:
    """The states as seen by labels of stance of which this share is wrong: each wrong one is one of the two others, as likely as not.

    >>> flipped = mislabelled(walks(list(swap().values()), 5000), 0.36)
    >>> bool((STANCE_OF[flipped] >= 0).any())
    True
    """
    rng = np.random.default_rng((seed, _FLIPS))
    wrong = (rng.random(states.shape) < error) & (STANCE_OF[states] >= 0)
    stance = (STANCE_OF[states] + rng.integers(1, 3, states.shape)) % (AGREE + 1)
    return np.where(wrong, states + STANCE_OF[states] - stance, states).astype(
        np.int8
    )  # the three states of a kind follow each other


def as_trajectories(states: np.ndarray, **options) -> Trajectories:
    """The trajectories of states (u, n), a unit each. ``options`` are those of ``Trajectories``.

    >>> as_trajectories(walks(list(swap().values()), 100)).events.tolist()
    [100, 100]
    """
    u, n = states.shape
    nothing = np.zeros(u, np.int64)
    unit = np.repeat(np.arange(u, dtype=np.int32), n)
    flat = states.reshape(-1)
    return Trajectories(flat, ACTION_OF[flat], unit, np.arange(u + 1) * n, nothing, nothing, **options)


def _check_probabilities(name: str, given: np.ndarray, shape: tuple[int, ...]) -> None:
    if given.ndim < 2 or given.shape[-len(shape) :] != shape:
        raise ConfigError("E1044", f"{name} must be of shape {shape}", place=name, value=given.shape)
    if not ((given >= 0).all() and np.allclose(given.sum(axis=-1), 1)):
        raise ConfigError(
            "E1044", f"{name} must be probabilities", place=name, remedy="give rows that are not negative and sum to 1"
        )
