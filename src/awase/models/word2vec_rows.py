"""The rows of word2vec's files, text and binary, in blocks: quickly where a block is as it should be, row by row where it is not."""

import gzip
import math
import os
import re
import shlex
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from awase.core.errors import FormatError
from awase.core.limits import MAX_DIM, MAX_ID_BYTES, MAX_LINE_BYTES
from awase.store import read

SPACE = re.compile(r"[ \t\n\r\f\v\0]")  # what the formats cannot hold in a name
_HEAD = re.compile(rb"(\d{1,12}) (\d{1,6})[ \t]*\r?\n")
_HEAD_BYTES = 32
_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 4 << 20
_MOST_DEFLATED = 1032  # bytes that one byte of a gzip file can hold
Stream = BufferedReader | gzip.GzipFile
_ODD_NAME = r"[\t\n\r\f\v\x00]"


class Found(NamedTuple):
    """Names and their rows, float32 (n, dim); n_bad: how many rows were left out."""

    names: list[str]
    rows: np.ndarray
    n_bad: int


def without_bad(path: Path) -> str:
    """What to do with a file of which some rows cannot be used."""
    return f"awase export {shlex.quote(str(path))} clean.vec --on-bad skip writes the other rows, and the first of equal names"


class _Rows:
    """A file being read. ``on_bad="skip"`` leaves out rows that cannot be read, and all but the first of one name."""

    def __init__(self, path: Path, on_bad: str):
        self.path, self.skips = path, on_bad == "skip"
        self.names: list[str] = []
        self.n_rows = self.n_bad = 0
        self._seen: set[str] = set()

    def read(self) -> Found:
        with read.regular(self.path) as file:
            size = os.fstat(file.fileno()).st_size
            if self.path.suffix.lower() != ".gz":
                return self._found(file, size)
            try:
                with gzip.GzipFile(fileobj=file) as stream:
                    return self._found(stream, size * _MOST_DEFLATED)
            except (gzip.BadGzipFile, EOFError, zlib.error) as cause:
                raise self.not_one(str(self.path), f"the compressed file is damaged ({cause})") from None

    def _found(self, stream: Stream, size: int) -> Found:
        raise AssertionError("each format has its own")

    def room(self, n: int, dim: int, size: int) -> np.ndarray:
        """Rows for what a head claims, which must be in the file before memory is asked for: a value has two characters or four bytes."""
        if not (n > 0 and 0 < dim <= MAX_DIM and n * (2 * dim + 1) <= size):
            raise self.not_one(f"{self.path}:1", f"it claims {n:,} names of {dim:,} dimensions, and has {size:,} bytes")
        return np.empty((n, dim), np.float32)

    def bad(self, place: str, why: str, value: object) -> None:
        """Counts a row that cannot be read, or raises."""
        if not self.skips:
            raise FormatError("E0450", f"a row cannot be read: {why}", place=place, value=value, remedy=without_bad(self.path))
        self.n_bad += 1

    def take(self, name: bytes, values: np.ndarray, place: str) -> bool:
        """Adds a name, unless it or its values cannot be used."""
        try:
            text = name.decode()
        except UnicodeDecodeError:
            self.bad(place, "its name is not UTF-8", name)
            return False
        if not text or SPACE.search(text):
            self.bad(place, "its name has white space" if text else "it has no name", text)
            return False
        if self.skips and not self.is_new(text, values):
            self.n_bad += 1
            return False
        self.names.append(text)
        return True

    def is_new(self, name: str, values: np.ndarray) -> bool:
        """Whether a name was not there before, and its values are finite."""
        if name in self._seen or not np.isfinite(values).all():
            return False
        self._seen.add(name)
        return True

    def whole(self, rows: np.ndarray, promised: int | None) -> Found:
        """What was found, if it is as much as was promised."""
        if promised is not None and self.n_rows != promised:
            raise self.not_one(str(self.path), f"the first line promises {promised:,} names, {self.n_rows:,} follow")
        if not self.names:
            raise self.not_one(str(self.path), f"none of its {self.n_rows:,} rows can be read")
        return Found(self.names, rows[: len(self.names)], self.n_bad)

    def not_one(self, place: str, why: str) -> FormatError:
        return FormatError(
            "E0427", f"this is not a word2vec file: {why}", place=place,
            remedy="text is called .vec, .txt or .w2v and begins with the number of names and of dimensions, or, as GloVe's, with a name and "
            "its values; binary is called .bin; a .zip must be unpacked; copy or write the file again if it was cut short",
        )  # fmt: skip


class TextRows(_Rows):
    """Name, space, values with spaces between them; one a line."""

    def _found(self, stream: Stream, size: int) -> Found:
        start = len(_BOM) if stream.peek(len(_BOM))[: len(_BOM)] == _BOM else 0
        stream.seek(start)
        first = stream.readline(MAX_LINE_BYTES)
        head = _HEAD.fullmatch(first if first.endswith(b"\n") else first + b"\n") if len(first) < _HEAD_BYTES else None
        if head is not None:
            n, dim, line, promised = int(head[1]), int(head[2]), 2, int(head[1])
        else:
            dim, line, promised = self._dim_of(first), 1, None
            stream.seek(start)
            n = sum(block.count(b"\n") for block, _ in _blocks(stream, 1)) + 1  # at most: lines may be blank
            stream.seek(start)
        rows = self.room(n, dim, size + (2 * dim + 1) * (promised is None))
        for block, at in _blocks(stream, line):
            self._read_block(block, at, rows)
            if self.n_rows > n:
                break
        return self.whole(rows, promised)

    def _dim_of(self, first: bytes) -> int:
        """How many values the first line of a file without a head has."""
        name, *values = first.rstrip(b"\r\n ").split(b" ")
        if len(values) < 2 or not name or not all(map(_is_number, values)):
            raise self.not_one(f"{self.path}:1", "the first line is neither two numbers nor a name with its values")
        return len(values)

    def _read_block(self, block: bytes, line: int, rows: np.ndarray) -> None:
        dim = rows.shape[1]
        table = _parsed(block, dim)
        if table is None:
            self._read_lines(block, line, rows)
            return
        self.n_rows += table.num_rows
        done, more = len(self.names), table.slice(0, len(rows) - len(self.names))  # of too many, none that there is no room for
        names, values = more.column(0).to_pylist(), rows[done : done + len(more)]
        for column in range(dim):
            values[:, column] = more.column(column + 1).to_numpy()
        if self.skips:
            kept = np.array([self.is_new(name, row) for name, row in zip(names, values)], bool)
            self.n_bad += int((~kept).sum())
            names = [name for name, is_kept in zip(names, kept) if is_kept]
            values[: len(names)] = values[kept]
        self.names += names

    def _read_lines(self, block: bytes, line: int, rows: np.ndarray) -> None:
        dim = rows.shape[1]
        for number, text in enumerate(block.split(b"\n"), start=line):
            text = text.rstrip(b"\r ")
            if not text:
                continue
            self.n_rows += 1
            if len(self.names) == len(rows):
                continue  # more than there is room for
            place, parts = f"{self.path}:{number}", text.rsplit(b" ", dim)
            values = _numbers(parts[1:])
            if values is None or len(values) != dim:
                self.bad(place, f"it is not a name with {dim:,} numbers", text[:80])
            elif self.take(parts[0], values, place):
                rows[len(self.names) - 1] = values


class BinaryRows(_Rows):
    """Name, space, float32 values, and perhaps a line end, which not every program writes."""

    def _found(self, stream: Stream, size: int) -> Found:
        head = _HEAD.match(stream.peek(_HEAD_BYTES)[:_HEAD_BYTES])
        if head is None:
            raise self.not_one(f"{self.path}:1", "the first line is not two numbers")
        stream.read(head.end())
        n, dim = int(head[1]), int(head[2])
        rows = self.room(n, dim, size)
        raw, at, longest = b"", 0, MAX_ID_BYTES + 2 + 4 * dim
        # Where a record starts is known only when the one before it has been read.
        for row in range(n):
            self.n_rows += 1
            if len(raw) - at < longest:
                raw, at = raw[at:] + stream.read(max(_BLOCK_BYTES, longest)), 0
            at += raw[at : at + 1] == b"\n"
            place, stop = f"{self.path}: row {row}", raw.find(b" ", at, at + MAX_ID_BYTES + 1)
            end = stop + 1 + 4 * dim
            if stop < 0 or end > len(raw):
                what = "the file ends" if end > len(raw) or at >= len(raw) else "there is no name"
                raise self.not_one(place, f"{what}; the first line promises {n:,} names")
            values = np.frombuffer(raw, "<f4", dim, stop + 1)
            if self.take(raw[at:stop], values, place):
                rows[len(self.names) - 1] = values
            at = end
        if (raw[at:] + stream.read(_HEAD_BYTES)).strip(b"\n"):
            raise self.not_one(f"{self.path}: row {n}", f"more follows; the first line promises {n:,} names")
        return self.whole(rows, n)


def _is_number(value: bytes) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _numbers(values: list[bytes]) -> np.ndarray | None:
    try:
        with np.errstate(over="ignore"):  # 1e99 is an infinity, and told as one
            return np.array([float(value) for value in values]).astype(np.float32)
    except ValueError:
        return None


def _blocks(stream: Stream, line: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines, some megabytes at a time, and the number of the first."""
    held = b""
    while more := stream.read(_BLOCK_BYTES):
        cut = more.rfind(b"\n") + 1
        if cut:
            block = held + more[:cut]
            yield block, line
            line += block.count(b"\n")
            held = more[cut:]
        else:
            held += more
    if held:
        yield held, line


def _parsed(block: bytes, dim: int) -> Any:
    """The names and values of a block as Arrow reads them, or None if any line of it needs a closer look."""
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv as csv

    pc: Any = pyarrow.compute
    columns = ["name", *map(str, range(dim))]
    types = {"name": pa.large_string(), **dict.fromkeys(columns[1:], pa.float32())}
    if (
        block[: block.find(b"\n")].rstrip(b"\r").endswith(b" ")
    ):  # the word2vec program and fastText write a space after each value
        columns.append("end")
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=columns, use_threads=False, block_size=len(block) + 1),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(
                column_types=types, include_columns=columns[: dim + 1], null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    names = table.column(0)
    odd = pc.or_(pc.equal(pc.binary_length(names), 0), pc.match_substring_regex(names, _ODD_NAME))
    return None if pc.any(odd).as_py() else table
