"""CSV and TSV. CSV quotes as RFC 4180 does; TSV has no quoting (as IANA registers it): a quote is a character like any other."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from awase.core.errors import InputError
from awase.data.blocks import Block, end_of_csv_records, end_of_lines, read_blocks
from awase.data.kinds import TEXT_TYPE
from awase.data.rows import BadRow, Field, Record


class Delimited:
    """A CSV or TSV file. Its first record names the columns unless ``without_header`` is called."""

    encoding = "UTF-8"

    def __init__(self, path: Path, delimiter: str):
        self.path, self.name, self.delimiter = path, str(path), delimiter
        self.format = "CSV" if delimiter == "," else "TSV"
        self.header = True
        self.columns = self._first_record()

    def without_header(self) -> None:
        """Columns are named by position, from 1, and the first record is data."""
        self.header = False
        self.columns = [str(position + 1) for position in range(len(self.columns))]

    def _first_record(self) -> list[str]:
        for block in self._read():
            if isinstance(block, BadRow):
                raise block.error()
            for row in self._rows(block):
                if isinstance(row, BadRow):
                    raise row.error()
                return [value.strip() for value in row[1]]
        raise InputError("E0106", "the file is empty", place=self.name, remedy="give a file with at least one row")

    def _read(self) -> Iterator[Block | BadRow]:
        return read_blocks(self.path, end_of_csv_records if self.delimiter == "," else end_of_lines)

    def blocks(self, columns: list[str] | None) -> Iterator[Block | BadRow]:
        header = self.header
        for block in self._read():
            if header and isinstance(block, Block):
                header = False
                block = self._after_first_record(block)
                if not block.data:
                    continue
            yield block

    def _after_first_record(self, block: Block) -> Block:
        rest, line = block.data, block.line
        while _is_blank(rest.split(b"\n", 1)[0]):
            rest, line = rest[rest.index(b"\n") + 1 :], line + 1
        cut = rest.index(b"\n") + 1
        while self.delimiter == "," and not end_of_csv_records(rest[:cut]):
            cut = rest.index(b"\n", cut) + 1
        return Block(rest[cut:], line + rest.count(b"\n", 0, cut))

    def parse(self, block: Block, fields: list[Field]) -> pa.RecordBatch | None:
        if block.data.count(b"\r") != block.data.count(b"\r\n"):
            return None  # Arrow ends a row at a lone carriage return, which we keep as a character
        inner = [f"c{position}" for position in range(len(self.columns))]
        wanted = [inner[self.columns.index(field.column)] for field in fields]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(block.data),
                arrow_csv.ReadOptions(column_names=inner, use_threads=False, block_size=len(block.data) + 1),
                arrow_csv.ParseOptions(
                    delimiter=self.delimiter, quote_char='"' if self.delimiter == "," else False, newlines_in_values=True
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, TEXT_TYPE), include_columns=wanted, strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        columns = [column.combine_chunks() for column in table.columns]
        return pa.RecordBatch.from_arrays(columns, names=[field.column for field in fields])

    def records(self, block: Block) -> Iterator[Record | BadRow]:
        for row in self._rows(block):
            if isinstance(row, BadRow):
                yield row
                continue
            line, values = row
            place = f"{self.name}:{line}"
            if len(values) != len(self.columns):
                yield BadRow(
                    line,
                    place,
                    "",
                    "E0107",
                    f"the row has {len(values)} columns; the first row has {len(self.columns)}",
                    self.delimiter.join(values)[:80],
                    "quote values that hold the delimiter or a line end"
                    if self.delimiter == ","
                    else "a value in a TSV file cannot hold a tab",
                )
            else:
                yield Record(line, place, dict(zip(self.columns, values)))

    def _rows(self, block: Block) -> Iterator[tuple[int, list[str]] | BadRow]:
        lines = block.data.split(b"\n")[:-1]  # the block ends with a line end
        position = 0
        while position < len(lines):
            first, text = position, lines[position]
            position += 1
            if self.delimiter == ",":
                while not end_of_csv_records(text + b"\n"):
                    text += b"\n" + lines[position]
                    position += 1
            text = text.removesuffix(b"\r")
            if _is_blank(text):
                continue
            try:
                decoded = text.decode("utf-8")
            except UnicodeDecodeError as cause:
                yield not_utf8(self.name, block.line + first, text, cause)
                continue
            split = _csv_values if self.delimiter == "," else partial(str.split, sep=self.delimiter)
            yield block.line + first, split(decoded)


def _is_blank(line: bytes) -> bool:
    return not line.strip(b" \r")  # a tab is not blank: it stands between two empty values


def not_utf8(name: str, line: int, text: bytes, cause: UnicodeDecodeError) -> BadRow:
    """The refusal of bytes that are not UTF-8, with the line and byte (both from 1) where they stand."""
    before = text[: cause.start]
    line, byte = line + before.count(b"\n"), cause.start - (before.rfind(b"\n") + 1) + 1
    return BadRow(
        line,
        f"{name}:{line}:{byte}",
        "",
        "E0103",
        f"not UTF-8: byte 0x{text[cause.start]:02x} at {byte}",
        text[max(0, cause.start - 20) : cause.start + 20],
        "save the file as UTF-8, for example: iconv -f LATIN1 -t UTF-8 (or -f CP932 for Japanese) IN > OUT",
    )


def _csv_values(record: str) -> list[str]:
    """The values of one whole record.

    >>> _csv_values('a,"b ""c"", d",5" disk')
    ['a', 'b "c", d', '5" disk']
    """
    if '"' not in record:
        return record.split(",")
    values, position = [], 0
    while True:
        value = ""
        if record.startswith('"', position):
            closing = record.index('"', position + 1)
            while record.startswith('"', closing + 1):
                closing = record.index('"', closing + 2)
            value, position = record[position + 1 : closing].replace('""', '"'), closing + 1
        comma = record.find(",", position)
        values.append(value + record[position : comma if comma >= 0 else len(record)])
        if comma < 0:
            return values
        position = comma + 1
