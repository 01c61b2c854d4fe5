"""From streams of states to threads and comments that come back as those streams.

All users share a clock of slots, one event of each user in a slot. A thread that is new to a user is one that others started as the slot
began, for a community and a topic: new for sure, and shared by all who go there. Who is simulated but not followed writes so little that no
rule chooses him.
"""

from typing import NamedTuple

import numpy as np

from awase.apps.homophily.simulated.policies import CODE_OF, STANCE_OF
from awase.apps.homophily.states import STATES, UNKNOWN
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED

OTHERS_POSTS = 6  # at most, of an account that is not followed
DELETED = -1  # an author
NONE = -1  # the parent of a comment on the thread itself

_AT_HOME, _ON_TOPIC = 0.8, 0.7  # how often a user keeps to the home community, and to the favourite topic
_LATEST = 0.3  # how often one goes back to the latest there is; else to the one before as often, and so on
_INITIAL = np.array([state.startswith("I") and state != "IT" for state in STATES])
_AGAIN = np.array([state.startswith("E") for state in STATES])


class Setting(NamedTuple):
    """Where and when: communities, topics of each, the first second, and the seconds of a slot, 4 or more: a thread begins, others comment on
    it, a user does something, others comment on what the user began."""

    n_communities: int
    n_topics: int
    start: int
    step: int


class Threads(NamedTuple):
    """In order of time. time: int64. author: users first, then others. community; topic, of those of the community."""

    time: np.ndarray
    author: np.ndarray
    community: np.ndarray
    topic: np.ndarray


class Comments(NamedTuple):
    """In order of time. thread: row of ``Threads``. parent: row of a comment, or NONE. stance: int8, of a reply towards its parent."""

    time: np.ndarray
    author: np.ndarray
    thread: np.ndarray
    parent: np.ndarray
    stance: np.ndarray


def written(
    states: np.ndarray, homes: np.ndarray, favourites: np.ndarray, setting: Setting, rng: np.random.Generator
) -> tuple[Threads, Comments, int]:
    """What users write whose events are states (u, n), what others write to them, and how many authors there are: the users, then others.

    homes, favourites: (u,) a user's community, and topic in any community. A comment of others on each thread is there before users look.
    """
    u, n = states.shape
    m, flat = states.size, states.reshape(-1)
    user, slot = np.repeat(np.arange(u), n), np.tile(np.arange(n), u)
    new, opens, received = _INITIAL[flat], CODE_OF[flat] == OWN_THREAD, CODE_OF[flat] == RECEIVED
    time = setting.start + slot * setting.step + 2 + (rng.random(m) * (setting.step - 3)).astype(np.int64)
    community = np.where(rng.random(m) < _AT_HOME, homes[user], rng.integers(0, setting.n_communities, m))
    topic = np.where(rng.random(m) < _ON_TOPIC, favourites[user], rng.integers(0, setting.n_topics, m))

    # Threads: those others begin for a slot, community and topic, then those of users.
    shape = (n, setting.n_communities, setting.n_topics)
    met, which = np.unique(np.ravel_multi_index((slot[new], community[new], topic[new]), shape), return_inverse=True)
    met_slot, met_community, met_topic = np.unravel_index(met, shape)
    n_met, n_opened = len(met), int(opens.sum())
    source, to_event = _sources(flat, n, rng)
    thread = np.empty(m, np.int64)
    thread[new], thread[opens] = which, n_met + np.arange(n_opened)
    thread = thread[_followed(source)]

    # Comments: the first on each thread that others began, then those of users and the replies to them, then one on each thread of users.
    comments = np.flatnonzero(~opens)
    number = n_met + np.cumsum(~opens) - 1
    is_reply = STANCE_OF[flat] != UNKNOWN
    parent = np.where(to_event, number[source], np.where(is_reply, thread, NONE))

    n_others = 2 * n_met + int(received.sum()) + n_opened
    accounts = max(1, -(-n_others // OTHERS_POSTS))
    by_others = np.split(u + np.arange(n_others) % accounts, np.cumsum([n_met, n_met, received.sum()]))
    author = user.copy()
    author[received] = by_others[2]
    begun = setting.start + met_slot * setting.step
    return (
        *_in_order(
            Threads(
                np.concatenate([begun, time[opens]]),
                np.concatenate([by_others[0], user[opens]]),
                np.concatenate([met_community, community[opens]]),
                np.concatenate([met_topic, topic[opens]]),
            ),
            Comments(
                np.concatenate([begun + 1, time[comments], time[opens] + 1]),
                np.concatenate([by_others[1], author[comments], by_others[3]]),
                np.concatenate([np.arange(n_met), thread[comments], n_met + np.arange(n_opened)]),
                np.concatenate([np.full(n_met, NONE), parent[comments], np.full(n_opened, NONE)]),
                np.concatenate([np.full(n_met, UNKNOWN), STANCE_OF[flat][comments], np.full(n_opened, UNKNOWN)]).astype(
                    np.int8
                ),
            ),
        ),
        u + accounts,
    )


def _sources(flat: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(m,) the earlier event of the user whose thread an event is in, itself where the thread is new; and whether it is a reply to that event.

    A received reply goes to a comment of the user's. A reply in a known thread goes to the reply just received, if the last event was one,
    else to the first comment of a thread that others began.
    """
    code, new, again = CODE_OF[flat], _INITIAL[flat], _AGAIN[flat]
    received, opens = code == RECEIVED, code == OWN_THREAD
    answers = again & (code == OWN_REPLY)
    answers[1:] &= received[:-1]
    source = np.arange(len(flat))
    for asks, offers in (
        (received, (code == OWN_REPLY) | (code == OWN_ROOT)),
        (again & (code == OWN_ROOT), new | opens),
        (again & (code == OWN_REPLY) & ~answers, new),
    ):
        offered, rows = offers.cumsum(), np.flatnonzero(offers)
        asking = np.flatnonzero(asks)
        start = asking - asking % n
        so_far, before = offered[asking], offered[start] - offers[start]
        back = np.minimum(rng.geometric(_LATEST, len(asking)), so_far - before)
        source[asking] = rows[so_far - back]
    source[answers] -= 1
    return source, received | answers


def _followed(source: np.ndarray) -> np.ndarray:
    """Each event's source's source, and so on, to the one that is its own."""
    while not np.array_equal(further := source[source], source):
        source = further
    return source


def _in_order(threads: Threads, comments: Comments) -> tuple[Threads, Comments]:
    """The same, each in order of time."""
    threads_by_time, comments_by_time = (np.argsort(posts.time, kind="stable") for posts in (threads, comments))
    comments = comments._replace(
        thread=_places(threads_by_time)[comments.thread],
        parent=np.where(comments.parent == NONE, NONE, _places(comments_by_time)[comments.parent]),
    )
    return Threads(*(column[threads_by_time] for column in threads)), Comments(
        *(column[comments_by_time] for column in comments)
    )


def _places(order: np.ndarray) -> np.ndarray:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places
