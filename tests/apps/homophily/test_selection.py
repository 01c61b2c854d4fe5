from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.apps.homophily.selection import Choice, select
from awase.core.errors import ConfigError, InputError
from awase.data.discussions import BOT, EVENTS, REPLY, ROOT, THREAD, Discussion
from awase.data.rows import BadRows
from awase.kernels import draws

COMMUNITIES = ["tea", "jam", "bun"]
TEA, JAM, BUN = 0, 1, 2
YEAR_2020, YEAR_2021 = 1_577_836_800, 1_609_459_200  # their first seconds


def discussion(events, batch=1000, communities=COMMUNITIES):
    """Events (author, community, time, kind[, flags])."""
    author, community, time, kind, flags = zip(*((*event, 0)[:5] for event in events)) if events else [()] * 5
    columns = {"author": author, "community": community, "time": time, "kind": kind, "flags": flags}
    for name in ("id", "parent", "thread"):
        columns[name] = range(len(events))
    table = pa.table([pa.array(columns[field.name], field.type) for field in EVENTS], schema=EVENTS)
    by_bots = [a for a, f in zip(author, flags) if f & BOT]
    census = {"bots": len(set(by_bots)), "by_bots": len(by_bots), "deleted_authors": author.count(0)}
    return Discussion(pa.Table.from_batches(table.to_batches(batch), EVENTS), communities, census, BadRows(), [])


def comments(author, community, n, time=YEAR_2020):
    return [(author, community, time, REPLY)] * n


def chosen(selection):
    """user -> name of its home."""
    return {int(user): selection.communities[home] for user, home in zip(selection.users, selection.home)}


def stages(selection):
    return {stage["stage"]: stage for stage in selection.stages}


def test_home_is_where_most_comments_are():
    events = [
        *comments(1, TEA, 3), *comments(1, JAM, 2), *comments(1, JAM, 2, YEAR_2021),  # 3 against 2 + 2
        *comments(2, TEA, 2), *comments(2, BUN, 2),  # as many: the lower name
        *comments(3, TEA, 1), *[(3, JAM, YEAR_2020, THREAD)] * 9,  # threads are no comments
        *[(4, JAM, YEAR_2020, THREAD)] * 9,  # has no home
        *comments(5, JAM, 1), (5, JAM, YEAR_2020, ROOT), *comments(5, TEA, 1),
    ]  # fmt: skip
    found = select(discussion(events), Choice(min_events=0))
    assert chosen(found) == {1: "jam", 2: "bun", 3: "tea", 5: "jam"}
    assert stages(found)["authors"]["users"] == 5 and stages(found)["with a home"] == {
        "stage": "with a home", "users": 4, "communities": 3,
    }  # fmt: skip
    assert found.users.dtype == np.uint64 and found.home.dtype == np.int32


def test_communities_are_those_with_most_home_users_or_those_named():
    events = [event for author in range(1, 7) for event in comments(author, {1: TEA, 2: BUN, 3: BUN}.get(author, JAM), 1)]
    assert select(discussion(events), Choice(2, min_events=0)).communities == ["jam", "bun"]
    assert chosen(select(discussion(events), Choice(2, min_events=0))) == {2: "bun", 3: "bun", 4: "jam", 5: "jam", 6: "jam"}
    named = select(discussion(events), Choice(("tea", "jam"), min_events=0))
    assert named.communities == ["tea", "jam"] and named.home.tolist() == [0, 1, 1, 1]
    few = select(discussion(events), Choice(15, min_events=0))
    assert few.communities == ["jam", "bun", "tea"] and stages(few)["of the chosen communities"]["home_users"] == {
        "jam": 3, "bun": 2, "tea": 1,
    }  # fmt: skip
    assert select(discussion(events), Choice(("bun", "jam"), min_events=0)).communities == ["bun", "jam"], (
        "in the order asked for"
    )


def test_a_named_community_without_users_is_left_out_and_said():
    found = select(discussion([*comments(1, TEA, 1), (2, JAM, YEAR_2020, THREAD)]), Choice(("jam", "tea"), min_events=0))
    assert found.communities == ["tea"] and found.home.tolist() == [0]
    assert stages(found)["chosen"]["with_fewer"] == {"jam": 0, "tea": 1}


def test_the_top_of_each_year_and_some_of_each_quartile():
    """Users 1 .. 40 with as many events as their number in 2020; in 2021 only 1 and 2 have events."""
    events = [event for author in range(1, 41) for event in comments(author, TEA, author)]
    events += [*comments(1, TEA, 1, YEAR_2021), *comments(2, TEA, 2, YEAR_2021)]
    top = select(discussion(events), Choice(1, top=3, per_quartile=0, min_events=0))
    assert top.users.tolist() == [1, 2, 38, 39, 40], "the top 3 of 2020, and both of 2021"
    assert stages(top)["by activity"] == {
        "stage": "by activity", "users": 5, "drawn": 5, "years": 2, "asked_of_each": 3, "years_with_fewer": 1,
    }  # fmt: skip
    some = select(discussion(events), Choice(1, top=0, per_quartile=2, min_events=0)).users - 1
    in_2020 = Counter((some[some > 1] // 10).tolist())
    assert all(in_2020[quartile] in ({0, 1, 2} if quartile == 0 else {2}) for quartile in range(4)) and {0, 1} <= set(
        some.tolist()
    )
    both = select(discussion(events[:820]), Choice(1, top=3, per_quartile=2, min_events=0)).users
    assert len(both) == 3 + 8 and {38, 39, 40} <= set(both.tolist()), (
        "the random ones of the last quartile are others than the top"
    )


def test_who_has_few_events_anywhere_is_dropped_before_the_draw():
    events = [
        *comments(1, TEA, 9), *comments(2, TEA, 9), (2, JAM, YEAR_2021, THREAD), *comments(3, TEA, 10), *comments(4, TEA, 10),
    ]  # fmt: skip
    found = select(discussion(events), Choice(1, per_community=3))
    assert found.users.tolist() == [2, 3, 4], "an own thread elsewhere counts as an event"
    assert stages(found)["with enough events"] == {"stage": "with enough events", "users": 3, "min_events": 10}
    assert stages(found)["chosen"] == {"stage": "chosen", "users": 3, "asked_of_each": 3, "with_fewer": {}}
    assert stages(select(discussion(events), Choice(1)))["chosen"]["with_fewer"] == {"tea": 3}


def test_bots_and_the_deleted_are_left_out_and_counted():
    events = [*comments(1, TEA, 1), *[(2, TEA, YEAR_2020, REPLY, BOT)] * 4, *comments(0, TEA, 7)]
    found = select(discussion(events), Choice(1, min_events=0))
    assert found.users.tolist() == [1]
    assert found.stages[0] == {"stage": "authors", "users": 1, "bots": 1, "events_of_bots": 4, "events_of_deleted": 7}
    with_bots = select(discussion(events), Choice(1, min_events=0, bots=True))
    assert with_bots.users.tolist() == [1, 2] and with_bots.stages[0] == {
        "stage": "authors",
        "users": 2,
        "events_of_deleted": 7,
    }


def test_the_draw_is_fair_and_the_seed_decides():
    """Of 400 like users 100 are chosen: over 20 seeds the most active, who are always in the pool, as often as the others."""
    events = discussion([event for author in range(1, 401) for event in comments(author, TEA, 1 + (author <= 50))])
    drawn = [
        select(events, Choice(1, per_community=100, top=50, per_quartile=400, min_events=0, seed=seed)).users
        for seed in range(20)
    ]
    assert all(len(users) == 100 for users in drawn) and len({users.tobytes() for users in drawn}) == 20
    share = np.mean([(users <= 50).mean() for users in drawn])
    assert abs(share - 50 / 400) < 4 * np.sqrt(0.125 * 0.875 / 2000)


def by_hand(events, choice):
    """The rule, user by user."""
    names = sorted(COMMUNITIES)
    here = [(a, COMMUNITIES[c], 2020 + (at >= YEAR_2021), kind) for a, c, at, kind, flags in events if a and not flags & BOT]
    spoken, total, active = defaultdict(Counter), Counter(), defaultdict(Counter)
    for author, community, year, kind in here:
        total[author] += 1
        spoken[author][community] += kind != THREAD
        active[year, community][author] += 1
    home = {a: max(names, key=lambda name: (spoken[a][name], -names.index(name))) for a in spoken if any(spoken[a].values())}
    size = Counter(home.values())
    named = sorted((name for name in names if size[name]), key=lambda name: (-size[name], name))[: choice.communities]
    drawn = {}

    def draw(author, slot):
        if (author, slot) not in drawn:
            rows, out = np.array([author], np.uint64), np.empty(1, np.uint64)
            drawn[author, slot] = int(draws.fill_bits(draws.key(choice.seed, 0), rows, np.array([slot]), out)[0])
        return drawn[author, slot]

    tentative = set()
    for (year, community), users in active.items():
        members = sorted(
            (a for a in users if home.get(a) == community and community in named),
            key=lambda a: (-users[a], draw(a, 1 + year), a),
        )
        top, rest = members[: choice.top], members[choice.top :]
        quartile = {a: 4 * sum(users[b] < users[a] for b in members) // len(members) for a in rest}
        for q in range(4):
            of_q = sorted((a for a in rest if quartile[a] == q), key=lambda a: (draw(a, 1 + year), a))
            tentative |= set(of_q[: choice.per_quartile])
        tentative |= set(top)
    enough = [a for a in tentative if total[a] >= choice.min_events]
    found = {}
    for community in named:
        for a in sorted((a for a in enough if home[a] == community), key=lambda a: (draw(a, 0), a))[: choice.per_community]:
            found[a] = community
    return found


AUTHORS = st.sampled_from([0, *range(1, 9), 2**63, 2**64 - 1])
EVENT = st.tuples(
    AUTHORS, st.integers(0, 2), st.sampled_from([YEAR_2020, YEAR_2021 - 1, YEAR_2021]), st.sampled_from([THREAD, ROOT, REPLY]),
    st.just(0),
)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(EVENT, max_size=60), st.integers(1, 3), st.integers(1, 4), st.integers(0, 2), st.integers(1, 2), st.integers(0, 4),
    st.integers(1, 12), st.integers(1, 20), st.randoms(use_true_random=False),
)  # fmt: skip
def test_it_is_the_rule_user_by_user_whatever_the_order_and_the_memory(
    events, communities, per_community, top, per_quartile, min_events, most_rows, batch, random
):
    choice = Choice(communities, per_community, top, per_quartile, min_events, seed=3)
    expected = by_hand(events, choice)
    if not expected:
        with pytest.raises(InputError, match="E1024: nobody can be chosen"):
            select(discussion(events), choice, most_rows=most_rows)
        return
    whole = select(discussion(events), choice)
    assert chosen(whole) == expected
    random.shuffle(events)
    parts = select(discussion(events, batch), choice, most_rows=most_rows)
    assert chosen(parts) == expected and parts.users.tolist() == sorted(expected) and parts.stages == whole.stages
    renumbered = [(a, 2 - c, at, kind, flags) for a, c, at, kind, flags in events]
    assert chosen(select(discussion(renumbered, communities=COMMUNITIES[::-1]), choice)) == expected


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"per_community": 0}, r"E1024: per_community is at least 1\n  value: 0\n  to do: the paper has per_community=45"),
        ({"communities": 0}, r"E1024: communities is at least 1\n  value: 0"),
        ({"min_events": -1}, r"E1024: min_events is at least 0\n  value: -1"),
        (
            {"top": 0, "per_quartile": 0},
            r"E1024: top and per_quartile are both 0: nobody can be chosen\n  to do: the paper has 50 and 50",
        ),
        ({"communities": ()}, r"E1024: communities are named once each, at least one\n  value: \(\)"),
        ({"communities": ("tea", "tea")}, r"E1024: communities are named once each"),
    ],
)
def test_bad_choices(options, text):
    with pytest.raises(ConfigError, match=text):
        Choice(**options)


def test_a_community_that_is_not_there():
    with pytest.raises(
        ConfigError, match=r"E1024: there is no community 'jams'\n  to do: did you mean 'jam'\? valid: bun, jam, tea"
    ):
        select(discussion(comments(1, TEA, 1)), Choice(("jams",)))


def test_nobody_is_left():
    with pytest.raises(InputError, match=r"E1024: nobody can be chosen\n  value: .*'with a home': 1.*'chosen': 0"):
        select(discussion(comments(1, TEA, 9)), Choice())
    with pytest.raises(InputError, match=r"E1024: nobody can be chosen"):
        select(discussion(comments(0, TEA, 9)), Choice())
