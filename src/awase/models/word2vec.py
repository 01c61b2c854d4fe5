"""The two formats of the word2vec program, which gensim, fastText, spaCy and others read: a line with the number of names and of
dimensions, then for each name the name, a space, and its vector as text (and a line end) or as little-endian float32 (and a line end).

Reading and writing need pyarrow, which a table of names does not: it is imported when a file of these formats is in hand.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from awase.core.errors import AwaseError, ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.models.names import Names
from awase.models.table import TableModel
from awase.models.word2vec_rows import SPACE, BinaryRows, TextRows, without_bad
from awase.store import files

FORMATS = ("word2vec", "word2vec-binary")
SUFFIXES = (".bin", ".txt", ".vec", ".w2v")
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


def is_one(path: Path) -> bool:
    """Whether a file is called as these are: .vec, .txt, .w2v or .bin, perhaps with .gz behind it."""
    return _suffix(path) in SUFFIXES


def read_word2vec(path: Path | str, *, on_bad: Literal["error", "skip"] = "error") -> TableModel:
    """The table of a file, binary if it is called .bin and text if not, named "words", with the cosine as its geometry.

    Text may have no first line with the numbers, as GloVe's files. With ``on_bad="skip"``, rows that cannot be read (half characters, no
    name, a name with white space, another number of values, NaN) and further rows of one name are left out; ``info["bad_rows"]`` is their
    number.

    Raises: FormatError E0427 that says where the file stops being one, E0450 for a row that cannot be read; InputError E0304 for what is no
    file, E0421 for a name that stands twice; ConfigError E0117.
    """
    if on_bad not in ("error", "skip"):
        raise ConfigError("E0117", "on_bad must be 'error' or 'skip'", value=on_bad)
    path = Path(path)
    opened = BinaryRows if _suffix(path) == ".bin" else TextRows
    found = opened(path, on_bad).read()
    try:
        return TableModel(
            {"words": found.rows}, {"words": found.names}, name=path.name.partition(".")[0], info={"bad_rows": found.n_bad}
        )
    except AwaseError as error:
        where = f"{path}: {error.place}" if error.place else str(path)
        raise type(error)(error.code, error.message, place=where, value=error.value, remedy=without_bad(path)) from None


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _writable(names: Names, space: str | None) -> list[str]:
    if space is not None and (not space or SPACE.search(space)):
        raise ConfigError(
            "E0424", "white space cannot be replaced by white space", value=space, remedy="use a character such as _"
        )
    whole = "".join(names)
    if SPACE.search(whole) is None and all(names):
        return list(names)
    written = [SPACE.sub(space, name) if space else name for name in names]
    bad = next((row for row, name in enumerate(written) if not name or SPACE.search(name)), None)
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
