"""What every reader speaks: fields that are wanted, chunks of typed rows, and rows that had to be refused."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from awase.core.errors import AwaseError, FormatError, InputError, LimitError
from awase.data.kinds import Kind, Refused

MAX_LISTED = 50  # refused rows that are listed; all are counted

_ERRORS = {"E0103": FormatError, "E0108": FormatError, "E0110": LimitError}


class Field(NamedTuple):
    """A column that is wanted, and what it must hold."""

    column: str
    kind: Kind


class BadRow(NamedTuple):
    """One refused row. ``at`` is its line or row number: it orders rows, ``place`` is for people."""

    at: int
    place: str
    column: str
    code: str
    problem: str
    value: object
    remedy: str

    @classmethod
    def of(cls, at: int, place: str, column: str, refused: Refused) -> "BadRow":
        return cls(at, place, column, refused.code, refused.problem, refused.value, refused.remedy)

    def error(self) -> AwaseError:
        message = f"column {self.column!r}: {self.problem}" if self.column else self.problem
        kind = _ERRORS.get(self.code, InputError)
        return kind(self.code, message, place=self.place, value=self.value, remedy=self.remedy)


class Record(NamedTuple):
    """One row as Python values, and where it stands."""

    at: int
    place: str
    values: dict[str, Any]


class Chunk(NamedTuple):
    """Good rows, one column per wanted field in their order, and the rows that were refused on the way."""

    batch: pa.RecordBatch
    bad: list[BadRow]


class BadRows:
    """How many rows were refused, and the first of them.

    >>> BadRows().n
    0
    """

    def __init__(self) -> None:
        self.n = 0
        self.listed: list[dict[str, str]] = []

    def add(self, rows: Iterable[BadRow]) -> None:
        for row in rows:
            self.n += 1
            if len(self.listed) < MAX_LISTED:
                value = "" if row.value is None else repr(row.value)[:120]
                self.listed.append({"place": row.place, "column": row.column, "problem": row.problem, "value": value})


def names_of(values: Mapping[str, Any]) -> list[str]:
    """The columns of a row: its keys, and the dotted names of what objects hold.

    >>> names_of({"id": 1, "text": {"en": "dog", "ja": "犬"}})
    ['id', 'text', 'text.en', 'text.ja']
    """
    inner = [f"{key}.{name}" for key, value in values.items() if isinstance(value, dict) for name in names_of(value)]
    return [key for key in values if isinstance(key, str)] + inner


def value_of(values: Mapping[str, Any], column: str) -> Any:
    """The value of a column, which may be the dotted name of what an object holds; None where there is none.

    >>> value_of({"text": {"en": "dog"}}, "text.en"), value_of({"text": None}, "text.en")
    ('dog', None)
    """
    if column in values or "." not in column:
        return values.get(column)
    key, _, rest = column.partition(".")
    inner = values.get(key)
    return value_of(inner, rest) if isinstance(inner, dict) else None


class Source(Protocol):
    """Something rows can be read from. ``parse`` is the fast way for one block; ``records`` the exact way, which defines what a
    block holds and says where each row stands. ``parse`` returns None whenever a closer look is needed."""

    name: str
    format: str
    encoding: str
    columns: list[str]

    def blocks(self, columns: list[str] | None) -> Iterator[Any]: ...

    def parse(self, block: Any, fields: list[Field]) -> pa.RecordBatch | None: ...

    def records(self, block: Any) -> Iterator[Record | BadRow]: ...


def chunks(source: Source, fields: list[Field]) -> Iterator[Chunk]:
    """The rows of a source, typed and checked, in bounded memory: one block at a time.

    Blocks that parse natively never meet a Python loop. A block with anything odd in it is read again record by record, so that
    the error knows its line.
    """
    for block in source.blocks([field.column for field in fields]):
        yield chunk_of(source, block, fields)


def chunk_of(source: Source, block: Any, fields: list[Field]) -> Chunk:
    """The rows of one block."""
    if isinstance(block, BadRow):
        return Chunk(_check(_batch([[] for _ in fields], fields), fields)[0], [block])
    batch = source.parse(block, fields)
    checked, refused = (None, {}) if batch is None else _check(batch, fields)
    return _closely(source.records(block), fields) if checked is None or refused else Chunk(checked, [])


def records(source: Source) -> Iterator[Record | BadRow]:
    """Every row of a source as Python values: for items whose metadata must become Python objects anyway."""
    for block in source.blocks(None):
        if isinstance(block, BadRow):
            yield block
        else:
            yield from source.records(block)


def _batch(columns: list[list], fields: list[Field]) -> pa.RecordBatch:
    arrays = [pa.array(values, field.kind.collected) for values, field in zip(columns, fields)]
    return pa.RecordBatch.from_arrays(arrays, names=[field.column for field in fields])


def _closely(rows: Iterator[Record | BadRow], fields: list[Field]) -> Chunk:
    """The same as parsing and checking a block, one record after the other."""
    columns: list[list] = [[] for _ in fields]
    kept: list[Record] = []
    bad: list[BadRow] = []
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        values = [field.kind.accept(value_of(row.values, field.column)) for field in fields]
        wrong = next((at for at, value in enumerate(values) if isinstance(value, Refused)), None)
        if wrong is not None:
            bad.append(BadRow.of(row.at, row.place, fields[wrong].column, values[wrong]))
            continue
        kept.append(row)
        for column, value in zip(columns, values):
            column.append(value)
    batch, refused = _check(_batch(columns, fields), fields)
    bad += [BadRow.of(kept[row].at, kept[row].place, column, why) for row, (column, why) in refused.items()]
    good = np.ones(len(kept), dtype=bool)
    good[list(refused)] = False
    return Chunk(batch.filter(pa.array(good)), sorted(bad, key=lambda row: row.at))


def _check(batch: pa.RecordBatch, fields: list[Field]) -> tuple[pa.RecordBatch, dict[int, tuple[str, Refused]]]:
    """Typed columns, and the first thing wrong in each row that has something wrong."""
    arrays, refused = [], {}
    for column, field in zip(batch.columns, fields):
        array, wrong = field.kind.convert(field.column, column)
        arrays.append(array)
        for row, why in wrong.items():
            refused.setdefault(row, (field.column, why))
    return pa.RecordBatch.from_arrays(arrays, names=[field.column for field in fields]), refused
