"""Collections with notes: what their maker knows of where the items come from, changed in one commit with the items.

So a cache of files never says that a file was read when its items are not there, nor the other way round, wherever a process is killed.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence

from awase.core.errors import IntegrityError
from awase.index.collection import Collection
from awase.index.items import batches
from awase.index.settings import NOTES

_ANY_SIZE = 1 << 62


class NotedCollection(Collection):
    """A collection whose maker keeps a text under each of some keys.

    >>> path = getfixture("tmp_path") / "docs.awase"
    >>> with NotedCollection.create(path) as docs:
    ...     docs.exchange([], [("a:1", "red wine")], {"a": "read on Monday"})
    ...     docs.exchange(["a:1"], [("a:1", "white wine"), ("a:2", "beer")], {"a": "read on Tuesday", "b": "empty"})
    ...     docs.notes(), len(docs)
    ({'a': 'read on Tuesday', 'b': 'empty'}, 2)
    """

    def notes(self) -> dict[str, str]:
        """All notes; none where none were ever made. Errors: E0724 one is not what was written."""
        with self._reading():
            if not self._has_notes():
                return {}
            kept = self._table.connection.execute("SELECT key, value, checksum FROM notes").fetchall()
        for key, value, sum_ in kept:
            if _checksum(key, value) != sum_:
                remedy = "make the collection again"
                raise IntegrityError("E0724", "a note is not what was written: the disk changed it", place=key, remedy=remedy)
        return {key: value for key, value, _ in kept}

    def ids(self) -> list[str]:
        """The ids of all items."""
        with self._reading():
            return [item_id for (item_id,) in self._table.connection.execute("SELECT id FROM items")]

    def exchange(self, gone: Sequence[str], items: Iterable, notes: Mapping[str, str | None]) -> None:
        """Delete the items with these ids, add others, and change notes (None removes one), all in one commit.

        All items are in memory at once. Raises as ``Collection.upsert``, and then nothing is changed.
        """
        with self._writing():
            rows = [row for batch in batches(items, _ANY_SIZE, self.dim or None) for row in batch]
            vectors = self._model.vectors(rows)
            with self._commit() as generation:
                if gone or rows:
                    self._written += self._table.delete([*gone, *(row.id for row in rows)], generation)
                    self._table.insert(rows, vectors)
                    self._written += len(rows)
                connection = self._table.connection
                if not self._has_notes():
                    connection.execute(NOTES)
                removed = [(key,) for key, value in notes.items() if value is None]
                connection.executemany("DELETE FROM notes WHERE key = ?", removed)
                kept = [(key, value, _checksum(key, value)) for key, value in notes.items() if value is not None]
                connection.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", kept)

    def _has_notes(self) -> bool:
        return bool(self._table.connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'notes'").fetchone())


def _checksum(key: str, value: str) -> int:
    return zlib.crc32(f"{key}\0{value}".encode())
