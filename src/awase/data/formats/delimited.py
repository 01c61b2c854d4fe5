"""CSV and TSV. CSV quotes as RFC 4180 does, and may have semicolons, tabs or bars between its values; TSV has no quoting (as IANA registers
it): a quote is a character like any other.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from awase.core.errors import InputError
from awase.data.blocks import Block, end_of_csv_records, end_of_lines, not_utf8, read_blocks, refuse_escapes
from awase.data.kinds import TEXT_TYPE
from awase.data.rows import BadRow, Field, Record

_DELIMITERS = {",": "CSV", ";": "CSV with semicolons", "\t": "CSV with tabs", "|": "CSV with bars"}
_SNIFFED_BYTES, _SNIFFED_RECORDS = 1 << 18, 200
_SEPARATOR_LINE = re.compile(rb'"?sep=([,;|\t])"?\r?\n')  # what Excel writes above the header


class Delimited:
    """A CSV or TSV file. Its first record names the columns unless ``without_header`` is called.

    delimiter: between values; of CSV (``quoted``) it is looked for if it is not given.
    """

    encoding = "UTF-8"

    def __init__(self, path: Path, delimiter: str | None = None, *, quoted: bool | None = None):
        self.path, self.name = path, str(path)
        self.quoted = delimiter != "\t" if quoted is None else quoted
        self.delimiter = delimiter or ","
        if delimiter is None:
            self.delimiter = self._sniffed()
        self.format = _DELIMITERS[self.delimiter] if self.quoted else "TSV"
        self.header = True
        self.columns = self._first_record()

    def without_header(self) -> None:
        """Columns are named by position, from 1, and the first record is data."""
        self.header = False
        self.columns = [str(position + 1) for position in range(len(self.columns))]

    def first_rows(self, n: int) -> list[list[str]]:
        """The values of the first ``n`` records, the header among them; what cannot be read is passed over."""
        blocks = (block for block in self._read() if isinstance(block, Block))
        rows = (row for block in blocks for row in self._rows(block) if not isinstance(row, BadRow))
        return [values for _, values in islice(rows, n)]

    def _first_record(self) -> list[str]:
        for block in self._read():
            if isinstance(block, BadRow):
                raise block.error()
            for row in self._rows(block):
                if isinstance(row, BadRow):
                    raise row.error()
                return [value.strip() for value in row[1]]
        raise InputError("E0106", "the file is empty", place=self.name, remedy="give a file with at least one row")

    def _sniffed(self) -> str:
        """What stands between the values: a comma, unless another divides all records alike, and commas do not."""
        first = next(read_blocks(self.path, end_of_lines), None)
        if not isinstance(first, Block):
            return ","
        named = _SEPARATOR_LINE.match(first.data)
        if named:
            return named[1].decode()
        sample = first.data[:_SNIFFED_BYTES]
        numbers = {delimiter: _n_values(sample, delimiter) for delimiter in _DELIMITERS}
        even = [delimiter for delimiter, found in numbers.items() if found and found[0] > 1 and len(set(found)) == 1]
        if "," in even or (numbers[","] and numbers[","][0] > 1 and not even):
            return ","
        alone = [delimiter for delimiter, found in numbers.items() if found and found[0] > 1]
        return (even or (alone if len(alone) == 1 else [","]))[0]

    def _read(self) -> Iterator[Block | BadRow]:
        end = partial(end_of_csv_records, delimiter=self.delimiter) if self.quoted else end_of_lines
        for number, block in enumerate(read_blocks(self.path, end)):
            if number == 0 and isinstance(block, Block):
                refuse_escapes(block, self.path)
                named = _SEPARATOR_LINE.match(block.data) if self.quoted else None
                block = Block(block.data[named.end() :], block.line + 1) if named else block
                if not block.data:
                    continue
            yield block

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
        while self.quoted and not end_of_csv_records(rest[:cut], self.delimiter):
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
                    delimiter=self.delimiter, quote_char='"' if self.quoted else False, newlines_in_values=True
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
                    if self.quoted
                    else "a value in a TSV file cannot hold a tab",
                )
            else:
                yield Record(line, place, dict(zip(self.columns, values)))

    def _rows(self, block: Block) -> Iterator[tuple[int, list[str]] | BadRow]:
        split = partial(_csv_values if self.quoted else str.split, **{"delimiter" if self.quoted else "sep": self.delimiter})
        for line, text in _records(block, self.delimiter if self.quoted else None):
            try:
                decoded = text.decode("utf-8")
            except UnicodeDecodeError as cause:
                yield not_utf8(self.name, line, text, cause)
                continue
            yield line, split(decoded)


def _records(block: Block, delimiter: str | None) -> Iterator[tuple[int, bytes]]:
    """The whole records of a block that are not blank, with the line where each begins; ``delimiter``: of CSV, None for TSV."""
    lines = block.data.split(b"\n")[:-1]  # the block ends with a line end
    position = 0
    while position < len(lines):
        first, text = position, lines[position]
        position += 1
        while delimiter is not None and not end_of_csv_records(text + b"\n", delimiter) and position < len(lines):
            text += b"\n" + lines[position]
            position += 1
        text = text.removesuffix(b"\r")
        if not _is_blank(text):
            yield block.line + first, text


def _n_values(sample: bytes, delimiter: str) -> list[int]:
    """How many values the first records have if this stands between them."""
    whole = sample[: end_of_csv_records(sample, delimiter)]
    records = islice(_records(Block(whole, 1), delimiter), _SNIFFED_RECORDS)
    try:
        return [len(_csv_values(text.decode("utf-8", "replace"), delimiter)) for _, text in records]
    except ValueError:  # a quote that is not closed is told with its line when the rows are read
        return []


def _is_blank(line: bytes) -> bool:
    return not line.strip(b" \r")  # a tab is not blank: it stands between two empty values


def _csv_values(record: str, delimiter: str = ",") -> list[str]:
    """The values of one whole record.

    >>> _csv_values('a,"b ""c"", d",5" disk')
    ['a', 'b "c", d', '5" disk']
    """
    if '"' not in record:
        return record.split(delimiter)
    values, position = [], 0
    while True:
        value = ""
        if record.startswith('"', position):
            closing = record.index('"', position + 1)
            while record.startswith('"', closing + 1):
                closing = record.index('"', closing + 2)
            value, position = record[position + 1 : closing].replace('""', '"'), closing + 1
        end = record.find(delimiter, position)
        values.append(value + record[position : end if end >= 0 else len(record)])
        if end < 0:
            return values
        position = end + 1
