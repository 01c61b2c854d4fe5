"""A threaded discussion as events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.discussions.accounts import are_blank, are_deleted
from awase.data.discussions.hashing import name_hashes
from awase.data.discussions.rows import Reader
from awase.data.kinds import TEXT_TYPE
from awase.data.rows import BadRows

BOT, NO_TEXT, DELETED_TEXT = 1, 2, 4  # flags of an event
_MAX_BATCH = 1 << 20

EVENTS = pa.schema(
    [(name, pa.uint64()) for name in ("id", "parent", "thread", "author")]
    + [("community", pa.int32()), ("time", pa.int64()), ("kind", pa.uint8()), ("flags", pa.uint8())]
)
_TEXTS = pa.schema([("id", pa.uint64()), ("text", TEXT_TYPE)])


@dataclass(frozen=True, eq=False)
class Discussion:
    """Who answered whom, where and when: the events of a dump in the order of its files.

    events: a table of EVENTS. id, parent, thread and author are hashes of names (``hashing``): parent 0 for none, author 0 for one that
    was deleted or is not known; community a number in ``communities``; time in seconds since 1970; kind THREAD, ROOT (a comment on
    the thread itself) or REPLY (to a comment); flags a sum of BOT, NO_TEXT (nothing to read) and DELETED_TEXT.
    census: what was counted, kept or not. bad: rows that were refused.
    """

    events: pa.Table
    communities: list[str]
    census: dict[str, int]
    bad: BadRows
    readers: Sequence[Reader] = field(repr=False)

    def __len__(self) -> int:
        return self.events.num_rows

    def columns(self, *names: str) -> Iterator[dict[str, np.ndarray]]:
        """The named columns of the events, a batch of at most 2^20 rows at a time: the way to walk events that do not fit in memory."""
        for batch in self.events.select(list(names)).to_batches(_MAX_BATCH):
            yield {name: column.to_numpy() for name, column in zip(names, batch.columns)}

    def column(self, name: str) -> np.ndarray:
        """One column whole."""
        return self.events[name].to_numpy()

    def texts(self, ids: np.ndarray) -> pa.Table:
        """The texts of events, by a second pass over the source: id (uint64, as in ``ids``, which must be sorted and distinct) and text.

        The text of a thread is its title, a line end and its body. Events without a text (NO_TEXT) are left out.
        """
        found, left = [], np.ones(len(ids), np.bool_)
        for batch in self._batches():
            at, rows = _places(ids, name_hashes(batch["id"]), left)
            if len(rows):
                part = batch.take(pa.array(rows))
                texts = joined(part["title"], part["body"])
                found.append(pa.record_batch([pa.array(ids[at]), texts], schema=_TEXTS).filter(pa.array(~are_blank(texts))))
        return pa.Table.from_batches(found, _TEXTS).sort_by("id")

    def names(self, authors: np.ndarray) -> dict[int, str]:
        """The names of authors (uint64, sorted and distinct), by a second pass over the source."""
        found: dict[int, str] = {}
        left = np.ones(len(authors), np.bool_)
        for batch in self._batches():
            at, rows = _places(authors, name_hashes(batch["author"]), left)
            names = pc.utf8_trim_whitespace(batch["author"].take(pa.array(rows))).to_pylist()
            found.update(zip(authors[at].tolist(), names))
        return found

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for reader in self.readers:
            for chunk in reader.rows():
                yield chunk.batch


def joined(titles: Any, bodies: Any) -> pa.Array:
    """A title, a line end and a body; one of them where the other is missing, blank or only says that it was deleted."""
    bodies = pc.if_else(pa.array(are_deleted(bodies) | are_blank(bodies)), pa.scalar(None, TEXT_TYPE), bodies)
    titles = pc.if_else(pa.array(are_deleted(titles) | are_blank(titles)), pa.scalar(None, TEXT_TYPE), titles)
    both = pc.binary_join_element_wise(titles, bodies, pa.scalar("\n", TEXT_TYPE))  # null where one of them is
    return pc.coalesce(both, titles, bodies)


def _places(wanted: np.ndarray, hashes: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the wanted hashes that are left stand in which rows, each where it is first; they are no longer left then."""
    at = np.searchsorted(wanted, hashes)
    at[at == len(wanted)] = 0
    rows = np.flatnonzero((wanted[at] == hashes) & left[at]) if len(wanted) else np.empty(0, np.int64)
    _, first = np.unique(at[rows], return_index=True)
    rows = rows[np.sort(first)]
    left[at[rows]] = False
    return at[rows], rows
