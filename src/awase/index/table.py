"""The table of a collection: the SQLite file that is its only truth, and all of its SQL.

A row of ``items`` is never changed and its number never used again: an update deletes the row and adds another. So two things
say all that happened since a commit: which rows were deleted, and which rows are higher than the highest then. Each commit has
a generation, one higher than the last, and a random token, so that a cache made from a copy of the file, or from a history that
a restored backup undid, is told apart from one that fits.
"""

import json
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from awase.core.errors import FormatError, InputError, IntegrityError
from awase.index.items import Result, Row, checksum
from awase.store import database

FORMAT = 1
# What a collection must say of itself, and of its model if it has one.
_SETTINGS = {"uuid", "analyzer", "weight", "depth", "graph_from"}
_OF_A_MODEL = {"model", "model_path", "fingerprint"}
_ROWS = 8192  # read at once
_CHARS = 1 << 24  # of text read at once

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE items (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE vectors (  -- apart from the items, so that a filter reads only what it looks at
    row INTEGER PRIMARY KEY REFERENCES items (row) ON DELETE CASCADE,
    vector BLOB NOT NULL,  -- float32, little-endian
    checksum INTEGER NOT NULL,
    own INTEGER NOT NULL  -- 1 if the user gave it, 0 if the model did
);
CREATE TABLE fields (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE deleted (row INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE TABLE commits (generation INTEGER PRIMARY KEY, token INTEGER NOT NULL);
"""


class State(NamedTuple):
    """One commit."""

    generation: int
    token: int


class Kept(NamedTuple):
    """An item as it was read; metadata is JSON."""

    row: int
    id: str
    text: str
    metadata: str
    checksum: int

    def result(self, score: float, sources: dict[str, float]) -> Result:
        return Result(self.id, score, self.text, json.loads(self.metadata), sources)


class Table:
    """The SQL of one open collection. Reads belong inside ``snapshot``, writes inside ``commit``."""

    def __init__(self, connection: sqlite3.Connection, path: str):
        self.connection, self.path = connection, path
        self._fields: set[str] = set()  # those known to be written

    @classmethod
    def create(cls, connection: sqlite3.Connection, path: str, meta: dict) -> "Table":
        """A new table in an empty file."""
        with database.transaction(connection):
            if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                remedy = "open it, or choose another path"
                raise InputError("E0720", "there is a collection already", place=path, remedy=remedy)
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO commits VALUES (0, ?)", (secrets.randbits(62),))
            table = cls(connection, path)
            table.set_meta({"format": FORMAT, "uuid": secrets.token_hex(16), **meta})
        return table

    @classmethod
    def open(cls, connection: sqlite3.Connection, path: str) -> "Table":
        """The table of a file, its format checked."""
        table = cls(connection, path)
        with database.snapshot(connection):
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'commits'").fetchone():
                message = "the collection was never finished being made"
                raise FormatError("E0721", message, place=path, remedy="delete the file and make it again")
            meta = table.meta()
        if meta.get("format") != FORMAT:
            message = f"the collection has format {meta.get('format')}; this version of Awase reads {FORMAT}"
            raise FormatError("E0721", message, place=path, remedy="upgrade Awase: pip install -U awase")
        needed = _SETTINGS | (_OF_A_MODEL if "dim" in meta else set())
        if missing := sorted(needed - meta.keys()):
            message = f"the collection does not say its {', '.join(missing)}"
            raise FormatError("E0721", message, place=path, remedy="restore the file from a copy, or make it again")
        return table

    def snapshot(self):
        """A block whose reads see one state."""
        return database.snapshot(self.connection)

    # -- writing ------------------------------------------------------------------------------------------------------------

    @contextmanager
    def commit(self) -> Iterator[int]:
        """A block whose writes are one generation, durable when it ends; gives the number of that generation."""
        with database.transaction(self.connection):
            generation = self.state().generation + 1
            yield generation
            self.connection.execute("INSERT INTO commits VALUES (?, ?)", (generation, secrets.randbits(62)))

    def insert(self, rows: Sequence[Row], vectors: np.ndarray | None) -> None:
        """Add items whose ids are new, with their vectors (n, dim) float32."""
        first = self.last_row() + 1
        self.connection.executemany(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?)",
            ((first + i, row.id, row.text, row.metadata, row.checksum) for i, row in enumerate(rows)),
        )
        if vectors is not None:
            blobs = (vector.astype("<f4").tobytes() for vector in vectors)
            self.connection.executemany(
                "INSERT INTO vectors VALUES (?, ?, ?, ?)",
                ((first + i, blob, zlib.crc32(blob), rows[i].vector is not None) for i, blob in enumerate(blobs)),
            )
        fresh = set().union(*(row.fields for row in rows)) - self._fields
        self.connection.executemany("INSERT OR IGNORE INTO fields VALUES (?)", ((name,) for name in sorted(fresh)))
        self._fields |= fresh

    def delete(self, ids: Sequence[str], generation: int) -> int:
        """Delete the items that have these ids; how many there were."""
        # A JSON list is any number of ids in one parameter.
        note = "INSERT INTO deleted SELECT row, ? FROM items WHERE id IN (SELECT value FROM json_each(?))"
        self.connection.execute(note, (generation, json.dumps(ids)))
        gone = self.connection.execute("DELETE FROM items WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))
        return gone.rowcount

    def set_meta(self, meta: dict) -> None:
        self.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    def remember(self, meta: dict) -> None:
        """Keep settings that are no part of the content: not a commit."""
        with database.transaction(self.connection):
            self.set_meta(meta)

    def forget_before(self, generation: int) -> None:
        """Drop the history that no cache needs: what happened up to a generation."""
        self.connection.execute("DELETE FROM deleted WHERE generation <= ?", (generation,))
        self.connection.execute("DELETE FROM commits WHERE generation < ?", (generation,))

    # -- reading ------------------------------------------------------------------------------------------------------------

    def meta(self) -> dict:
        return dict(self.connection.execute("SELECT key, value FROM meta"))

    def state(self) -> State:
        """The newest commit."""
        newest = "SELECT generation, token FROM commits ORDER BY generation DESC LIMIT 1"
        return State(*self.connection.execute(newest).fetchone())

    def knows(self, state: State) -> bool:
        """Whether this commit is one of ours, and what happened since it is still known."""
        return bool(self.connection.execute("SELECT 1 FROM commits WHERE generation = ? AND token = ?", state).fetchone())

    def count(self) -> int:
        return self.connection.execute("SELECT count(*) FROM items").fetchone()[0]

    def n_bytes(self) -> int:
        """The size of the file, with what is still in its log."""
        pages, size = (self.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return pages * size

    def last_row(self) -> int:
        """The highest row number ever given."""
        found = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'items'").fetchone()
        return found[0] if found else 0

    def fields(self) -> set[str]:
        """The names of metadata fields that items have or had."""
        return {name for (name,) in self.connection.execute("SELECT name FROM fields")}

    def deleted_since(self, state: State) -> np.ndarray:
        """Rows deleted after a commit, rising (int64)."""
        return self._rows("SELECT row FROM deleted WHERE generation > ? ORDER BY row", (state.generation,))

    def rows_where(self, sql: str, parameters: tuple) -> np.ndarray:
        """Rows that a condition of ``where.py`` allows, rising (int64)."""
        return self._rows(f"SELECT row FROM items WHERE {sql} ORDER BY row", parameters)  # noqa: S608 (no text of a user's)

    def texts_after(self, row: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        """(rows, texts) of the items above a row, a few thousand at a time and fewer when they are long."""
        rows, texts, size = [], [], 0
        for number, text in self.connection.execute("SELECT row, text FROM items WHERE row > ? ORDER BY row", (row,)):
            rows.append(number)
            texts.append(text)
            size += len(text)
            if len(rows) == _ROWS or size > _CHARS:
                yield np.array(rows, np.int64), texts
                rows, texts, size = [], [], 0
        if rows:
            yield np.array(rows, np.int64), texts

    def count_vectors_after(self, row: int) -> int:
        return self.connection.execute("SELECT count(*) FROM vectors WHERE row > ?", (row,)).fetchone()[0]

    def vectors_after(self, row: int, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(rows, vectors (n, dim)) of the items above a row, a few thousand at a time, checked against their checksums."""
        cursor = self.connection.execute("SELECT row, vector, checksum FROM vectors WHERE row > ? ORDER BY row", (row,))
        while found := cursor.fetchmany(_ROWS):
            rows, blobs, _ = zip(*found, strict=True)
            for number, blob, kept in found:
                if not _is_whole(blob, kept, dim):
                    raise self.damaged(number, "vector")
            yield np.array(rows, np.int64), np.frombuffer(b"".join(blobs), "<f4").reshape(-1, dim)

    def items(self, rows: Sequence[int]) -> dict[int, Kept]:
        """row -> item, each checked against its checksum."""
        sql = "SELECT row, id, text, metadata, checksum FROM items WHERE row IN (SELECT value FROM json_each(?))"
        found = {row: Kept(row, *kept) for row, *kept in self.connection.execute(sql, (json.dumps(rows),))}
        return {row: self.checked(kept) for row, kept in found.items()}

    def by_id(self, ids: Sequence[str]) -> dict[str, Kept]:
        """id -> item, of the items that are there; not checked, as an upsert may replace a damaged one."""
        sql = "SELECT row, id, text, metadata, checksum FROM items WHERE id IN (SELECT value FROM json_each(?))"
        return {kept[1]: Kept(*kept) for kept in self.connection.execute(sql, (json.dumps(ids),))}

    def checked(self, kept: Kept) -> Kept:
        """The same item, if its bytes are those that were written."""
        if checksum(kept.id, kept.text, kept.metadata) != kept.checksum:
            raise self.damaged(kept.row, "text or metadata")
        return kept

    def vectors(self, rows: Sequence[int], dim: int) -> dict[int, tuple[np.ndarray, bool]]:
        """row -> its vector and whether the user gave it; without those whose bytes are not what was written."""
        sql = "SELECT row, vector, checksum, own FROM vectors WHERE row IN (SELECT value FROM json_each(?))"
        found = self.connection.execute(sql, (json.dumps(rows),))
        return {row: (np.frombuffer(blob, "<f4"), bool(own)) for row, blob, kept, own in found if _is_whole(blob, kept, dim)}

    def all_damage(self, dim: int) -> Iterator[str]:
        """Everything that is wrong in the file, found by reading all of it."""
        yield from database.damage(self.connection)
        for row, *kept in self.connection.execute("SELECT row, id, text, metadata, checksum FROM items"):
            if checksum(*kept[:3]) != kept[3]:
                yield self.damaged(row, "text or metadata").message + f": row {row}, id {kept[0]!r}"
        if dim:
            for row, blob, kept in self.connection.execute("SELECT row, vector, checksum FROM vectors"):
                if not _is_whole(blob, kept, dim):
                    yield self.damaged(row, "vector").message + f": row {row}"
            without = "SELECT row, id FROM items WHERE row NOT IN (SELECT row FROM vectors)"
            for row, item_id in self.connection.execute(without):
                yield f"an item has no vector: row {row}, id {item_id!r}"

    def damaged(self, row: int, what: str) -> IntegrityError:
        """The error for an item whose bytes are not those that were written."""
        found = self.connection.execute("SELECT id FROM items WHERE row = ?", (row,)).fetchone()
        place = f"{self.path}, row {row}" + (f" (id {found[0]!r})" if found else "")
        message = f"the {what} of an item is not what was written: the disk changed it"
        return IntegrityError("E0724", message, place=place, remedy="upsert the item again, or restore the file from a copy")

    def _rows(self, sql: str, parameters: tuple) -> np.ndarray:
        return np.fromiter((row for (row,) in self.connection.execute(sql, parameters)), np.int64)


def _is_whole(blob: bytes, kept: int, dim: int) -> bool:
    return len(blob) == 4 * dim and zlib.crc32(blob) == kept
