"""How active each author was in each community and year, however many authors there are."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from awase.apps.homophily import runs
from awase.data.discussions import BOT, THREAD, Discussion

MOST_ROWS = 1 << 22  # of a table: 128 MB, and three times that while it is made
_LEAST_TO_SUM = 1 << 20
_LAST_AUTHOR = 2**64 - 1

YEAR_BITS = 16


def years(time: np.ndarray) -> np.ndarray:
    """(m,) int64: the calendar year (UTC) of seconds since 1970.

    >>> years(np.array([-1, 0])).tolist()
    [1969, 1970]
    """
    return time.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970


class Table(NamedTuple):
    """A row for each author, community and year with events, sorted by author and place.

    place: int64, community << YEAR_BITS | year; communities are numbered by name. comments, events: int64; threads count
    as events only.
    """

    author: np.ndarray
    place: np.ndarray
    comments: np.ndarray
    events: np.ndarray


class Homes(NamedTuple):
    """Authors, sorted, and for each the community with most of its comments (the lower name, if several; -1 without comments), where its
    rows of the table start, and all its events."""

    author: np.ndarray
    community: np.ndarray
    start: np.ndarray
    events: np.ndarray


class Activity:
    """Tables that together hold all authors but deleted ones (and bots), each with all rows of a range of authors. May be walked again.

    A table has at most ``most_rows`` rows, unless one author alone has more. Where that is too few for all authors the events are walked
    once for each range: memory does not grow with the discussion.
    """

    def __init__(self, discussion: Discussion, *, bots: bool, most_rows: int = MOST_ROWS):
        self._discussion, self._bots, self._most_rows = discussion, bots, most_rows
        self.names = sorted(discussion.communities)
        number = {name: at for at, name in enumerate(self.names)}
        self._by_name = np.array([number[name] for name in discussion.communities], np.int64)
        self._whole: Table | None = None

    def __iter__(self) -> Iterator[Table]:
        if self._whole is not None:
            yield self._whole
            return
        first = 1  # 0 is a deleted author
        while first <= _LAST_AUTHOR:
            table, last = self._range(first)
            if (first, last) == (1, _LAST_AUTHOR):
                self._whole = table
            yield table
            first = last + 1

    def _range(self, first: int) -> tuple[Table, int]:
        """The table of the authors from ``first`` on, and the last of those that fit."""
        last, table, waiting = _LAST_AUTHOR, Table(np.zeros(0, np.uint64), *np.zeros((3, 0), np.int64)), []
        for batch in self._discussion.columns("author", "community", "time", "kind", "flags"):
            here = (batch["author"] >= first) & (batch["author"] <= last)
            if not self._bots:
                here &= (batch["flags"] & BOT) == 0
            waiting.append(self._rows({name: column[here] for name, column in batch.items()}))
            # Seldom enough that summing stays linear.
            if sum(len(part.author) for part in waiting) > max(len(table.author), min(_LEAST_TO_SUM, self._most_rows)):
                table, last = self._cut(_summed(table, *waiting), last)
                waiting = []
        return self._cut(_summed(table, *(_until(part, last) for part in waiting)), last)

    def _rows(self, batch: dict[str, np.ndarray]) -> Table:
        place = self._by_name[batch["community"]] << YEAR_BITS | years(batch["time"])
        return _summed(Table(batch["author"], place, (batch["kind"] != THREAD).astype(np.int64), np.ones(len(place), np.int64)))

    def _cut(self, table: Table, last: int) -> tuple[Table, int]:
        """The lower half of the authors, and again, until the table is small enough."""
        while len(table.author) > self._most_rows and table.author[0] != table.author[-1]:
            last = max(int(table.author[0]), int(table.author[len(table.author) // 2]) - 1)
            table = _until(table, last)
        return table, last


def _summed(*tables: Table) -> Table:
    author, place, comments, events = (np.concatenate(columns) for columns in zip(*tables))
    order = np.lexsort([place, author])
    author, place = author[order], place[order]
    start = np.flatnonzero(runs.starts(author, place))
    return Table(author[start], place[start], np.add.reduceat(comments[order], start), np.add.reduceat(events[order], start))


def _until(table: Table, last: int) -> Table:
    n = np.searchsorted(table.author, np.uint64(last), side="right")
    return Table(*(column[:n] for column in table))


def homes(table: Table) -> Homes:
    """The home of each author of a table.

    >>> one = Table(np.array([7, 7, 7], np.uint64), np.array([0, 1, 2]) << YEAR_BITS, np.array([1, 4, 4]), np.array([9, 4, 4]))
    >>> homes(one).community.tolist(), homes(one).events.tolist()
    ([1], [17])
    """
    community = table.place >> YEAR_BITS
    start = np.flatnonzero(runs.starts(table.author, community))
    comments = np.add.reduceat(table.comments, start)
    authors = np.flatnonzero(runs.starts(table.author[start]))
    most = np.maximum.reduceat(comments, authors)
    of = np.repeat(np.arange(len(authors)), np.diff(authors, append=len(start)))
    best = np.flatnonzero(comments == most[of])
    best = best[runs.starts(of[best])]  # communities ascend by name
    return Homes(
        table.author[start[authors]],
        np.where(most > 0, community[start[best]], -1),
        start[authors],
        np.add.reduceat(table.events, start[authors]),
    )
