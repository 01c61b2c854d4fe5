"""What the chosen users did and which replies they got, of a whole discussion."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from awase.apps.homophily import runs
from awase.apps.homophily.selection import Selection
from awase.apps.homophily.states import AGREE, UNKNOWN
from awase.core.errors import InputError
from awase.data.discussions import REPLY, ROOT, THREAD, Discussion

OWN_THREAD, OWN_REPLY, OWN_ROOT, RECEIVED = 1, 2, 3, 4  # codes of events, in the order in which events of one second are taken

_ORDER = ("id", "code", "time", "user")  # for lexsort: the last decides first


class Pairs(NamedTuple):
    """Replies to label: ``rows`` of the streams, and who said it (``reply``) to what (``parent``), both uint64 ids of events."""

    rows: np.ndarray
    parent: np.ndarray
    reply: np.ndarray


@dataclass(frozen=True, eq=False)
class Streams:
    """The events of users 0 .. ``n_users`` - 1, sorted by user, time, code and id; none twice. Made by ``merged``.

    user: (m,) int32. code: uint8, OWN_THREAD, OWN_REPLY, OWN_ROOT or RECEIVED. id, parent, thread: uint64. time: int64, seconds since 1970.
    community: int32. stance: int8 of a reply towards its parent, UNKNOWN until labelled and for other events.
    duplicates: how many were left out as they came twice.

    >>> s = Streams.merged(2, user=[1, 0], code=[4, 1], id=[8, 9], parent=[7, 0], thread=[9, 9], time=[5, 3], community=[0, 0])
    >>> s.id.tolist(), s.pairs().reply.tolist(), s.stance.tolist()
    ([9, 8], [8], [-1, -1])
    """

    user: np.ndarray
    code: np.ndarray
    id: np.ndarray
    parent: np.ndarray
    thread: np.ndarray
    time: np.ndarray
    community: np.ndarray
    stance: np.ndarray
    n_users: int
    duplicates: int = 0

    @classmethod
    def merged(cls, n_users: int, *, user, code, id, parent, thread, time, community, stance=None) -> "Streams":
        """The streams of events in any order: sorted, and each event of a user once."""
        given = {
            "user": np.asarray(user, np.int32), "code": np.asarray(code, np.uint8), "id": np.asarray(id, np.uint64),
            "parent": np.asarray(parent, np.uint64), "thread": np.asarray(thread, np.uint64), "time": np.asarray(time, np.int64),
            "community": np.asarray(community, np.int32),
            "stance": np.full(len(user), UNKNOWN, np.int8) if stance is None else np.asarray(stance, np.int8),
        }  # fmt: skip
        order = np.lexsort([given[name] for name in _ORDER])
        once = order[runs.starts(*(given[name][order] for name in _ORDER))]
        return cls(**{name: column[once] for name, column in given.items()}, n_users=n_users, duplicates=len(order) - len(once))

    def __len__(self) -> int:
        return len(self.user)

    def pairs(self) -> Pairs:
        """What has a stance: own replies, and replies received."""
        rows = np.flatnonzero((self.code == OWN_REPLY) | (self.code == RECEIVED))
        return Pairs(rows, self.parent[rows], self.id[rows])

    def with_stance(self, stance: np.ndarray) -> "Streams":
        """These streams with stances, (m,): DISAGREE, NEUTRAL, AGREE or UNKNOWN. Those of events that are no replies are not looked at.

        Raises InputError E1021 for another length, and for what is no stance.
        """
        stance = np.asarray(stance)
        if stance.shape != self.user.shape:
            raise InputError(
                "E1021", f"there must be one stance for each of the {len(self):,} events", value=stance.shape,
                remedy="fill an array for all events with UNKNOWN (-1) and set the rows that pairs() gives",
            )  # fmt: skip
        known = np.full(len(self), UNKNOWN, np.int8)
        rows = self.pairs().rows
        found = stance[rows]
        if len(wrong := np.flatnonzero(~np.isin(found, np.arange(UNKNOWN, AGREE + 1)))):
            raise InputError(
                "E1021", "a stance is neither 0 (disagrees), 1 (neutral), 2 (agrees) nor -1 (unknown)",
                place=f"event {int(rows[wrong[0]])}", value=found[wrong[0]].item(),
                remedy="take DISAGREE, NEUTRAL, AGREE and UNKNOWN of awase.apps.homophily.states",
            )  # fmt: skip
        known[rows] = found
        return replace(self, stance=known)


_CODES = np.zeros(3, np.uint8)
_CODES[[THREAD, ROOT, REPLY]] = OWN_THREAD, OWN_ROOT, OWN_REPLY
_COLUMNS = ("id", "parent", "thread", "time", "community")


def gather(discussion: Discussion, selection: Selection, *, own_threads: bool = False) -> Streams:
    """What the chosen users did, in any community, and the replies that they got: what others wrote directly under their comments.

    own_threads: also what others wrote directly under their threads, which the paper leaves out. Who answers oneself has not received a
    reply; someone whose account was deleted, or a bot, is someone else. Two walks over the events; memory grows with what is chosen only.

    Source: Yuan, Schneider and Rizoiu (WWW 2025), and the code of their group's later work.

    >>> from awase.data.discussions import read_discussion
    >>> events = [("a", None, "ann"), ("b", "a", "bob"), ("c", "b", "ann"), ("d", "c", "bob")]
    >>> discussion = read_discussion([dict(zip(["id", "parent", "author"], event), time=1e9) for event in events])
    >>> users = discussion.column("author")[:1]  # ann's: a thread, a reply, and a reply received
    >>> gather(discussion, Selection(users, np.zeros(1, np.int32), [""], [])).code.tolist()
    [1, 2, 4]
    """
    users = selection.users
    own, received = _Gathered(), _Gathered()
    for batch in discussion.columns(*_COLUMNS, "author", "kind"):
        rows, user = _among(users, batch["author"])
        own.add(batch, rows, user=user.astype(np.int32), code=_CODES[batch["kind"][rows]])

    mine = own.columns()
    answered = np.ones(len(mine["id"]), bool) if own_threads else mine["code"] != OWN_THREAD
    ids, first = np.unique(mine["id"][answered], return_index=True)
    owner = mine["user"][answered][first]
    for batch in discussion.columns(*_COLUMNS, "author"):
        rows, at = _among(ids, batch["parent"])
        others = batch["author"][rows] != users[owner[at]]
        rows, user = rows[others], owner[at[others]]
        received.add(batch, rows, user=user, code=np.full(len(rows), RECEIVED, np.uint8))
    theirs = received.columns()
    return Streams.merged(len(users), **{name: np.concatenate([mine[name], theirs[name]]) for name in mine})


class _Gathered:
    """Rows picked from batch after batch."""

    def __init__(self) -> None:
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, batch: dict[str, np.ndarray], rows: np.ndarray, **more: np.ndarray) -> None:
        self._parts.append({name: batch[name][rows] for name in _COLUMNS} | more)

    def columns(self) -> dict[str, np.ndarray]:
        return {name: np.concatenate([part[name] for part in self._parts]) for name in (*_COLUMNS, "user", "code")}


def _among(known: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows of ``asked`` that are in ``known``, which is sorted; their places there)."""
    at = np.searchsorted(known, asked)
    at[at == len(known)] = 0
    rows = np.flatnonzero(known[at] == asked) if len(known) else np.empty(0, np.int64)
    return rows, at[rows]
