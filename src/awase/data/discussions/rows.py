"""What every reader of discussions gives: rows of names, a time and a text, before names become hashes."""

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from awase.data.kinds import TEXT_TYPE
from awase.data.rows import Chunk

THREAD, ROOT, REPLY = 0, 1, 2
# Kinds that follow from the parent, once all rows are known. Where it is missing, a row of the second kind is ROOT: its parent is its thread.
UNKNOWN, ON_THREAD = 254, 255

ROWS = pa.schema(
    [(name, TEXT_TYPE) for name in ("id", "parent", "thread", "author", "community")]
    + [("time", pa.int64()), ("kind", pa.uint8()), ("title", TEXT_TYPE), ("body", TEXT_TYPE)]
)


class Reader(Protocol):
    """Something that discussions can be read from, more than once: texts and names are looked up in a second pass.

    ``rows`` gives chunks of ROWS: an id in each row, null for all else that is not there. ``thread`` null: the thread of the parent.
    """

    name: str
    format: str

    def rows(self) -> Iterator[Chunk]: ...
