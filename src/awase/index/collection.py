"""A collection: items that are added, updated, deleted and found, in one file that is always whole.

``docs.awase`` (SQLite) holds everything; ``docs.awase.cache`` beside it holds what makes searching fast and can be deleted at any
time. Any number of processes may read while one writes; each search sees the newest commit.
"""

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Self

import numpy as np

from awase.core.errors import BackendError, ConfigError, InputError
from awase.core.progress import progress
from awase.core.protocols import Hits, TextEncoder
from awase.index.bound import BoundModel, Given, described
from awase.index.doctor import examine
from awase.index.exact import check_k
from awase.index.find import (
    MODES,
    Sources,
    allowed_rows,
    by_both,
    by_vectors,
    by_words,
    checked_mode,
    checked_queries,
    filter_cost,
)
from awase.index.follow import Dense, Follower, Lexical, cache_folder
from awase.index.graph import GRAPH_FROM, Graph
from awase.index.hybrid import Fusion
from awase.index.items import Item, Result, Row, batches, checked_ids
from awase.index.table import Table
from awase.index.weighting import Weighting
from awase.store import cache, database, files

__all__ = ["MODES", "Collection", "Item", "Result", "cache_folder"]

_BATCH = 4096  # items of one commit
_STALE = 0.05  # of the rows: with more changes than this the caches are written again
_log = logging.getLogger("awase.index")


class Collection:
    """Items with their texts, metadata and vectors, searched by words, by vectors, or by both.

    model: a ``TextEncoder``, or the folder of one; without it only mode "bm25" is there. Made by ``create`` or ``open``; closed by
    ``close`` or at the end of a ``with`` block. One object may be used by several threads, one at a time inside.

    >>> folder = getfixture("tmp_path")
    >>> with Collection.create(folder / "docs.awase") as docs:
    ...     docs.add([("a", "red wine"), {"id": "b", "text": "white wine", "year": 2020}])
    ...     [[found.id for found in results] for results in docs.search("wine", where="year > 2000")]
    2
    [['b']]
    """

    def __init__(self, table: Table, model: Given | None, readonly: bool):
        self.path = Path(os.path.realpath(table.path))
        self._table, self._readonly = table, readonly
        self._lock = threading.RLock()
        self._meta = table.meta()
        self.fusion, self.weighting = Fusion(self._meta["weight"], self._meta["depth"]), Weighting.remembered(self._meta)
        self._model = BoundModel(self._meta, table.path, model)
        self._written = 0  # since the caches were prepared
        self._closed = False
        folder, uuid = cache_folder(self.path), self._meta["uuid"]
        self._lexical = Follower(Lexical(self._meta["analyzer"], self.weighting), table, folder, uuid)
        self._dense = Follower(Dense(self.dim), table, folder, uuid)
        self._graph = Graph(self._dense, table, folder, uuid, self._meta["graph_from"])

    @classmethod
    def create(
        cls,
        path: Path | str,
        model: Given | None = None,
        *,
        analyzer: str = "auto",
        fusion: Fusion | None = None,
        weighting: Weighting | None = None,
        graph_from: int = GRAPH_FROM,
    ) -> Self:
        """A new, empty collection.

        analyzer: as ``awase.data.text.analyze.analyzer``. fusion, weighting: how hybrid search and BM25 weigh, by default as chosen when the
        model was fitted. graph_from: with so many items, and the extra "ann" installed, ``prepare`` builds a graph of the vectors; searches
        through it are much faster and may miss a few results in a hundred.
        Errors: E0720 there is one already; E0200 no such analyser; those of ``awase.load`` for the model's folder.
        """
        encoder, meta = described(model)
        fusion, weighting = fusion or Fusion.chosen_for(encoder), weighting or Weighting.chosen_for(encoder)
        Lexical(analyzer, weighting).fresh()  # refuses an unknown name before there is a file
        meta |= {"analyzer": analyzer, **asdict(fusion), **weighting.values(), "graph_from": graph_from}
        connection = database.connect(path, create=True)
        try:
            table = Table.create(connection, str(path), meta)
        except BaseException:
            connection.close()
            raise
        for name in (Lexical.name, Dense.name, Graph.name):  # of a collection that was here before
            files.remove(cache.place(cache_folder(path), name))
        return cls(table, encoder, readonly=False)

    @classmethod
    def open(cls, path: Path | str, model: Given | None = None, *, readonly: bool = False) -> Self:
        """The collection at a path. model: needed only if its folder has moved since, or it was never in a folder.

        readonly: nothing is written, not even a cache; so it is where the disk or the permissions allow no writing. Errors: E0304 no
        such file, E0312 not a collection, E0721 another format, E0725 another model than the one that made the vectors.
        """
        readonly = readonly or not database.is_writable(path)
        connection = database.connect(path, readonly=readonly)
        try:
            return cls(Table.open(connection, str(path)), model, readonly)
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is not None:
            self._written = 0  # the caches can wait; the error cannot
        self.close()

    def close(self, *, caches: bool = True) -> None:
        """Write the caches if much was written (unless they can wait), and close the file."""
        with self._lock:
            if self._closed:
                return
            try:
                if caches and self._written > _STALE * self._table.count():
                    self.prepare()
            finally:
                self._closed = True
                self._table.connection.close()
                for held in (self._lexical, self._dense, self._graph):
                    held.release()

    @property
    def dim(self) -> int:
        """Dimensions of the vectors; 0 without a model."""
        return self._model.dim

    @property
    def model(self) -> TextEncoder | None:
        """The model that made the vectors, loaded if need be; None without one. Errors: E0725, E0726."""
        return self._model.load() if self.dim else None

    def __repr__(self) -> str:
        model = self._meta.get("model")
        return f"<Collection {str(self.path)!r}: {len(self):,} items, {'words only' if not model else f'vectors by {model}'}>"

    def __len__(self) -> int:
        with self._reading():
            return self._table.count()

    def add(self, items: Iterable) -> int:
        """Add new items; how many. Every 4,096 are one commit, which is there after a crash whole or not at all.

        An item is an ``Item``, an (id, text) pair, or a mapping with "id" and "text", perhaps "vector"; its other keys (and those of
        "metadata") are metadata. A data frame is its rows. Vectors are compared by dot product: give them the length the model's have.
        Errors: E0728 an id that is there already or is given twice; E0722, E0723 a wrong item; E0701 a vector with NaN.
        """
        return self._write(items, self._add_batch)

    def upsert(self, items: Iterable) -> int:
        """Add items, replacing those with the same id; how many were new or different. Otherwise as ``add``.

        Items that are there already, unchanged, cost a look: to go on after an interruption, upsert everything again.
        """
        return self._write(items, self._upsert_batch)

    def delete(self, ids: str | Sequence[str]) -> int:
        """Delete items in one commit; how many there were. An id that is not there is passed over.

        Errors: E0722, E0723 for what no item can have as its id; then nothing is deleted.
        """
        ids = checked_ids(ids)
        with self._writing():
            with self._table.snapshot():
                there = list(self._table.by_id(ids))
                if len(there) < len(set(ids)):
                    self._table.verify_ids()
            if not there:
                return 0
            with self._commit() as generation:
                n = self._table.delete(there, generation)
            self._written += n
            return n

    def prepare(self) -> None:
        """Make what searching needs now, and write the caches, so that the next search need not."""
        with self._writing():
            for follower in self._followers():
                with self._table.snapshot():
                    follower.catch_up()
                self._settle()  # one after the other: each leaves the memory for its file
            self._graph.prepare()
            self._written = 0

    def _write(self, items: Iterable, write_batch) -> int:
        n, total = 0, len(items) if isinstance(items, Sequence) else None
        with self._writing(), progress("indexing", total, "items") as job:
            for rows in batches(items, _BATCH, self.dim or None):
                n += (written := write_batch(rows))
                self._written += written
                job.advance(len(rows))
        return n

    def _add_batch(self, rows: list[Row]) -> int:
        ids = [row.id for row in rows]
        if again := [item_id for item_id, n in Counter(ids).items() if n > 1]:
            raise InputError("E0728", f"the id {again[0]!r} is given twice", remedy="give each item its own id, or use upsert")
        vectors = self._model.vectors(rows)
        with self._commit():
            there = self._table.by_id(ids)
            if there:
                named = ", ".join(repr(item_id) for item_id in list(there)[:5]) + (", ..." if len(there) > 5 else "")
                message = f"{len(there)} of the ids are in the collection: {named}"
                raise InputError("E0728", message, remedy="use upsert to replace them")
            self._table.insert(rows, vectors)
        return len(rows)

    def _upsert_batch(self, rows: list[Row]) -> int:
        rows = self._different(list({row.id: row for row in rows}.values()))  # of one id twice, the last is meant
        if not rows:
            return 0
        vectors = self._model.vectors(rows)
        with self._commit() as generation:
            self._table.delete([row.id for row in rows], generation)
            self._table.insert(rows, vectors)
        return len(rows)

    def _different(self, rows: list[Row]) -> list[Row]:
        """Those that are not in the collection just as they are."""
        with self._table.snapshot():
            there = self._table.by_id([row.id for row in rows])
            vectors = self._table.vectors([kept.row for kept in there.values()], self.dim) if self.dim else {}

        def same(row: Row) -> bool:
            kept = there.get(row.id)
            if kept is None or (kept.text, kept.metadata, kept.checksum) != (row.text, row.metadata, row.checksum):
                return False
            vector, own = vectors.get(kept.row, (None, None))  # None where it is damaged
            is_same = row.vector is None or (vector is not None and np.array_equal(vector, row.vector))
            return not self.dim or (own == (row.vector is not None) and is_same)

        return [row for row in rows if not same(row)]

    @contextmanager
    def _commit(self):
        with self._table.commit() as generation:
            saved = [follower.saved for follower in self._followers()]
            if all(saved):
                self._table.forget_before(min(state.generation for state in saved if state))
            yield generation

    def get(self, ids: str | Sequence[str]) -> list[Item | None]:
        """The items that have these ids, in this order; None for an id that is not there. Errors: E0722, E0723 as ``delete``."""
        ids = checked_ids(ids)
        with self._reading():
            there = {item_id: self._table.checked(kept) for item_id, kept in self._table.by_id(ids).items()}
            if len(there) < len(set(ids)):
                self._table.verify_ids()
            vectors = self._table.vectors([kept.row for kept in there.values()], self.dim) if self.dim else {}
            if self.dim and (lost := [kept.row for kept in there.values() if kept.row not in vectors]):
                raise self._table.damaged(lost[0], "vector")
        items = {
            item_id: Item(item_id, kept.text, kept.fields, vectors[kept.row][0] if vectors else None)
            for item_id, kept in there.items()
        }
        return [items.get(item_id) for item_id in ids]

    def search(
        self, queries: str | Sequence[str], k: int = 10, where: str | None = None, mode: str = "hybrid"
    ) -> list[list[Result]]:
        """For each query (one string is one query) at most k results, best first; equal scores in the order of adding.

        where: a filter on metadata, see ``awase.index.where``. mode: "bm25" finds items that share a word with the query, "dense" those
        whose vector is nearest, "hybrid" both (see ``awase.index.hybrid``), which without a model is bm25. A query that says
        nothing (it is blank, or the model knows no token of it) is near to nothing: "dense" finds nothing then.
        Errors: E0703 a wrong k; E0710 to E0712 a wrong filter; E0727 a wrong mode; E0725, E0726 the model.
        """
        queries = checked_queries(queries)
        check_k(k)
        mode = checked_mode(mode, self.dim)
        with self._lock:
            self._check_open()
            vectors = self._model.encode_queries(queries) if mode != "bm25" else None
            with self._table.snapshot():
                allowed = None if where is None else allowed_rows(self._table, where)
                hits, sources = self._found(queries, vectors, k, allowed, mode)
                items = self._table.items(sorted(set(hits.rows[hits.rows >= 0].tolist())))
            if not self._readonly:
                self._settle()
        return [
            [
                items[row].result(score, dict(zip(sources, parts, strict=True)))
                for row, score, *parts in zip(*(part.tolist() for part in columns), strict=True)
                if row >= 0
            ]
            for columns in zip(hits.rows, hits.scores, *sources.values(), strict=True)
        ]

    def info(self) -> dict:
        """What the collection is: plain values, for people and for JSON."""
        with self._reading():
            state = self._table.state()
            return {
                "path": str(self.path),
                "items": self._table.count(),
                "generation": state.generation,
                "model": self._meta.get("model"),
                "model_path": self._meta.get("model_path"),
                "fingerprint": self._meta.get("fingerprint"),
                "dim": self.dim,
                "analyzer": self._meta["analyzer"],
                "fusion_weight": self._meta["weight"],
                "bm25": self.weighting.values(),
                "fields": sorted(self._table.fields()),
                "bytes": database.n_bytes(self.path),
            }

    def doctor(self) -> dict:
        """Whether the collection is whole, found by reading every byte; see ``awase.index.doctor``. Bad caches are made again."""
        with self._lock:
            self._check_open()
            found = examine(self._table, self._model, self._followers())
            if found["whole"] and not self._readonly:
                self._settle()
                self._graph.prepare()
        return found

    def _found(self, queries, vectors, k: int, allowed, mode: str) -> tuple[Hits, Sources]:
        if mode == "bm25":
            return by_words(self._lexical, queries, k, allowed)
        if mode == "dense":
            return by_vectors(self._dense, self._graph, vectors, k, allowed)
        return by_both(self._lexical, self._dense, self._graph, queries, vectors, k, allowed, self.fusion)

    def filter_cost(self, where: str) -> float:
        """What a filter costs here (``awase.index.find.filter_cost``). Errors as of ``search``."""
        with self._reading():
            return filter_cost(self._table, where)

    def stoppable(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        """A block in which what reads or writes the file ends with E0340 soon after ``stop()`` is true."""
        return database.stoppable(self._table.connection, stop)

    def another(self) -> "Collection":
        """The same collection for another thread, for reading only: with the same model, and knowing what was checked already."""
        twin = Collection.open(self.path, self.model, readonly=True)
        twin._table.seen = self._table.seen
        return twin

    def _settle(self) -> None:
        """Write the caches that changed much. One that cannot be written is done without: it only makes things faster."""
        for follower in self._followers():
            if follower.state and follower.n_changes > _STALE * len(follower.rows):
                try:
                    follower.save()
                except BackendError as error:
                    _log.warning("a cache could not be written, so searching starts slowly: %s", error)

    def _followers(self) -> list[Follower]:
        return [self._lexical, self._dense] if self.dim else [self._lexical]

    @contextmanager
    def _reading(self):
        with self._lock:
            self._check_open()
            with self._table.snapshot():
                yield

    @contextmanager
    def _writing(self):
        with self._lock:
            self._check_open()
            if self._readonly:
                why = "was opened for reading only" if database.is_writable(self.path) else "is where nothing can be written"
                raise ConfigError("E0729", f"the collection {why}", place=str(self.path))
            yield

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("E0730", "the collection is closed", place=str(self.path), remedy="open it again")
