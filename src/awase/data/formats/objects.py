"""Lists of tuples or dicts that are already in memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from awase.core.errors import InputError
from awase.data.kinds import named
from awase.data.rows import BadRow, Field, Record, names_of

_ROWS = 65_536  # items of one block
_PEEKED = 100  # dicts whose keys make up the columns


class Objects:
    """A sequence of dicts, or of tuples (or lists) whose values stand for ``positions``; more values than those repeat the last."""

    format, encoding = "Python", "Unicode"

    def __init__(self, items: Sequence[Any], positions: Sequence[str]):
        self.items, self.name = items, "the list"
        if not items:
            raise InputError("E0106", "the list is empty", remedy="give at least one row")
        first = items[0]
        self.is_dicts = isinstance(first, dict)
        if self.is_dicts:
            names = [names_of(item) for item in items[:_PEEKED] if isinstance(item, dict)]
            self.columns = sorted(dict.fromkeys(name for row in names for name in row), key=lambda name: "." in name)
        elif isinstance(first, tuple | list):
            last = positions[-1]
            self.columns = [
                positions[number] if number < len(positions) else f"{last}_{number - len(positions) + 2}"
                for number in range(len(first))
            ]
        else:
            raise InputError("E0116", f"the first item is {named(first)}, not a tuple or a dict", place="item [0]", value=first)

    def blocks(self, columns: list[str] | None) -> Iterator[int]:
        yield from range(0, len(self.items), _ROWS)

    def parse(self, block: int, fields: list[Field]) -> pa.RecordBatch | None:
        return None  # Python objects: the exact way is the only one

    def records(self, block: int) -> Iterator[Record | BadRow]:
        for number in range(block, min(block + _ROWS, len(self.items))):
            item, place = self.items[number], f"item [{number}]"
            if self.is_dicts and isinstance(item, dict):
                yield Record(number, place, item)
            elif not self.is_dicts and isinstance(item, tuple | list) and len(item) == len(self.columns):
                yield Record(number, place, dict(zip(self.columns, item)))
            else:
                wanted = "a dict" if self.is_dicts else f"a tuple of {len(self.columns)}"
                problem = f"the item is not {wanted} like the first one"
                yield BadRow(number, place, "", "E0107", problem, item, "give every row the same shape")
