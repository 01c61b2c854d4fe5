"""The two formats of the word2vec program, which gensim, fastText, spaCy and others read: a line with the number of names and of
dimensions, then for each name the name, a space, and its vector as text (and a line end) or as little-endian float32 (and a line end).

Reading and writing need pyarrow, which a table of names does not: it is imported when a file of these formats is in hand.
"""

import mmap
import os
import re
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

import numpy as np

from awase.core.errors import AwaseError, ConfigError, FormatError, InputError
from awase.core.limits import MAX_DIM, MAX_ID_BYTES, MAX_LINE_BYTES
from awase.core.suggest import did_you_mean
from awase.models.names import Names
from awase.models.table import TableModel
from awase.store import files, read

FORMATS = ("word2vec", "word2vec-binary")
SUFFIXES = (".bin", ".txt", ".vec", ".w2v")
_HEAD = re.compile(rb"(\d{1,12}) (\d{1,6})[ \t]*\r?\n")
_HEAD_BYTES = 32
_SPACE = re.compile(r"[ \t\n\r\f\v\0]")
_ROW_FLOATS = 1 << 22  # written at a time


def write(
    model: TableModel,
    path: Path | str,
    format: Literal["word2vec", "word2vec-binary"] = "word2vec",
    *,
    table: str | None = None,
    space: str | None = None,
) -> int:
    """Writes a table (the first if None) as one file and returns its number of rows. Text has as many digits as give the same float32.

    space: what takes the place of each white space character in names, which the formats cannot hold.
    Raises: InputError E0426 for a name with white space (without ``space``), an empty one, or two that become one; ConfigError E0424.

    >>> path = getfixture("tmp_path") / "words.vec"
    >>> write(TableModel({"words": np.eye(2, dtype=np.float32)}, {"words": ["red", "blue"]}), path)
    2
    >>> path.read_text()
    '2 2\\nred 1 0\\nblue 0 1\\n'
    """
    if format not in FORMATS:
        raise ConfigError("E0424", f"there is no format {format!r}", remedy=did_you_mean(str(format), FORMATS))
    table = model.table_name(table)
    names, rows = _writable(model.names[table], space), model.tables[table]
    step = max(1, _ROW_FLOATS // rows.shape[1])
    pieces = _text if format == "word2vec" else _binary
    with files.open_atomic(path) as stream:
        stream.write(f"{len(rows)} {rows.shape[1]}\n".encode())
        for start in range(0, len(rows), step):
            block = np.ascontiguousarray(rows[start : start + step], "<f4")
            stream.write(pieces(names[start : start + step], block))
    return len(rows)


def read_word2vec(path: Path | str) -> TableModel:
    """The table of a file, binary if it is called .bin and text if not, named "words", with the cosine as its geometry.

    Raises: FormatError E0427 that says where the file stops being one; InputError E0304 for what is no file, E0421 for a name that stands
    twice, E0425 for NaN.
    """
    path = Path(path)
    with read.regular(path) as stream:
        head, size = _HEAD.match(stream.read(_HEAD_BYTES)), os.fstat(stream.fileno()).st_size
        if head is None:
            raise _not_one(f"{path}:1", "the first line is not two numbers")
        n, dim = int(head[1]), int(head[2])
        # Whatever the head claims must be in the file before memory is asked for: a value has two characters or four bytes.
        if not (n > 0 and 0 < dim <= MAX_DIM and n * (2 * dim + 1) <= size):
            raise _not_one(f"{path}:1", f"it claims {n:,} names of {dim:,} dimensions, and has {size:,} bytes")
        stream.seek(head.end())
        names, rows = (_read_binary if path.suffix.lower() == ".bin" else _read_text)(path, stream, n, dim)
    try:
        return TableModel({"words": rows}, {"words": names}, name=path.stem)
    except AwaseError as error:
        where = f"{path}: {error.place}" if error.place else str(path)
        raise type(error)(error.code, error.message, place=where, value=error.value, remedy=error.remedy) from None


def _writable(names: Names, space: str | None) -> list[str]:
    if space is not None and (not space or _SPACE.search(space)):
        raise ConfigError(
            "E0424", "white space cannot be replaced by white space", value=space, remedy="use a character such as _"
        )
    whole = "".join(names)
    if _SPACE.search(whole) is None and all(names):
        return list(names)
    written = [_SPACE.sub(space, name) if space else name for name in names]
    bad = next((row for row, name in enumerate(written) if not name or _SPACE.search(name)), None)
    if bad is not None:
        raise InputError(
            "E0426", "a name with white space cannot be written in this format" if names[bad] else "an empty name cannot be written",
            place=f"row {bad}", value=names[bad], remedy="have it replaced: --space _" if names[bad] else "leave it out",
        )  # fmt: skip
    rows = {name: row for row, name in enumerate(written)}
    if len(rows) < len(written):
        bad = next(row for row, name in enumerate(written) if rows[name] != row)
        raise InputError(
            "E0426", f"two names are both written as {written[bad]!r}", place=f"rows {bad} and {rows[written[bad]]}", value=names[bad],
            remedy="choose another character for white space",
        )  # fmt: skip
    return written


def _text(names: list[str], block: np.ndarray) -> Any:
    """The records of a block of rows. Arrow writes the shortest digits that give the same float32."""
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute
    starts = np.arange(0, block.size + 1, block.shape[1], dtype=np.int32)
    values = pa.ListArray.from_arrays(pa.array(starts), pa.array(block.reshape(-1)).cast(pa.string()))
    return _records(pa.array(names, pa.binary()), pc.binary_join(values, " ").cast(pa.binary()))


def _binary(names: list[str], block: np.ndarray) -> Any:
    import pyarrow as pa

    starts = np.arange(0, block.nbytes + 1, block.shape[1] * 4, dtype=np.int32)
    vectors = pa.Array.from_buffers(pa.binary(), len(block), [None, pa.py_buffer(starts), pa.py_buffer(block)])
    return _records(pa.array(names, pa.binary()), vectors)


def _records(names: Any, values: Any) -> Any:
    """Name, space, value, line end, for each row: one buffer."""
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute
    records = pc.binary_join_element_wise(names, values, pa.scalar(b" "))
    ended = pa.concat_arrays([records, pa.array([b""])])  # so that a line end follows the last one too
    return pc.binary_join(pa.ListArray.from_arrays([0, len(ended)], ended), pa.scalar(b"\n"))[0].as_buffer()


def _read_text(path: Path, stream: BufferedReader, n: int, dim: int) -> tuple[list[str], np.ndarray]:
    import pyarrow as pa
    import pyarrow.csv as csv

    start = stream.tell()
    first = stream.readline(MAX_LINE_BYTES)
    stream.seek(start)
    columns = ["name", *map(str, range(dim))]
    types = {"name": pa.large_string(), **dict.fromkeys(columns[1:], pa.float32())}
    if first.rstrip(b"\r\n").endswith(b" "):  # the word2vec program and fastText write a space after each value
        columns.append("end")
    rows, names = np.empty((n, dim), np.float32), []
    try:
        with csv.open_csv(
            stream,
            csv.ReadOptions(column_names=columns, use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(
                column_types=types, include_columns=columns[: dim + 1], null_values=[], strings_can_be_null=False
            ),
        ) as reader:
            for batch in reader:
                done, more = len(names), batch.slice(0, n - len(names))  # of too many, none that there is no room for
                names += batch.column(0).to_pylist()
                for column in range(dim):
                    rows[done : done + len(more), column] = more.column(column + 1).to_numpy()
    except pa.ArrowInvalid as cause:
        raise _not_one(str(path), str(cause).splitlines()[0][:200]) from None
    if len(names) != n:
        raise _not_one(str(path), f"the first line promises {n:,} names, {len(names):,} follow")
    return names, rows


def _read_binary(path: Path, stream: BufferedReader, n: int, dim: int) -> tuple[list[str], np.ndarray]:
    names, rows = [], np.empty((n, dim), np.float32)
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        at = stream.tell()
        # Where a record starts is known only when the one before it has been read.
        for row in range(n):
            at += raw[at : at + 1] == b"\n"  # which not every program writes
            stop = raw.find(b" ", at, at + MAX_ID_BYTES + 1)
            end = stop + 1 + 4 * dim
            if stop <= at or end > len(raw):
                what = "the file ends" if end > len(raw) or at >= len(raw) else "there is no name"
                raise _not_one(f"{path}: row {row}", f"{what}; the first line promises {n:,} names")
            try:
                names.append(raw[at:stop].decode())
            except UnicodeDecodeError:
                raise _not_one(f"{path}: row {row}", "the name is not UTF-8") from None
            rows[row] = np.frombuffer(raw, "<f4", dim, stop + 1)
            at = end
        if raw[at:].strip(b"\n"):
            raise _not_one(f"{path}: row {n}", f"more follows; the first line promises {n:,} names")
    return names, rows


def _not_one(place: str, why: str) -> FormatError:
    return FormatError(
        "E0427", f"this is not a word2vec file: {why}", place=place,
        remedy="text is called .vec, .txt or .w2v, binary .bin; copy or write it again if it was cut short",
    )  # fmt: skip
