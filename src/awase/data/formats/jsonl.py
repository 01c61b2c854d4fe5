"""JSON lines: one object a line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json

from awase.core.errors import FormatError, InputError
from awase.data.blocks import Block, end_of_lines, not_utf8, read_blocks, refuse_escapes
from awase.data.kinds import named
from awase.data.rows import BadRow, Field, Record, names_of

_PEEKED = 100  # lines whose keys make up the columns
_NEWLINE, _BRACE = ord("\n"), ord("{")
_BLANK_LINE = re.compile(rb"^[ \t\r]*\n", re.MULTILINE)


class JsonLines:
    """A JSON-lines file. Its columns are the keys of the first lines, in the order they appear."""

    format, encoding = "JSONL", "UTF-8"

    def __init__(self, path: Path):
        self.path, self.name = path, str(path)
        self._types: dict[str, set[type]] = {}
        self._inner: dict[str, None] = {}  # dotted names of what objects hold
        self._peek()
        self.columns = [*self._types, *self._inner]

    def _peek(self) -> None:
        left = _PEEKED
        for block in self.blocks(None):
            if isinstance(block, BadRow):
                continue
            refuse_escapes(block, self.path)
            if block.line == 1 and block.data.lstrip().startswith(b"["):
                raise FormatError(
                    "E0108",
                    "the file is one JSON list, not one JSON object a line",
                    place=f"{self.name}:1",
                    remedy=f"jq -c '.[]' {self.path.name} > {self.path.stem}.jsonl",
                )
            for row in self.records(block):
                if isinstance(row, Record):
                    for key, value in row.values.items():
                        self._types.setdefault(key, set()).add(type(value))
                    self._inner |= dict.fromkeys(name for name in names_of(row.values) if name not in row.values)
                    left -= 1
                if left == 0:
                    return
        if left == _PEEKED:
            for block in self.blocks(None):
                raise block.error() if isinstance(block, BadRow) else self._first_error(block)
            raise InputError("E0106", "the file is empty", place=self.name, remedy="give a file with at least one row")

    def _first_error(self, block: Block) -> Exception:
        for row in self.records(block):
            if isinstance(row, BadRow):
                return row.error()
        return InputError("E0106", "the file has no rows", place=self.name, remedy="give a file with at least one row")

    def blocks(self, columns: list[str] | None) -> Iterator[Block | BadRow]:
        return read_blocks(self.path, end_of_lines)

    def parse(self, block: Block, fields: list[Field]) -> pa.RecordBatch | None:
        if any(field.column in self._inner for field in fields):
            return None
        schema = pa.schema(
            [(field.column, field.kind.native(self._types.get(field.column, set()) - {type(None)})) for field in fields]
        )
        try:
            table = arrow_json.read_json(
                pa.BufferReader(block.data),
                arrow_json.ReadOptions(use_threads=False, block_size=len(block.data) + 1),
                arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
            )
            table.validate(full=True)  # the JSON reader takes any bytes for text; this finds those that are not UTF-8
        except pa.ArrowInvalid:
            return None
        if table.num_rows != _n_lines(block.data):
            return None  # an object over several lines, or several on one line
        columns = [table[field.column].combine_chunks() for field in fields]
        return pa.RecordBatch.from_arrays(columns, names=[field.column for field in fields])

    def records(self, block: Block) -> Iterator[Record | BadRow]:
        for number, text in enumerate(block.data.split(b"\n")[:-1], start=block.line):
            if not text.strip():
                continue
            place = f"{self.name}:{number}"
            try:
                value: Any = json.loads(text.decode("utf-8"))
            except UnicodeDecodeError as cause:
                yield not_utf8(self.name, number, text, cause)
                continue
            except (ValueError, RecursionError) as cause:
                shown = text.decode("utf-8")[:80]
                yield BadRow(
                    number, place, "", "E0108", f"not JSON: {_reason(cause)}", shown, "write one JSON object on each line"
                )
                continue
            if isinstance(value, dict):
                yield Record(number, place, value)
            else:
                problem = f"the line holds {named(value)}, not an object"
                yield BadRow(number, place, "", "E0108", problem, value, 'write {"anchor": ..., "positive": ...} on each line')


def _n_lines(data: bytes) -> int:
    """How many lines are not blank. Where each begins with an object none is, and to look for them takes longer than to parse."""
    values = np.frombuffer(data, np.uint8)
    starts = np.flatnonzero(values == _NEWLINE)[:-1] + 1
    if data.startswith(b"{") and (values[starts] == _BRACE).all():
        return len(starts) + 1
    return len(starts) + 1 - len(_BLANK_LINE.findall(data))


def _reason(cause: Exception) -> str:
    """The parser's words with the column, without its line number, which is always 1."""
    if isinstance(cause, json.JSONDecodeError):
        return f"{cause.msg} at column {cause.colno}"
    return "nested too deeply" if isinstance(cause, RecursionError) else str(cause)
