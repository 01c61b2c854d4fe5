import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.apps.homophily.states import ACTIONS, AGREE, DISAGREE, LEGAL, NEUTRAL, STATES, UNKNOWN
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED, Streams
from awase.apps.homophily.trajectories import action_counts, counts, trajectories, units_by_year
from awase.core.errors import ConfigError, InputError

SIGN = {DISAGREE: "-", NEUTRAL: "~", AGREE: "+"}
YEAR = 365 * 86_400


def streams(events, n_users=1):
    """Events (code, thread, stance[, user[, time]]), in the order of time if none is given."""
    full = [(*event, 0, at)[:5] if len(event) == 3 else (*event, at)[:5] for at, event in enumerate(events)]
    code, thread, stance, user, time = zip(*full) if full else [()] * 5
    ids = np.arange(1, len(full) + 1)
    return Streams.merged(
        n_users, user=user, code=code, id=ids, parent=ids, thread=thread, time=time, community=[0] * len(full), stance=stance
    )


def named(t):
    return [(STATES[s], ACTIONS[a]) for s, a in zip(t.steps().state, t.steps().action)]


EXAMPLE = [
    (OWN_THREAD, ord("a"), UNKNOWN), (RECEIVED, ord("c"), DISAGREE), (OWN_REPLY, ord("b"), DISAGREE),
    (RECEIVED, ord("b"), NEUTRAL), (OWN_ROOT, ord("a"), UNKNOWN),
]  # fmt: skip


def test_the_worked_example():
    t = trajectories(streams(EXAMPLE))
    assert [STATES[s] for s in t.state] == ["IT", "GR-", "IR-", "GR~", "ERC"]
    assert named(t) == [("IT", "WR"), ("GR-", "PR-"), ("IR-", "WR"), ("GR~", "RC")]


def test_eight_events_of_one_second_go_by_code_then_by_id():
    """Own threads before own replies before root comments before received replies."""
    at = 1_600_000_000
    events = [
        (RECEIVED, 1, AGREE), (OWN_ROOT, 1, UNKNOWN), (OWN_REPLY, 1, NEUTRAL), (OWN_THREAD, 1, UNKNOWN),
        (RECEIVED, 2, DISAGREE), (OWN_ROOT, 2, UNKNOWN), (OWN_REPLY, 2, AGREE), (OWN_REPLY, 2, DISAGREE),
    ]  # fmt: skip
    t = trajectories(streams([(*event, 0, at) for event in events]))
    assert named(t) == [
        ("IT", "PR~"), ("ER~", "PR+"), ("IR+", "PR-"), ("ER-", "RC"), ("ERC", "RC"), ("ERC", "WR"), ("GR+", "WR"),
    ]  # fmt: skip


def test_a_received_reply_takes_the_first_of_a_thread():
    t = trajectories(streams([(RECEIVED, 1, AGREE), (OWN_ROOT, 1, UNKNOWN), (OWN_THREAD, 1, UNKNOWN)]))
    assert [STATES[s] for s in t.state] == ["GR+", "ERC", "IT"], "an own thread is initial whatever came before"


def test_replies_without_a_stance_are_dropped_first_or_neutral():
    given = streams([(OWN_REPLY, 1, UNKNOWN), (OWN_ROOT, 1, UNKNOWN), (RECEIVED, 1, UNKNOWN), (OWN_REPLY, 1, AGREE)])
    dropped, neutral = trajectories(given), trajectories(given, missing="neutral")
    assert named(dropped) == [("IRC", "PR+")], "the dropped reply does not take the first of the thread"
    assert named(neutral) == [("IR~", "RC"), ("ERC", "WR"), ("GR~", "PR+")]
    assert dropped.unlabelled.tolist() == neutral.unlabelled.tolist() == [2]
    assert dropped.events.tolist() == [2] and neutral.events.tolist() == [4]


def test_received_replies_of_those_who_never_reply_can_be_left_out():
    """The rule of the paper's group's code, which makes some of the personas; here it is an option, and the counts show what it does."""
    events = [(OWN_ROOT, 1, UNKNOWN, 0), (RECEIVED, 1, AGREE, 0), (OWN_REPLY, 1, UNKNOWN, 1), (RECEIVED, 1, AGREE, 1)]
    everyone = trajectories(streams(events, 2), missing="neutral")
    repliers = trajectories(streams(events, 2), missing="neutral", received="repliers")
    waits = counts(everyone).actions.sum(axis=1)[:, ACTIONS.index("WR")]
    assert waits.tolist() == [1, 1] and everyone.unheard.tolist() == [0, 0]
    assert counts(repliers).actions.sum(axis=1)[:, ACTIONS.index("WR")].tolist() == [0, 1]
    assert repliers.unheard.tolist() == [1, 0] and repliers.events.tolist() == [1, 2]
    # An own reply without a stance is dropped from the stream, yet its user is one who replies.
    assert trajectories(streams(events, 2), received="repliers").unheard.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("n", "sizes"), [(1, [0]), (2, [1]), (50, [49]), (51, [50]), (52, [50]), (101, [50, 50]), (150, [50, 50])]
)
def test_trajectories_are_of_50_pairs_and_what_remains_is_left_out(n, sizes):
    t = trajectories(streams([(OWN_ROOT, 1, UNKNOWN)] * n))
    rows, place = t.cut()
    assert rows.tolist() == list(range(sum(sizes)))
    assert place.tolist() == [i for size in sizes for i in range(size)]
    assert len(t.steps().state) == n - 1 == counts(t).actions.sum(), "counts are of the whole sequence"


def test_starts_and_visits_of_the_cut_trajectories():
    """Length 2: pairs in GR+ IT | IRC ERC | (ERC left out), of 6 events."""
    events = [(RECEIVED, 9, AGREE), (OWN_THREAD, 1, UNKNOWN), (OWN_ROOT, 2, UNKNOWN), *[(OWN_ROOT, 1, UNKNOWN)] * 3]
    c = counts(trajectories(streams(events), length=2), gamma=0.5)
    seen = {STATES[s]: value for s, value in enumerate(c.start[0]) if value}
    assert seen == {"GR+": 0.5, "IRC": 0.5}
    seen = {STATES[s]: round(value, 12) for s, value in enumerate(c.visits[0]) if value}
    assert seen == {"GR+": round(1 / 3, 12), "IT": round(0.5 / 3, 12), "IRC": round(1 / 3, 12), "ERC": round(0.5 / 3, 12)}
    assert (c.gamma, c.length, c.events.tolist()) == (0.5, 2, [6])


def test_a_user_with_one_event_or_none_has_no_pairs():
    c = counts(trajectories(streams([(OWN_ROOT, 1, UNKNOWN, 1)], n_users=3)))
    assert c.actions.shape == (3, 12, 6) and c.transitions.shape == (3, 12, 6, 12) and c.transitions.flags.c_contiguous
    assert not c.actions.any() and not c.start.any() and not c.visits.any() and c.events.tolist() == [0, 1, 0]
    assert counts(trajectories(streams([], n_users=0))).actions.shape == (0, 12, 6)


def test_counts_of_some_users_and_of_actions_alone():
    t = trajectories(streams([*EXAMPLE, *((code, thread, stance, 2) for code, thread, stance in EXAMPLE[::-1])], n_users=3))
    all_of = counts(t)
    some = all_of.take(np.array([2]))
    assert some.events.tolist() == [5] and (some.transitions[0] == all_of.transitions[2]).all() and some.visits.shape == (1, 12)
    assert (action_counts(t) == all_of.actions).all() and all_of.actions.sum(axis=(1, 2)).tolist() == [4, 0, 4]


def test_years_are_units_with_their_own_threads():
    events = [(OWN_ROOT, 1, UNKNOWN, 0, YEAR - 1), (OWN_ROOT, 1, UNKNOWN, 0, YEAR), (OWN_ROOT, 1, UNKNOWN, 0, YEAR + 1)]
    given = streams([*events, (OWN_ROOT, 1, UNKNOWN, 1, 5), (OWN_ROOT, 1, UNKNOWN, 1, -1)], n_users=2)
    unit, users, years = units_by_year(given)
    assert (unit.tolist(), users.tolist(), years.tolist()) == ([0, 1, 1, 2, 3], [0, 0, 1, 1], [1970, 1971, 1969, 1970])
    t = trajectories(given, unit=unit)
    assert [STATES[s] for s in t.state] == ["IRC", "IRC", "ERC", "IRC", "IRC"] and t.events.tolist() == [1, 2, 1, 1]
    left = trajectories(given, unit=np.array([1, -1, 1, 0, -1]))
    assert [STATES[s] for s in left.state] == ["IRC", "IRC", "ERC"] and left.unit.tolist() == [0, 1, 1]


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 4), st.integers(0, 3), st.sampled_from([UNKNOWN, DISAGREE, NEUTRAL, AGREE]), st.integers(0, 2), st.integers(0, 9)
    ),
    max_size=40,
)  # fmt: skip


def by_hand(events, user, missing, received, length):
    """Section by section as the paper's group's code walks one user's events: the states, the pairs, the trajectories."""
    own = sorted((time, code, at, thread, stance) for at, (code, thread, stance, who, time) in enumerate(events) if who == user)
    replied = any(code == OWN_REPLY for _, code, *_ in own)
    seen, states, actions = set(), [], []
    for _, code, _, thread, stance in own:
        if received == "repliers" and code == RECEIVED and not replied:
            continue
        if code in (OWN_REPLY, RECEIVED) and stance == UNKNOWN:
            if missing == "drop":
                continue
            stance = NEUTRAL
        flag = "E" if thread in seen else "I"
        seen.add(thread)
        sign = SIGN.get(stance)
        state, action = {
            OWN_THREAD: ("IT", "CT"), OWN_ROOT: (f"{flag}RC", "RC"), OWN_REPLY: (f"{flag}R{sign}", f"PR{sign}"), RECEIVED: (f"GR{sign}", "WR"),
        }[code]  # fmt: skip
        states.append(STATES.index(state))
        actions.append(ACTIONS.index(action))
    pairs = list(zip(states[:-1], actions[1:], states[1:]))
    whole = [pairs] if len(states) <= length else [pairs[i : i + length] for i in range(0, len(pairs) - length + 1, length)]
    return states, pairs, [cut for cut in whole if cut]


@settings(deadline=None)
@given(EVENTS, st.sampled_from(["drop", "neutral"]), st.sampled_from(["all", "repliers"]), st.integers(1, 6))
def test_it_is_what_a_loop_over_the_events_gives(events, missing, received, length):
    t = trajectories(streams(events, 3), missing=missing, received=received, length=length)
    c = counts(t, gamma=0.9)
    steps = t.steps()
    assert LEGAL[steps.action, steps.next].all()
    for user in range(3):
        states, pairs, cuts = by_hand(events, user, missing, received, length)
        assert t.state[t.unit == user].tolist() == states
        here = steps.unit == user
        assert list(zip(steps.state[here].tolist(), steps.action[here].tolist(), steps.next[here].tolist())) == pairs
        assert here.sum() == max(t.events[user] - 1, 0)
        actions, transitions, start, visits = np.zeros((12, 6)), np.zeros((12, 6, 12)), np.zeros(12), np.zeros(12)
        for s, a, s_next in pairs:
            actions[s, a] += 1
            transitions[s, a, s_next] += 1
        for cut in cuts:
            start[cut[0][0]] += 1 / len(cuts)
            for at, (s, _, _) in enumerate(cut):
                visits[s] += 0.9**at
        np.testing.assert_array_equal(c.actions[user], actions)
        np.testing.assert_array_equal(c.transitions[user], transitions)
        np.testing.assert_allclose(c.start[user], start, atol=1e-12)
        np.testing.assert_allclose(c.visits[user], visits / max(visits.sum(), 1e-300), atol=1e-12)


@settings(deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_come_and_copies_change_nothing(events, random):
    one = streams(events, 3)
    rows = [*range(len(one)), *range(0, len(one), 2)]
    random.shuffle(rows)
    names = ("user", "code", "id", "parent", "thread", "time", "community", "stance")
    other = Streams.merged(3, **{name: getattr(one, name)[rows] for name in names})
    assert other.duplicates == len(rows) - len(one)
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"missing": "skip"}, ConfigError, r"E1022: there is no missing='skip'\n  to do: valid: drop, neutral"),
        ({"received": "none"}, ConfigError, r"E1022: there is no received='none'\n  to do: valid: all, repliers"),
        ({"length": 0}, ConfigError, r"E1022: a trajectory has at least one pair\n  value: 0"),
        ({"unit": np.zeros(3)}, InputError, r"E1023: there must be one unit for each of the 2 events\n  value: \(3,\)"),
        ({"unit": np.zeros(2)}, InputError, r"E1023: a unit has events of two users\n  where: unit 0\n  value: \[0, 1\]"),
    ],
)
def test_bad_options(options, kind, text):
    with pytest.raises(kind, match=text):
        trajectories(streams([(OWN_ROOT, 1, UNKNOWN, 0), (OWN_ROOT, 1, UNKNOWN, 1)], 2), **options)


@pytest.mark.parametrize("gamma", [0, 1.1, float("nan")])
def test_a_bad_discount(gamma):
    with pytest.raises(ConfigError, match="E1022: gamma must be above 0 and at most 1"):
        counts(trajectories(streams(EXAMPLE)), gamma=gamma)
