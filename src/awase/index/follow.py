"""Searchers that follow a table: kept in memory, kept on disk as caches, and brought up to date by what changed since.

A cache is believed when its bytes are those that were saved and the commit it was made at is one the table still knows; then
only the rows added and deleted since are applied. Otherwise it is made again from the table. Deleting it loses nothing.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from awase.core.errors import AwaseError
from awase.core.progress import progress
from awase.core.protocols import Hits
from awase.data.text import analyze
from awase.index.exact import Exact
from awase.index.lexical import BM25
from awase.index.table import State, Table
from awase.index.weighting import Weighting
from awase.store import cache

_FORMAT = 1
_TOO_MANY_DELETED = 1 / 3  # of the rows a searcher holds; then it is made again
_log = logging.getLogger("awase.index")


class Kind(Protocol):
    """A kind of searcher: how it is made, kept, and fed from a table."""

    name: str
    stamp: dict[str, int]  # what else a cache must have been made with

    def fresh(self) -> Any: ...

    def restored(self, arrays: dict[str, np.ndarray]) -> Any: ...

    def feed(self, searcher: Any, table: Table, after: int) -> Iterator[np.ndarray]:
        """Add what the table has above a row, and yield the rows added."""
        ...


class Lexical:
    """BM25 over the texts."""

    name, stamp = "bm25", {"version of terms": analyze.VERSION}

    def __init__(self, analyzer: str, weighting: Weighting):
        self._analyzer, self._weighting = analyzer, weighting

    def fresh(self) -> BM25:
        return BM25(self._analyzer, **self._weighting.values())

    def restored(self, arrays: dict[str, np.ndarray]) -> BM25:
        return BM25.from_arrays(arrays).weighed(self._weighting)

    def feed(self, searcher: BM25, table: Table, after: int) -> Iterator[np.ndarray]:
        for rows, texts in table.texts_after(after):
            searcher.add(texts)
            yield rows


class Dense:
    """Exact search over the vectors."""

    name, stamp = "vectors", {}

    def __init__(self, dim: int):
        self._dim = dim

    def fresh(self) -> Exact:
        return Exact(np.empty((0, self._dim), np.float32))

    def restored(self, arrays: dict[str, np.ndarray]) -> Exact:
        return Exact.from_arrays(arrays)

    def feed(self, searcher: Exact, table: Table, after: int) -> Iterator[np.ndarray]:
        searcher.reserve(table.count_vectors_after(after))
        for rows, vectors in table.vectors_after(after, self._dim):
            searcher.add(vectors)
            yield rows


class Follower:
    """One searcher that follows a table. ``rows`` has the table's row of each of its rows, rising."""

    def __init__(self, kind: Kind, table: Table, folder: Path, uuid: str):
        self.kind, self._table, self._folder = kind, table, folder
        self._stamp = {"collection": uuid, "format": _FORMAT, "of": kind.name, **kind.stamp}
        self.release()

    def catch_up(self) -> None:
        """Bring the searcher up to date. Call it inside a snapshot of the table."""
        now = self._table.state()
        if self.state == now:
            return
        try:
            if self.state is None or not self._table.knows(self.state):
                self._load()
            self._apply()
            n_deleted, n = self.searcher.n_deleted, len(self.searcher)
            # With another number of items than the table has, what happened since was read wrong: a fresh one says what is.
            if n_deleted > _TOO_MANY_DELETED * n or n - n_deleted != self._table.count():
                self.release()
                self._apply()
        except BaseException:  # half of the changes are applied
            self.release()
            raise
        self.state = now

    def search(self, queries, k: int, allowed: np.ndarray | None = None, by: Any = None) -> Hits:
        """As the searcher, in rows of the table. `allowed`: the rows to look at, rising; `by`: another searcher of these."""
        mask = None
        if allowed is not None:
            mask = np.zeros(len(self.rows), bool)
            mask[np.searchsorted(self.rows, allowed)] = True
        hits = (self.searcher if by is None else by).search(queries, k, mask)
        return Hits(np.where(hits.rows < 0, -1, self.rows[hits.rows]) if len(self.rows) else hits.rows, hits.scores)

    def scores_of(self, queries, rows: np.ndarray) -> np.ndarray:
        """As the searcher, for rows of the table."""
        return self.searcher.scores_of(queries, np.where(rows < 0, -1, np.searchsorted(self.rows, rows)))

    def save(self) -> None:
        """Keep the searcher as a cache, and go on with the memory map of it."""
        if self.state is None or self.state == self.saved:
            return
        stamped = {"rows": self.rows, "state": np.array(self.state, np.int64)}
        cache.save(self._folder, self.kind.name, {**self.searcher.arrays(), **stamped}, self._stamp)
        self.release()  # before the cache is mapped, so that there is one copy in memory
        self._load()

    def remake(self) -> str:
        """Make the searcher and its cache again unless the cache is good; what was wrong with it, "" when nothing was."""
        _, _, why = self._cached()
        if why:
            self.release()
            self._apply()
            self.state = self._table.state()
        return why

    def release(self) -> None:
        """Let go of everything in memory and of the file that is mapped."""
        self.searcher: Any = None  # until it is first caught up
        self.rows = np.empty(0, np.int64)
        self.state: State | None = None  # the commit it is up to date with
        self.saved: State | None = None  # the commit that the cache on disk was made at
        self.n_changes = 0  # rows added and deleted since then

    def _load(self) -> None:
        """Take the searcher from its cache; an empty one, which is then fed with everything, if the cache is not good."""
        self.release()
        arrays, state, why = self._cached()
        if not why:
            try:
                self.searcher = self.kind.restored(arrays)
                self.rows, self.state, self.saved = arrays["rows"], state, state
            except AwaseError as error:  # of another version of Awase
                why = error.message
        if why not in ("", "absent") and not why.startswith("stale: version of terms"):
            place = cache.place(self._folder, self.kind.name)
            _log.warning("%s: %s; making it again from the collection", place, why)

    def _cached(self) -> tuple[dict[str, np.ndarray], State | None, str]:
        """What the cache holds, the commit it was made at, and why it is not to be used ("" when it is)."""
        arrays, why = cache.load(self._folder, self.kind.name, self._stamp)
        if arrays is None:
            return {}, None, why
        state = State(*arrays.pop("state").tolist())
        if not self._table.knows(state):
            return {}, None, f"made at generation {state.generation}, which the collection never had or has forgotten"
        return arrays, state, ""

    def _apply(self) -> None:
        """Apply what happened after ``self.state`` (everything, when there is none)."""
        if self.searcher is None:
            self.searcher = self.kind.fresh()
        last = int(self.rows[-1]) if len(self.rows) else 0
        if self.state is not None:
            gone = self._table.deleted_since(self.state)
            gone = gone[gone <= last]  # the others came and went unseen
            self.searcher.delete(np.searchsorted(self.rows, gone))
            self.n_changes += len(gone)
        added = [self.rows]
        with progress(f"preparing {self.kind.name}", unit="items") as job:
            for rows in self.kind.feed(self.searcher, self._table, last):
                added.append(rows)
                job.advance(len(rows))
        self.rows = np.concatenate(added)
        self.n_changes += len(self.rows) - len(added[0])


def cache_folder(path: Path | str) -> Path:
    """Where the caches of a collection are."""
    path = Path(os.path.realpath(path))
    return path.with_name(f"{path.name}.cache")
