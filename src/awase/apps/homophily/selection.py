"""Whom to study: communities with most home users, and in each some of its most active users and some of all others, by the paper's rule."""

import difflib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from awase.apps.homophily import runs
from awase.apps.homophily.activity import MOST_ROWS, YEAR_BITS, Activity, Homes, Table, homes
from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.discussions import Discussion
from awase.kernels import draws

_PAPER = {"communities": 15, "per_community": 45, "top": 50, "per_quartile": 50, "min_events": 10}
_NAMED = 20  # communities that an error lists


@dataclass(frozen=True)
class Choice:
    """The rule of Yuan, Schneider and Rizoiu (WWW 2025), and its numbers.

    communities: how many, those with most home users first, or their names. For each year and community, of its home users who were active
    there: the ``top`` most active, and ``per_quartile`` others of each quartile of activity (own threads and comments), at random. Of all
    these, over the years, ``per_community`` at random among those with at least ``min_events`` own events. bots: whether they may be chosen.

    The paper chose 15 communities by hand, for diversity. It does not say whether those sampled for a community had to be home users; here
    they do, so that nobody stands for two communities.
    """

    communities: int | tuple[str, ...] = 15
    per_community: int = 45
    top: int = 50
    per_quartile: int = 50
    min_events: int = 10
    bots: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"per_community": 1, "top": 0, "per_quartile": 0, "min_events": 0}
        if isinstance(self.communities, int):
            least["communities"] = 1
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(
                    "E1024",
                    f"{name} is at least {bound}",
                    value=getattr(self, name),
                    remedy=f"the paper has {name}={_PAPER[name]}",
                )
        if self.top + self.per_quartile == 0:
            raise ConfigError(
                "E1024", "top and per_quartile are both 0: nobody can be chosen", remedy="the paper has 50 and 50"
            )
        if not isinstance(self.communities, int) and len(set(self.communities)) != max(len(self.communities), 1):
            raise ConfigError(
                "E1024", "communities are named once each, at least one", value=self.communities, remedy="or give a number"
            )


@dataclass(frozen=True, eq=False)
class Selection:
    """users: (u,) uint64, sorted. home: (u,) int32, of each the position in ``communities``, each of which has users. stages: what was there,
    and what was left, step by step."""

    users: np.ndarray
    home: np.ndarray
    communities: list[str]
    stages: list[dict[str, Any]]


def select(discussion: Discussion, choice: Choice = Choice(), *, most_rows: int = MOST_ROWS) -> Selection:
    """The users to study. Random ones are those whose hash with the seed is smallest: the order of events changes nothing.

    A user's home is the community with most of the user's comments (the lower name, if several). Where fewer users are there than asked for
    all are taken, and the stages say so. most_rows: how much of the activity is in memory at once, 32 bytes a row; the users do not depend
    on it.

    Raises ConfigError E1024 for a community that is not there, InputError E1024 if nobody can be chosen. Source: Yuan, Schneider and Rizoiu
    (WWW 2025), their case study.

    >>> from awase.data.discussions import read_discussion
    >>> events = [("a", None, "ann", "tea"), ("b", "a", "bob", "tea"), ("c", "b", "ann", "tea"), ("d", None, "eve", "tea")]
    >>> rows = [dict(zip(["id", "parent", "author", "community"], event), time=1e9) for event in events]
    >>> chosen = select(read_discussion(rows), Choice(min_events=1))
    >>> len(chosen.users), chosen.home.tolist(), chosen.communities
    (2, [0, 0], ['tea'])
    """
    activity = Activity(discussion, bots=choice.bots, most_rows=most_rows)
    at_home, authors = np.zeros(len(activity.names), np.int64), 0
    for table in activity:
        home = homes(table).community
        at_home += np.bincount(home[home >= 0], minlength=len(at_home))
        authors += len(home)
    chosen = _communities(choice, activity.names, at_home)
    stages: list[dict[str, Any]] = [
        {"stage": "authors", "users": authors, **_left_out(discussion.census, choice)},
        {"stage": "with a home", "users": int(at_home.sum()), "communities": int((at_home > 0).sum())},
        {
            "stage": "of the chosen communities", "users": int(at_home[chosen].sum()), "communities": len(chosen),
            "home_users": {activity.names[at]: int(at_home[at]) for at in chosen},
        },
    ]  # fmt: skip

    pool = _Pool.empty()
    for table in activity:
        pool = pool.joined(_members(table, homes(table), chosen, choice.seed), choice.top + choice.per_quartile)
    group, author, events = _tentative(pool, choice)
    short = int((np.bincount(_groups(pool.cell_group), pool.cell_users) < choice.top + 4 * choice.per_quartile).sum())
    once = np.unique(author, return_index=True)[1]
    stages.append(
        {
            "stage": "by activity", "users": len(once), "drawn": len(author), "years": len(np.unique(pool.cell_group & _YEAR)),
            "asked_of_each": choice.top + 4 * choice.per_quartile, "years_with_fewer": short,
        }
    )  # fmt: skip
    once = once[events[once] >= choice.min_events]
    stages.append({"stage": "with enough events", "users": len(once), "min_events": choice.min_events})

    users, home = _drawn(author[once], group[once] >> YEAR_BITS, choice)
    found = np.bincount(home, minlength=len(chosen))
    stages.append(
        {
            "stage": "chosen", "users": len(users), "asked_of_each": choice.per_community,
            "with_fewer": {activity.names[at]: int(n) for at, n in zip(chosen, found) if n < choice.per_community},
        }
    )  # fmt: skip
    if not len(users):
        raise InputError(
            "E1024", "nobody can be chosen", value={stage["stage"]: stage["users"] for stage in stages},
            remedy="the value says how many users were left at each step: ask for fewer events (min_events), or give more data",
        )  # fmt: skip
    left = np.flatnonzero(found)
    return Selection(users, np.searchsorted(left, home).astype(np.int32), [activity.names[chosen[at]] for at in left], stages)


def _left_out(census: dict[str, int], choice: Choice) -> dict[str, int]:
    bots = {} if choice.bots else {"bots": census["bots"], "events_of_bots": census["by_bots"]}
    return {**bots, "events_of_deleted": census["deleted_authors"]}


def _communities(choice: Choice, names: list[str], at_home: np.ndarray) -> np.ndarray:
    """(k,) int64: numbers of the chosen communities, those with most home users (and lower names) first, or in the order asked for."""
    largest = np.lexsort([np.arange(len(names)), -at_home])
    if isinstance(choice.communities, int):
        return largest[: min(choice.communities, int((at_home > 0).sum()))]
    number = {name: at for at, name in enumerate(names)}
    folded = {name.casefold(): at for name, at in number.items()}
    for name in choice.communities:
        if name not in number and name.casefold() in folded:
            number[name] = folded[name.casefold()]
        if name not in number:
            near = {names[at] for at in largest[:_NAMED]} | set(difflib.get_close_matches(name, names, n=1))
            raise ConfigError("E1024", f"there is no community {name!r}", remedy=did_you_mean(name, near))
    return np.array([number[name] for name in choice.communities])


_YEAR = (1 << YEAR_BITS) - 1


class _Members(NamedTuple):
    """Home users of chosen communities, once for each year in which they were active at home. group: position of the community << YEAR_BITS
    | year. activity: events in that year and community. events: all of the user's own. draw: uint64."""

    group: np.ndarray
    activity: np.ndarray
    author: np.ndarray
    events: np.ndarray
    draw: np.ndarray


def _members(table: Table, home: Homes, chosen: np.ndarray, seed: int) -> _Members:
    position = np.full(max(int((table.place >> YEAR_BITS).max(initial=0)), int(chosen.max(initial=0))) + 2, -1)
    position[chosen] = np.arange(len(chosen))  # the last is -1, which is what a user without a home finds
    of = np.repeat(np.arange(len(home.author)), np.diff(home.start, append=len(table.author)))
    at_home = (table.place >> YEAR_BITS == home.community[of]) & (position[home.community[of]] >= 0)
    of, place, author = of[at_home], table.place[at_home], table.author[at_home]
    year = place & _YEAR
    draw = draws.fill_bits(draws.key(seed, 0), author, 1 + year, np.empty(len(author), np.uint64))
    return _Members(position[place >> YEAR_BITS] << YEAR_BITS | year, table.events[at_home], author, home.events[of], draw)


class _Pool(NamedTuple):
    """Of each group and activity, its users in number, and those with the smallest draws. All sorted by group and activity."""

    members: _Members
    cell_group: np.ndarray
    cell_activity: np.ndarray
    cell_users: np.ndarray

    @classmethod
    def empty(cls) -> "_Pool":
        none = np.zeros(0, np.int64)
        return cls(_Members(none, none, none.astype(np.uint64), none, none.astype(np.uint64)), none, none, none)

    def joined(self, more: _Members, kept: int) -> "_Pool":
        """With more users, other than those it has; of each group and activity the ``kept`` with the smallest draws."""
        group, activity = np.concatenate([self.cell_group, more.group]), np.concatenate([self.cell_activity, more.activity])
        order = np.lexsort([activity, group])
        group, activity = group[order], activity[order]
        start = np.flatnonzero(runs.starts(group, activity))
        users = np.add.reduceat(np.concatenate([self.cell_users, np.ones(len(more.group), np.int64)])[order], start)

        both = _Members(*(np.concatenate(columns) for columns in zip(self.members, more)))
        order = np.lexsort([both.author, both.draw, both.activity, both.group])
        order = order[runs.places(runs.starts(both.group[order], both.activity[order])) < kept]
        return _Pool(_Members(*(column[order] for column in both)), group[start], activity[start], users)


def _groups(group: np.ndarray) -> np.ndarray:
    return runs.starts(group).cumsum() - 1


def _tentative(pool: _Pool, choice: Choice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(group, author, events) of the top of each group, and of some others of each quartile.

    The quartile of a user is floor(4 q), q the share of the group's users who were less active.
    """
    of_cell = _groups(pool.cell_group)
    size = np.bincount(of_cell, pool.cell_users).astype(np.int64)
    below = pool.cell_users.cumsum() - pool.cell_users - (size.cumsum() - size)[of_cell]
    quartile_of_cell = 4 * below // size[of_cell]

    group, activity, author, events, draw = pool.members
    quartile = quartile_of_cell[runs.starts(group, activity).cumsum() - 1]
    order = np.lexsort([author, draw, -activity, group])
    at_top = runs.places(runs.starts(group[order])) < choice.top
    top, rest = order[at_top], order[~at_top]
    rest = rest[np.lexsort([author[rest], draw[rest], quartile[rest], group[rest]])]
    rest = rest[runs.places(runs.starts(group[rest], quartile[rest])) < choice.per_quartile]
    rows = np.concatenate([top, rest])
    return group[rows], author[rows], events[rows]


def _drawn(author: np.ndarray, position: np.ndarray, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """The users chosen at random of each community, sorted, and their communities."""
    draw = draws.fill_bits(draws.key(choice.seed, 0), author, np.zeros(len(author), np.int64), np.empty(len(author), np.uint64))
    order = np.lexsort([author, draw, position])
    order = np.sort(order[runs.places(runs.starts(position[order])) < choice.per_community])  # authors are sorted
    return author[order], position[order]
