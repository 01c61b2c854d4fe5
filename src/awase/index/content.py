"""What a collection should hold, kept with every commit and compared with what is read.

The checksum beside an item shows that a byte of it changed; it cannot show that the item is gone because a byte that SQLite finds its
rows by changed. So each commit keeps how many items there are, a sum over their row numbers, and a checksum of the names of their fields; and
one more checksum covers the settings, these numbers among them.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

_MAX_CHARS = 200
KEY, CHECKSUM = "content", "checksum"  # among the settings
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Content(NamedTuple):
    """What there is at one commit."""

    generation: int
    token: int
    items: int
    last_row: int  # the highest row number ever given
    rows: int  # ``row_sum`` of the items, and of the vectors where the collection has a model
    fields: int  # ``names_checksum`` of the fields

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(self)

    @classmethod
    def of(cls, meta: Mapping) -> "Content | None":
        """What the settings say; None where an older version kept none. Raises ValueError where it is no such list."""
        if KEY not in meta:
            return None
        text = meta[KEY]
        values = json.loads(text) if isinstance(text, str) and len(text) < _MAX_CHARS else None
        if not isinstance(values, list) or len(values) != len(cls._fields) or not all(type(one) is int for one in values):
            raise ValueError("not a list of six whole numbers")
        return cls(*values)


class Seen:
    """What of a file was compared with what was written, by this process: all items up to ``row``; ``whole``: that none is missing;
    ``ids``: that each is found by its id. ``n_bytes``: characters of metadata there were. Rows never change, so what was seen
    need not be looked at again."""

    def __init__(self) -> None:
        self.row, self.whole, self.ids, self.n_bytes = 0, False, False, 0


def row_sum(rows: Iterable[int] | np.ndarray) -> int:
    """The sum of the hashes of row numbers, modulo 2^64, in any order (the hash is the last step of SplitMix64).

    >>> row_sum([1, 2, 3]) == (row_sum([3]) + row_sum([2, 1])) % 2**64
    True
    """
    mixed = np.fromiter(rows, np.int64).astype(np.uint64) if not isinstance(rows, np.ndarray) else rows.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _M1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _M2
    return int((mixed ^ (mixed >> np.uint64(31))).sum(dtype=np.uint64))


def names_checksum(names: Iterable[str]) -> int:
    """Of a set of names."""
    return zlib.crc32(repr(sorted(names, key=repr)).encode(errors="replace"))


def settings_checksum(meta: Mapping) -> int:
    """Of all settings but itself."""
    return zlib.crc32(repr(sorted((repr(key), value) for key, value in meta.items() if key != CHECKSUM)).encode())
