"""The table of a collection: the SQLite file that is its only truth, and all of its SQL.

A row of ``items`` is never changed and its number never used again: an update deletes the row and adds another. So two things
say all that happened since a commit: which rows were deleted, and which rows are higher than the highest then. Each commit has
a generation, one higher than the last, and a random token, so that a cache made from a copy of the file, or from a history that
a restored backup undid, is told apart from one that fits.

Whatever is read is compared with what was written: each item with its checksum, all of them with what the newest commit says of them
(``content.py``), before a search is built of them, a filter looks at them or they are counted.
"""

import json
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import numpy as np

from awase.core.errors import FormatError, InputError, IntegrityError
from awase.index import settings
from awase.index.content import CHECKSUM, KEY, Content, Seen, names_checksum, row_sum, settings_checksum
from awase.index.items import Result, Row, checksum
from awase.store import database

_ROWS = 8192  # read at once
_CHARS = 1 << 24  # of text read at once
_HISTORY = 10_000  # commits that caches may lie behind
_LOOK_EVERY = 64  # commits, for history that no cache needs

# Compared letter by letter with what a file has: see ``settings.check_schema``.
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
        return Result(self.id, score, self.text, self.fields, sources)

    @property
    def fields(self) -> dict:
        """The metadata. Errors: E0751 it is not what we write."""
        with suppress(ValueError, RecursionError):
            if isinstance(fields := json.loads(self.metadata), dict):
                return fields
        message = "the metadata of an item is not as Awase writes it: another program did"
        raise FormatError("E0751", message, place=f"row {self.row} (id {self.id!r})", remedy="upsert the item again")


class Table:
    """The SQL of one open collection. Reads belong inside ``snapshot``, writes inside ``commit``."""

    def __init__(self, connection: sqlite3.Connection, path: str, seen: Seen | None = None):
        self.connection, self.path, self.seen = connection, path, seen or Seen()
        self._fields: set[str] = set()  # those known to be written
        self._content: Content  # as it is after the changes so far, inside ``commit``

    @classmethod
    def create(cls, connection: sqlite3.Connection, path: str, meta: dict) -> "Table":
        """A new table in an empty file."""
        with database.transaction(connection):
            if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                remedy = "open it, or choose another path"
                raise InputError("E0720", "there is a collection already", place=path, remedy=remedy)
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            token = secrets.randbits(62)
            connection.execute("INSERT INTO commits VALUES (0, ?)", (token,))
            table = cls(connection, path)
            nothing = Content(0, token, 0, 0, 0, names_checksum([]))
            table.set_meta({"format": settings.FORMAT, "uuid": secrets.token_hex(16), **meta, KEY: nothing.text()})
        return table

    @classmethod
    def open(cls, connection: sqlite3.Connection, path: str, seen: Seen | None = None) -> "Table":
        """The table of a file: its format, schema and settings checked. seen: of another table of the same file.

        Errors: E0721 another format, E0750 the settings are damaged, E0751 another program made or changed it.
        """
        table = cls(connection, path, seen)
        with database.snapshot(connection):
            settings.check_schema(connection, path, _SCHEMA)
            said = table.meta(check=False)
            settings.check_format(said.get("format"), path)
            settings.check(said, path)
            table.meta()
        return table

    def snapshot(self):
        """A block whose reads see one state."""
        return database.snapshot(self.connection)

    # -- writing ------------------------------------------------------------------------------------------------------------

    @contextmanager
    def commit(self) -> Iterator[int]:
        """A block whose writes are one generation, durable when it ends; gives the number of that generation."""
        with database.transaction(self.connection):
            self._content = self.content() or self._counted()
            generation, token = self._content.generation + 1, secrets.randbits(62)
            yield generation
            if generation % _LOOK_EVERY == 0:
                self._forget(generation)
            self.connection.execute("INSERT INTO commits VALUES (?, ?)", (generation, token))
            self.set_meta({"format": settings.FORMAT, KEY: self._content._replace(generation=generation, token=token).text()})

    def insert(self, rows: Sequence[Row], vectors: np.ndarray | None) -> None:
        """Add items whose ids are new, with their vectors (n, dim) float32."""
        last = self._content.last_row
        if self._last_row() != last:
            raise self._lost("the number of the next item")
        first = last + 1
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
        self._changed(np.arange(first, first + len(rows)), 1, last_row=last + len(rows))
        if fresh:
            self._content = self._content._replace(fields=names_checksum(self._names()))

    def delete(self, ids: Sequence[str], generation: int) -> int:
        """Delete the items that have these ids; how many there were. Errors: E0750 an id leads to another item."""
        # A JSON list is any number of ids in one parameter.
        by_id = "SELECT row FROM items WHERE id IN (SELECT value FROM json_each(?))"
        rows = self._rows(by_id, (json.dumps(ids),))
        these = (json.dumps(rows.tolist()),)
        by_row = "SELECT id FROM items NOT INDEXED WHERE row IN (SELECT value FROM json_each(?))"
        if not {item_id for (item_id,) in self.connection.execute(by_row, these)} <= set(ids):
            raise self._lost("the index of the ids")
        self.connection.execute("INSERT INTO deleted SELECT value, ? FROM json_each(?)", (generation, *these))
        gone = self.connection.execute("DELETE FROM items WHERE row IN (SELECT value FROM json_each(?))", these)
        self._changed(rows, -1)
        return gone.rowcount

    def _changed(self, rows: np.ndarray, sign: int, **more: int) -> None:
        """Keep account of items added (sign 1) or gone (-1)."""
        now = self._content
        changed = (now.rows + sign * row_sum(rows)) % 2**64
        self._content = now._replace(items=now.items + sign * len(rows), rows=changed, **more)

    def _counted(self) -> Content:
        """What there is, of a collection of format 1, which does not say so: it becomes one of the present format."""
        rows = self._rows("SELECT row FROM items ORDER BY row", ())
        return Content(*self.state(), len(rows), self._last_row(), row_sum(rows), names_checksum(self._names()))

    def set_meta(self, meta: dict) -> None:
        """Keep settings, and the checksum of all of them."""
        insert = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
        self.connection.executemany(insert, meta.items())
        kept = dict(self.connection.execute("SELECT key, value FROM meta"))
        self.connection.execute(insert, (CHECKSUM, settings_checksum(kept)))

    def remember(self, meta: dict) -> None:
        """Keep settings that are no part of the content: not a commit."""
        with database.transaction(self.connection):
            self.set_meta(meta)

    def forget_before(self, generation: int) -> None:
        """Drop the history that no cache needs: what happened up to a generation."""
        self.connection.execute("DELETE FROM deleted WHERE generation <= ?", (generation,))
        self.connection.execute("DELETE FROM commits WHERE generation < ?", (generation,))

    def _forget(self, generation: int) -> None:
        """Drop the history that is longer than anyone needs: a cache so far behind is sooner made again than brought up to date."""
        most = max(_HISTORY, self._content.items)
        beyond = "SELECT generation FROM deleted ORDER BY generation DESC LIMIT 1 OFFSET ?"
        found = self.connection.execute(beyond, (most,)).fetchone()
        self.forget_before(max(generation - _HISTORY, found[0] if found else 0))

    # -- reading ------------------------------------------------------------------------------------------------------------

    def meta(self, *, check: bool = True) -> dict:
        """The settings. Errors: E0750 they are not what was written."""
        meta = dict(self.connection.execute("SELECT key, value FROM meta"))
        if (
            check
            and (CHECKSUM in meta or meta.get("format") == settings.FORMAT)
            and meta.get(CHECKSUM) != settings_checksum(meta)
        ):
            raise self._lost("what the collection says of itself")
        return meta

    def content(self) -> Content | None:
        """What there should be; None in a file of format 1 that was not written to since."""
        try:
            return Content.of(self.meta())
        except ValueError:
            raise self._lost("what the collection says of itself") from None

    def state(self) -> State:
        """The newest commit."""
        if content := self.content():
            return State(content.generation, content.token)
        newest = "SELECT generation, token FROM commits ORDER BY generation DESC LIMIT 1"
        return State(*self.connection.execute(newest).fetchone())

    def knows(self, state: State) -> bool:
        """Whether this commit is one of ours, and what happened since it is still known."""
        return bool(self.connection.execute("SELECT 1 FROM commits WHERE generation = ? AND token = ?", state).fetchone())

    def count(self) -> int:
        """How many items there are."""
        if content := self.content():
            return content.items
        return self.connection.execute("SELECT count(*) FROM items").fetchone()[0]

    def _last_row(self) -> int:
        """The highest row number ever given, as SQLite has it."""
        found = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'items'").fetchone()
        return found[0] if found else 0

    def fields(self) -> set[str]:
        """The names of metadata fields that items have or had. Errors: E0750 they are not what was written."""
        names, content = self._names(), self.content()
        if content and names_checksum(names) != content.fields:
            raise self._lost("the list of the fields")
        return names

    def _names(self) -> set[str]:
        return {name for (name,) in self.connection.execute("SELECT name FROM fields")}

    def deleted_since(self, state: State) -> np.ndarray:
        """Rows deleted after a commit, rising (int64)."""
        return self._rows("SELECT row FROM deleted WHERE generation > ? ORDER BY row", (state.generation,))

    def rows_where(self, sql: str, parameters: tuple) -> np.ndarray:
        """Rows that a condition of ``where.py`` allows, rising (int64)."""
        return self._rows(f"SELECT row FROM items WHERE {sql} ORDER BY row", parameters)  # noqa: S608 (no text of a user's)

    def texts_after(self, row: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        """(rows, texts) of the items above a row, a few thousand at a time and fewer when they are long, each compared with its
        checksum; from row 0 on, all of them with what there should be. Errors: E0724, E0750."""
        rows, texts, size, all_rows, n_bytes = [], [], 0, [], self.seen.n_bytes if row else 0
        sql = "SELECT row, id, text, metadata, checksum FROM items WHERE row > ? ORDER BY row"
        for number, *kept in self.connection.execute(sql, (row,)):
            rows.append(number)
            texts.append(self.checked(Kept(number, *kept)).text)
            size += len(texts[-1])
            n_bytes += len(kept[2])
            if len(rows) == _ROWS or size > _CHARS:
                all_rows.append(np.array(rows, np.int64))
                yield all_rows[-1], texts
                rows, texts, size = [], [], 0
        all_rows.append(np.array(rows, np.int64))
        if row == 0:
            self._check_rows(np.concatenate(all_rows), "items")
            self.seen.whole = True
        if row <= self.seen.row:
            self.seen.row, self.seen.n_bytes = max(self.seen.row, self._last_row()), n_bytes
        if rows:
            yield all_rows[-1], texts

    def verify(self) -> None:
        """Compare all items with what was written, but those that were already. Errors: E0724, E0750."""
        start = self.seen.row if self.seen.whole else 0
        if start < self._last_row() or not self.seen.whole:
            for _ in self.texts_after(start):
                pass

    def verify_ids(self) -> None:
        """Make sure that every item is found by its id, before it is said that one is not there. Errors: E0750."""
        if not self.seen.ids:
            if any(row[0] != "ok" for row in self.connection.execute("PRAGMA integrity_check(items)")):
                raise self._lost("the index of the ids")
            self.seen.ids = True

    def _check_rows(self, rows: np.ndarray, what: str) -> None:
        content = self.content()
        if content and (len(rows), row_sum(rows)) != (content.items, content.rows):
            found = f"{content.items:,} were written, {len(rows):,} can be read"
            raise self._lost(f"the list of the {what} ({found})")

    def count_vectors_after(self, row: int) -> int:
        return self.connection.execute("SELECT count(*) FROM vectors WHERE row > ?", (row,)).fetchone()[0]

    def vectors_after(self, row: int, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(rows, vectors (n, dim)) of the items above a row, a few thousand at a time, compared as ``texts_after`` does."""
        all_rows = []
        cursor = self.connection.execute("SELECT row, vector, checksum FROM vectors WHERE row > ? ORDER BY row", (row,))
        while found := cursor.fetchmany(_ROWS):
            rows, blobs, _ = zip(*found, strict=True)
            for number, blob, kept in found:
                if not _is_whole(blob, kept, dim):
                    raise self.damaged(number, "vector")
            all_rows.append(np.array(rows, np.int64))
            yield all_rows[-1], np.frombuffer(b"".join(blobs), "<f4").reshape(-1, dim)
        if row == 0:
            self._check_rows(np.concatenate([np.empty(0, np.int64), *all_rows]), "vectors")

    def items(self, rows: Sequence[int]) -> dict[int, Kept]:
        """row -> item, each checked against its checksum."""
        sql = "SELECT row, id, text, metadata, checksum FROM items WHERE row IN (SELECT value FROM json_each(?))"
        found = {row: Kept(row, *kept) for row, *kept in self.connection.execute(sql, (json.dumps(rows),))}
        if len(found) < len(rows):
            raise self._lost("an item that a search found")
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
        for check in (self.fields, self._check_all_rows):
            try:
                check()
            except IntegrityError as error:
                yield error.message
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

    def _check_all_rows(self) -> None:
        self._check_rows(self._rows("SELECT row FROM items ORDER BY row", ()), "items")

    def _lost(self, what: str) -> IntegrityError:
        """The error for what an item's own checksum cannot show."""
        message = f"{what} is not what was written: the disk changed it"
        return IntegrityError(
            "E0750", message, place=self.path, remedy="restore the file from a copy; `awase doctor` says more"
        )

    def _rows(self, sql: str, parameters: tuple) -> np.ndarray:
        return np.fromiter((row for (row,) in self.connection.execute(sql, parameters)), np.int64)


def _is_whole(blob: bytes, kept: int, dim: int) -> bool:
    return isinstance(blob, bytes) and len(blob) == 4 * dim and zlib.crc32(blob) == kept
