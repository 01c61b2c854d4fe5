"""From a user's events to states and actions, and to how often which followed which."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np

from awase.apps.homophily import runs
from awase.apps.homophily.activity import years
from awase.apps.homophily.states import ACTIONS, AGREE, DISAGREE, NEUTRAL, STATES, UNKNOWN
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED, Streams
from awase.core.errors import ConfigError, InputError

Missing = Literal["drop", "neutral"]
Received = Literal["all", "repliers"]
LENGTH = 50  # pairs in a trajectory
GAMMA = 0.95

_N_STATES, _N_ACTIONS = len(STATES), len(ACTIONS)
_SIGNS = {DISAGREE: "-", NEUTRAL: "~", AGREE: "+"}


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """The state by [code, is first in the thread, stance], and the action by [code, stance]."""
    state, action = np.zeros((5, 2, 3), np.int8), np.zeros((5, 3), np.int8)
    for stance, sign in _SIGNS.items():
        for first, initial in enumerate("EI"):
            state[OWN_THREAD, first, stance] = STATES.index("IT")
            state[OWN_REPLY, first, stance] = STATES.index(f"{initial}R{sign}")
            state[OWN_ROOT, first, stance] = STATES.index(f"{initial}RC")
            state[RECEIVED, first, stance] = STATES.index(f"GR{sign}")
        for code, name in ((OWN_THREAD, "CT"), (OWN_REPLY, f"PR{sign}"), (OWN_ROOT, "RC"), (RECEIVED, "WR")):
            action[code, stance] = ACTIONS.index(name)
    return state, action


_STATE, _ACTION = _tables()


class Steps(NamedTuple):
    """Pairs of a state and the action taken in it, in order, with the state that came next; each (n,)."""

    unit: np.ndarray
    state: np.ndarray
    action: np.ndarray
    next: np.ndarray


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The states of the events of each unit, in order, and the actions that led to them.

    state, action: (m,) int8, of event t: what it is, and what was done. The pair to learn from is (state[t-1], action[t]), of one unit.
    unit: (m,) int32, ascending. bounds: (n_units + 1,) int64: unit i has the events bounds[i] to bounds[i+1].
    unlabelled: (n_units,) int64, replies without a stance: dropped, or taken as neutral. unheard: (n_units,) int64, received replies left
    out as the user never replied. length: pairs in a trajectory.
    """

    state: np.ndarray
    action: np.ndarray
    unit: np.ndarray
    bounds: np.ndarray
    unlabelled: np.ndarray
    unheard: np.ndarray
    length: int = LENGTH

    @property
    def n_units(self) -> int:
        return len(self.bounds) - 1

    @property
    def events(self) -> np.ndarray:
        """(n_units,) int64: the events of each unit."""
        return np.diff(self.bounds)

    def steps(self) -> Steps:
        """All pairs, uncut: one fewer than events in each unit that has any."""
        here = np.flatnonzero(self.unit[1:] == self.unit[:-1])
        return Steps(self.unit[here], self.state[here], self.action[here + 1], self.state[here + 1])

    def cut(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows, t), int64: the events whose pairs are in the trajectories, and how many pairs of its trajectory come before each.

        The pairs of a unit are cut into trajectories of ``length``, and what remains is left out; a unit of at most ``length`` events is
        one trajectory.
        """
        n = self.events
        pairs = np.maximum(n - 1, 0)
        kept = np.where(n <= self.length, pairs, pairs - pairs % self.length)
        place = np.arange(len(self.unit)) - np.repeat(self.bounds[:-1], n)
        rows = np.flatnonzero(place < np.repeat(kept, n))
        return rows, place[rows] % self.length


def trajectories(
    streams: Streams,
    *,
    unit: np.ndarray | None = None,
    missing: Missing = "drop",
    received: Received = "all",
    length: int = LENGTH,
) -> Trajectories:
    """The states and actions of streams, by unit: by user if no ``unit`` is given.

    A state says I if its event is the first of its thread in the unit, received replies included, else E; an own thread is always IT.

    unit: (m,) int64, of each event, from 0; below 0 to leave the event out. A unit's events are of one user.
    missing: replies whose stance is unknown, as the parent's or the own text is missing, are dropped before anything else is done, as in
    the paper, or are "neutral".
    received: "repliers" leaves out the replies that users got who have no own reply. The code of the paper's group does so; the paper does
    not say so, and users who only comment on threads then seem never to be answered.

    Raises ConfigError E1022 for another option, InputError E1023 for units that do not fit. Source: Yuan, Schneider and Rizoiu (WWW 2025),
    and the code of their group's later work, github.com/behavioral-ds/behavioral-dynamics-io.

    >>> s = Streams.merged(1, user=[0, 0], code=[1, 4], id=[1, 2], parent=[0, 1], thread=[1, 1], time=[1, 2], community=[0, 0], stance=[-1, 2])
    >>> t = trajectories(s)
    >>> [(STATES[a], ACTIONS[b], STATES[c]) for _, a, b, c in zip(*t.steps())]
    [('IT', 'WR', 'GR+')]
    """
    _check(missing, received, length)
    by_user = unit is None
    unit = streams.user.astype(np.int64) if unit is None else np.asarray(unit, np.int64)
    if unit.shape != streams.user.shape:
        raise InputError(
            "E1023", f"there must be one unit for each of the {len(streams):,} events", value=unit.shape,
            remedy="make it of these streams, as units_by_year does",
        )  # fmt: skip
    n_units = streams.n_users if by_user else int(unit.max(initial=-1)) + 1

    rows = np.arange(len(streams)) if by_user else _grouped(unit, streams.user)
    unheard = np.zeros(len(rows), bool)
    if received == "repliers":
        replies = np.bincount(streams.user[streams.code == OWN_REPLY], minlength=streams.n_users) > 0
        unheard = (streams.code[rows] == RECEIVED) & ~replies[streams.user[rows]]
    n_unheard, rows = np.bincount(unit[rows[unheard]], minlength=n_units), rows[~unheard]
    unlabelled = (streams.stance[rows] == UNKNOWN) & np.isin(streams.code[rows], (OWN_REPLY, RECEIVED))
    n_unlabelled = np.bincount(unit[rows[unlabelled]], minlength=n_units)
    if missing == "drop":
        rows = rows[~unlabelled]

    unit, code, stance = unit[rows], streams.code[rows], streams.stance[rows]
    stance = np.where(stance == UNKNOWN, np.int8(NEUTRAL), stance)  # of what is no reply, too: the tables do not look at it
    first = _first_in_thread(unit, streams.thread[rows])
    bounds = np.concatenate([[0], np.bincount(unit, minlength=n_units).cumsum()]).astype(np.int64)
    return Trajectories(
        _STATE[code, first.view(np.uint8), stance],
        _ACTION[code, stance],
        unit.astype(np.int32),
        bounds,
        n_unlabelled,
        n_unheard,
        length,
    )


def _check(missing: str, received: str, length: int) -> None:
    for name, value, valid in (("missing", missing, get_args(Missing)), ("received", received, get_args(Received))):
        if value not in valid:
            raise ConfigError("E1022", f"there is no {name}={value!r}", remedy=f"valid: {', '.join(valid)}")
    if not length >= 1:
        raise ConfigError("E1022", "a trajectory has at least one pair", value=length, remedy=f"the paper's length is {LENGTH}")


def _grouped(unit: np.ndarray, user: np.ndarray) -> np.ndarray:
    """The rows of units from 0 on, unit by unit, each in the order of the streams."""
    order = np.argsort(unit, kind="stable")
    order = order[np.searchsorted(unit[order], 0) :]
    units, users = unit[order], user[order]
    if len(mixed := np.flatnonzero((units[1:] == units[:-1]) & (users[1:] != users[:-1]))):
        raise InputError(
            "E1023", "a unit has events of two users", place=f"unit {int(units[mixed[0]])}", value=users[mixed[0] : mixed[0] + 2].tolist(),
            remedy="number the units so that each belongs to one user",
        )  # fmt: skip
    return order


def _first_in_thread(unit: np.ndarray, thread: np.ndarray) -> np.ndarray:
    """(m,) bool: no event before it has its unit and thread. unit: ascending."""
    order = np.argsort(thread, kind="stable")  # within a thread the units still ascend
    first = np.empty(len(order), bool)
    first[order] = runs.starts(thread[order], unit[order])
    return first


def units_by_year(streams: Streams) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(unit of each event (m,), user (n_units,) int32, year (n_units,) int64): a unit for each user and calendar year (UTC) with events.

    >>> s = Streams.merged(1, user=[0] * 2, code=[1] * 2, id=[1, 2], parent=[0] * 2, thread=[1, 2], time=[0, 40_000_000], community=[0] * 2)
    >>> [x.tolist() for x in units_by_year(s)]
    [[0, 1], [0, 0], [1970, 1971]]
    """
    year = years(streams.time)
    new = runs.starts(streams.user, year)
    return new.cumsum() - 1, streams.user[new], year[new]


@dataclass(frozen=True, eq=False)
class Counts:
    """What the estimators of policies know of u units.

    actions: (u, 12, 6) float64, how often the action was taken in the state, C. transitions: (u, 12, 6, 12), and led to the next state, N.
    start: (u, 12), the share of trajectories that start in a state. visits: (u, 12), the discounted visitation of the trajectories,
    mu(s) = sum_i sum_t gamma^t 1[s_t = s] / sum_i sum_t gamma^t. Both are 0 for a unit without pairs, else sum to 1. events: (u,) int64.
    gamma, length: of the visitation, and the trajectories, which an estimator has to expect alike.
    """

    actions: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    visits: np.ndarray
    events: np.ndarray
    gamma: float = GAMMA
    length: int = LENGTH

    def take(self, units: np.ndarray) -> "Counts":
        """The counts of some units, by their numbers."""
        return replace(
            self, actions=self.actions[units], transitions=self.transitions[units], start=self.start[units],
            visits=self.visits[units], events=self.events[units],
        )  # fmt: skip


def action_counts(trajectories: Trajectories) -> np.ndarray:
    """(u, 12, 6) float64: ``Counts.actions`` alone, for units too many to count transitions of."""
    n = trajectories.n_units
    unit, state, action, _ = trajectories.steps()
    cells = (unit.astype(np.int64) * _N_STATES + state) * _N_ACTIONS + action
    return np.bincount(cells, minlength=n * _N_STATES * _N_ACTIONS).astype(np.float64).reshape(n, _N_STATES, _N_ACTIONS)


def counts(trajectories: Trajectories, *, gamma: float = GAMMA) -> Counts:
    """What followed what: actions and transitions of the whole sequences, starts and visits of the trajectories cut from them.

    Raises ConfigError E1022 if gamma is not in (0, 1].

    >>> s = Streams.merged(1, user=[0] * 3, code=[1, 3, 3], id=[1, 2, 3], parent=[0, 1, 1], thread=[1] * 3, time=[1, 2, 3], community=[0] * 3)
    >>> c = counts(trajectories(s), gamma=0.5)
    >>> c.actions.sum(), c.actions[0, STATES.index("IT"), ACTIONS.index("RC")], c.visits[0, STATES.index("ERC")].round(3)
    (np.float64(2.0), np.float64(1.0), np.float64(0.333))
    """
    if not 0 < gamma <= 1:
        raise ConfigError(
            "E1022", "gamma must be above 0 and at most 1", value=gamma, remedy=f"the code of the paper's group has {GAMMA}"
        )
    n = trajectories.n_units
    unit, state, action, then = trajectories.steps()
    cells = ((unit.astype(np.int64) * _N_STATES + state) * _N_ACTIONS + action) * _N_STATES + then
    shape = (n, _N_STATES, _N_ACTIONS, _N_STATES)
    transitions = np.bincount(cells, minlength=n * _N_STATES * _N_ACTIONS * _N_STATES).astype(np.float64).reshape(shape)

    rows, t = trajectories.cut()
    seen = trajectories.unit[rows].astype(np.int64) * _N_STATES + trajectories.state[rows]
    start = np.bincount(seen[t == 0], minlength=n * _N_STATES).reshape(n, _N_STATES)
    visits = np.bincount(seen, gamma**t, minlength=n * _N_STATES).reshape(n, _N_STATES)
    return Counts(
        transitions.sum(axis=3), transitions, _shares(start), _shares(visits), trajectories.events, gamma, trajectories.length
    )


def _shares(weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total > 0, total, 1)
