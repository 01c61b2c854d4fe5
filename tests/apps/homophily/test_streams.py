import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.apps.homophily.selection import Selection
from awase.apps.homophily.states import AGREE, DISAGREE, NEUTRAL, UNKNOWN
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED, Streams, gather
from awase.core.errors import InputError
from awase.data.discussions import EVENTS, REPLY, ROOT, THREAD, Discussion
from awase.data.rows import BadRows

ANN, BOB, EVE, DELETED = 11, 22, 33, 0
T, R, C, G = "T", "R", "C", "G"
NAMES = {T: OWN_THREAD, R: OWN_REPLY, C: OWN_ROOT, G: RECEIVED}

# id, parent, thread, author, community, time, kind: in no order
EVENTS_BY_HAND = [
    (1, 0, 1, ANN, 0, 10, THREAD),
    (2, 1, 1, BOB, 0, 20, ROOT),  # under Ann's thread: not received, unless asked for
    (3, 2, 1, ANN, 0, 30, REPLY),  # Bob received it
    (5, 3, 1, DELETED, 0, 50, REPLY),  # someone else's, received by Ann
    (4, 3, 1, BOB, 0, 40, REPLY),  # Bob's own, and received by Ann
    (6, 3, 1, ANN, 0, 60, REPLY),  # Ann to herself: hers, not received
    (7, 0, 7, EVE, 1, 15, THREAD),
    (8, 7, 7, ANN, 1, 40, ROOT),  # Ann in another community, at the time of 4
    (9, 8, 7, EVE, 1, 45, REPLY),
    (10, 9, 7, EVE, 1, 46, REPLY),  # two below Ann: not hers
    (11, 99, 7, BOB, 1, 5, REPLY),  # its parent is not there
    (12, 11, 7, EVE, 1, 5, REPLY),  # in the same second as 11, which comes first as it is Bob's own
    (13, 0, 13, DELETED, 1, 1, THREAD),
    (14, 13, 13, DELETED, 1, 2, ROOT),
    (15, 1, 1, ANN, 0, 70, ROOT),  # on her own thread: her root comment
]


def discussion(events, batch=4):
    """In batches of few events, so that what belongs together stands apart."""
    columns = list(zip(*events)) if events else [()] * 7
    arrays = dict(zip(("id", "parent", "thread", "author", "community", "time", "kind"), columns)) | {
        "flags": [0] * len(events)
    }
    table = pa.table([pa.array(arrays[field.name], field.type) for field in EVENTS], schema=EVENTS)
    table = pa.Table.from_batches(table.to_batches(batch), EVENTS)
    return Discussion(table, ["tea", "jam"], {}, BadRows(), [])


def selection(*users):
    return Selection(np.array(users, np.uint64), np.zeros(len(users), np.int32), ["tea"], [])


def told(streams, user):
    """(code, id, time) of a user's events, in order."""
    names = {code: name for name, code in NAMES.items()}
    here = streams.user == user
    return [(names[code], int(i), int(at)) for code, i, at in zip(streams.code[here], streams.id[here], streams.time[here])]


def test_fifteen_events_by_hand():
    s = gather(discussion(EVENTS_BY_HAND), selection(ANN, BOB))
    assert told(s, 0) == [
        (T, 1, 10), (R, 3, 30), (C, 8, 40), (G, 4, 40), (G, 9, 45), (G, 5, 50), (R, 6, 60), (C, 15, 70),
    ]  # fmt: skip
    assert told(s, 1) == [(R, 11, 5), (G, 12, 5), (C, 2, 20), (G, 3, 30), (R, 4, 40)]
    assert (s.n_users, len(s), s.duplicates) == (2, 13, 0)
    received = s.id == 9
    assert s.parent[received].tolist() == [8] and s.thread[received].tolist() == [7] and s.community[received].tolist() == [1]


def test_comments_under_own_threads_are_received_replies_when_asked_for():
    s = gather(discussion(EVENTS_BY_HAND), selection(ANN, EVE), own_threads=True)
    assert [event for event in told(s, 0) if event[0] == G] == [(G, 2, 20), (G, 4, 40), (G, 9, 45), (G, 5, 50)]
    assert [event for event in told(s, 1) if event[0] == G] == [(G, 8, 40)], "her own replies to herself are not received"


def test_the_columns_have_the_types_that_later_parts_expect():
    s = gather(discussion(EVENTS_BY_HAND), selection(ANN))
    types = {
        "user": "i4",
        "code": "u1",
        "id": "u8",
        "parent": "u8",
        "thread": "u8",
        "time": "i8",
        "community": "i4",
        "stance": "i1",
    }
    assert {name: getattr(s, name).dtype for name in types} == {name: np.dtype(kind) for name, kind in types.items()}


def test_a_user_without_events_has_none():
    s = gather(discussion(EVENTS_BY_HAND), selection(1, ANN, 2**64 - 1))
    assert set(s.user.tolist()) == {1} and s.n_users == 3
    assert len(gather(discussion(EVENTS_BY_HAND), selection(1))) == 0


def test_stances_belong_to_replies():
    s = gather(discussion(EVENTS_BY_HAND), selection(ANN, BOB))
    pairs = s.pairs()
    assert pairs.reply.tolist() == [3, 4, 9, 5, 6, 11, 12, 3, 4]
    assert pairs.parent.tolist() == [2, 3, 8, 3, 3, 99, 11, 2, 3]
    assert s.id[pairs.rows].tolist() == pairs.reply.tolist() and (s.stance == UNKNOWN).all()
    stance = np.full(len(s), AGREE)
    stance[pairs.rows[:3]] = DISAGREE, NEUTRAL, UNKNOWN
    labelled = s.with_stance(stance)
    assert labelled.stance.dtype == np.int8 and labelled.stance[pairs.rows].tolist() == [
        DISAGREE,
        NEUTRAL,
        UNKNOWN,
        *[AGREE] * 6,
    ]
    assert (labelled.stance[~np.isin(np.arange(len(s)), pairs.rows)] == UNKNOWN).all() and (s.stance == UNKNOWN).all()


def test_stances_that_do_not_fit():
    s = gather(discussion(EVENTS_BY_HAND), selection(ANN))
    with pytest.raises(InputError, match=r"E1021: there must be one stance for each of the 8 events\n  value: \(5,\)"):
        s.with_stance(np.zeros(5))
    with pytest.raises(
        InputError, match=r"E1021: a stance is neither 0 .*\n  where: event 3\n  value: 3\n  to do: take DISAGREE"
    ):
        s.with_stance(np.array([7, 0, 7, 3, 0, 0, 0, 7]))  # what is no reply is not looked at


@st.composite
def discussions(draw):
    """Events whose kind says what their parent is; parents may come later, or not at all."""
    kinds = draw(st.lists(st.sampled_from([THREAD, ROOT, REPLY]), min_size=1, max_size=25))
    posts = [i + 1 for i, kind in enumerate(kinds) if kind == THREAD] or [100]
    comments = [i + 1 for i, kind in enumerate(kinds) if kind != THREAD] or [101]
    return [
        (
            i + 1, {THREAD: 0, ROOT: draw(st.sampled_from([*posts, 100])), REPLY: draw(st.sampled_from([*comments, 101]))}[kind],
            draw(st.integers(1, 3)), draw(st.sampled_from([DELETED, ANN, BOB, EVE])), draw(st.integers(0, 1)), draw(st.integers(0, 5)), kind,
        )
        for i, kind in enumerate(kinds)
    ]  # fmt: skip


@settings(deadline=None)
@given(discussions(), st.booleans(), st.permutations(range(25)), st.integers(1, 9))
def test_it_is_what_a_loop_over_the_events_gives(events, own_threads, order, batch):
    users = [ANN, EVE]
    by_id = {event[0]: event for event in events}
    expected = []
    for i, parent, thread, author, community, time, kind in events:
        above = by_id.get(parent)
        for number, user in enumerate(users):
            rest = (i, parent, thread, community)
            if author == user:
                expected.append((number, time, {THREAD: 1, REPLY: 2, ROOT: 3}[kind], *rest))
            elif above is not None and above[3] == user and (own_threads or above[6] != THREAD):
                expected.append((number, time, 4, *rest))
    shuffled = [events[at] for at in order if at < len(events)]
    s = gather(discussion(shuffled, batch), selection(*users), own_threads=own_threads)
    assert list(
        zip(*(getattr(s, name).tolist() for name in ("user", "time", "code", "id", "parent", "thread", "community")))
    ) == sorted(expected)
    assert isinstance(s, Streams) and s.duplicates == 0
