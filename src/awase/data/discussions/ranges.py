"""Joins over more rows than fit in memory: rows that must meet are first sorted into ranges (of a hash, of row numbers), each of which fits."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from awase.data.keeper import keep
from awase.kernels.lazy import njit
from awase.store import files

ROWS_OF_A_RANGE = 1 << 21
_MOST_RANGES = 128  # each is an open file while it is filled


class Space:
    """Where tables and ranges are kept: in memory, or in a folder."""

    def __init__(self, folder: Path | None):
        self._folder, self._made = folder, 0
        self._table: Path | None = None

    def ranges(self, n: int, record: np.dtype) -> "Ranges":
        return Ranges(n, record, self._next("ranges"))

    def keep(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
        """The batches as a table, in place of the one that was kept before: what still maps that one goes on reading it."""
        before, self._table = self._table, self._next("events.arrow")
        table = keep(batches, schema, self._table)
        if before is not None:
            files.remove(before)
        return table

    def _next(self, kind: str) -> Path | None:
        self._made += 1
        return None if self._folder is None else self._folder / f"{self._made}-{kind}"


class Ranges:
    """Records in ranges, each in the order in which they came. Filled within a ``with`` block, then taken once."""

    def __init__(self, n: int, record: np.dtype, folder: Path | None):
        self._n, self._record, self._folder = n, record, folder
        self._held: list[list[np.ndarray]] = [[] for _ in range(n)]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._folder is not None:
            self._streams = [self._open.enter_context(files.open_atomic(path)) for path in self._paths()]
        return self

    def __exit__(self, *error) -> None:
        self._open.__exit__(*error)

    def add(self, at: np.ndarray, **columns: np.ndarray) -> None:
        """Adds records to the ranges ``at`` (n,); the columns are the fields of a record."""
        records = np.empty(len(at), self._record)
        for name, column in columns.items():
            records[name] = column
        order = np.argsort(at.astype(np.uint8), kind="stable")  # a radix sort
        bounds = np.searchsorted(at[order], np.arange(self._n + 1))
        records = records[order]
        for number in np.flatnonzero(np.diff(bounds)):
            part = records[bounds[number] : bounds[number + 1]]
            if self._folder is None:
                self._held[number].append(part)
            else:
                self._streams[number].write(part.data.cast("B"))

    def taken(self) -> Iterator[np.ndarray]:
        """The records of one range after the other, which are gone then."""
        if self._folder is not None:
            for path in self._paths():
                yield np.fromfile(path, self._record)
                files.remove(path)
            files.remove(self._folder)
            return
        for number in range(self._n):
            parts, self._held[number] = self._held[number], []
            yield np.concatenate(parts) if parts else np.empty(0, self._record)

    def drop(self) -> None:
        """Lets go of them unread."""
        self._held = []
        if self._folder is not None:
            files.remove(self._folder)

    def _paths(self) -> list[Path]:
        assert self._folder is not None
        return [self._folder / str(number) for number in range(self._n)]


class Layout:
    """Into how many ranges n rows go.

    >>> Layout(10).of_rows(np.array([0, 9])).tolist()
    [0, 0]
    """

    def __init__(self, n_rows: int):
        self.size = max(ROWS_OF_A_RANGE, -(-n_rows // _MOST_RANGES))
        self.n = max(1, -(-n_rows // self.size))

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """The range of each row number."""
        return rows // self.size

    def of_hashes(self, hashes: np.ndarray) -> np.ndarray:
        """The range of each hash: by its upper half, as tables of hashes use the lower."""
        return ((hashes >> np.uint64(32)) * np.uint64(self.n) >> np.uint64(32)).astype(np.int64)


class Index:
    """Where each hash of an array (uint64) stands first. ``first``: bool (n,), the rows that are the first of their hash.

    >>> index = Index(np.array([7, 8, 7], np.uint64))
    >>> index.first.tolist(), index.find(np.array([8, 9], np.uint64)).tolist()
    ([True, True, False], [1, -1])
    """

    def __init__(self, hashes: np.ndarray):
        self._hashes = np.ascontiguousarray(hashes)
        self._slots = np.full(1 << max(2 * len(hashes), 2).bit_length(), -1, np.int64)
        self.first = np.empty(len(hashes), np.bool_)
        _index(self._hashes, self._slots, self.first)

    def find(self, wanted: np.ndarray) -> np.ndarray:
        """int64 (m,): the first row of each wanted hash, -1 where there is none."""
        rows = np.empty(len(wanted), np.int64)
        _find(self._hashes, self._slots, np.ascontiguousarray(wanted), rows)
        return rows


@njit(cache=True, nogil=True)
def _index(hashes, slots, first):
    """Open addressing with linear probing in a table at most half full; hashes are spread already."""
    mask = np.uint64(slots.size - 1)
    for row in range(hashes.size):
        slot = hashes[row] & mask
        while slots[slot] >= 0 and hashes[slots[slot]] != hashes[row]:
            slot = (slot + np.uint64(1)) & mask
        first[row] = slots[slot] < 0
        if first[row]:
            slots[slot] = row


@njit(cache=True, nogil=True)
def _find(hashes, slots, wanted, rows):
    mask = np.uint64(slots.size - 1)
    for i in range(wanted.size):
        slot = wanted[i] & mask
        while slots[slot] >= 0 and hashes[slots[slot]] != wanted[i]:
            slot = (slot + np.uint64(1)) & mask
        rows[i] = slots[slot]


def _find_twin(hashes: np.ndarray, wanted: np.ndarray) -> tuple[list[bool], list[int]]:
    """``Index.first`` and what ``find`` gives, with a dictionary."""
    places: dict[int, int] = {}
    first = [places.setdefault(int(value), row) == row for row, value in enumerate(hashes)]
    return first, [places.get(int(value), -1) for value in wanted]
