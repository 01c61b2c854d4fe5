"""From what a user gives to something rows can be read from."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from awase.core.errors import InputError
from awase.data.formats.columnar import arrow_file, arrow_stream, hf_dataset, parquet_file
from awase.data.formats.delimited import Delimited
from awase.data.formats.excel import SUFFIXES, Workbook
from awase.data.formats.jsonl import JsonLines
from awase.data.formats.objects import Objects
from awase.data.rows import Source

_FORMATS: dict[str, Callable[[Path], Source]] = {
    ".csv": Delimited,
    ".tsv": lambda path: Delimited(path, "\t"),
    ".tab": lambda path: Delimited(path, "\t"),
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": JsonLines,
    ".parquet": parquet_file,
    ".arrow": arrow_file,
    ".feather": arrow_file,
    ".ipc": arrow_file,
    **dict.fromkeys(SUFFIXES, Workbook),
}
_GIVE = "give a path, a list of tuples or dicts, or a data frame (pandas, polars, HF datasets, pyarrow)"
_ONE_STEP = {
    "collect": "what its .collect() returns",
    "to_table": "what its .to_table() returns",
    "__next__": "a list: list(...)",
}
_COMPRESSED = {".gz", ".bz2", ".zst", ".lz4"}
_TEXT_FORMATS = {".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json"}


def open_source(given: Any, positions: Sequence[str], *, txt_is_tsv: bool = False) -> Source:
    """The source for a path (by its suffix), a list of tuples or dicts, or a data frame.

    ``positions`` are the names of the values of a tuple. ``txt_is_tsv``: a .txt file has columns with tabs between them.
    """
    if isinstance(given, str | PathLike):
        return _open_file(Path(given), _FORMATS | {".txt": _FORMATS[".tsv"]} if txt_is_tsv else _FORMATS)
    if hasattr(given, "__arrow_c_stream__"):
        return arrow_stream(given)
    if isinstance(given, Mapping):
        raise _several(given)
    if hasattr(given, "with_format") and hasattr(given, "iter"):
        return hf_dataset(given)
    if isinstance(given, Sequence) and not isinstance(given, bytes):
        return Objects(given, positions)
    raise InputError(
        "E0116",
        f"rows cannot be read from a {type(given).__name__}",
        remedy=next((f"give {way}" for name, way in _ONE_STEP.items() if hasattr(given, name)), _GIVE),
    )


def _several(given: Mapping[Any, Any]) -> InputError:
    """The refusal of a mapping: the splits of a data set, or columns."""
    names = [str(name) for name in given]
    kind = type(given).__name__
    if names and all(hasattr(one, "with_format") or hasattr(one, "__arrow_c_stream__") for one in given.values()):
        return InputError(
            "E0162", f"a {kind} is several tables, one for each split: {', '.join(names[:20])}", place=f"the {kind}",
            remedy=f"give one of them: {'dataset' if 'Dataset' in kind else 'tables'}[{names[0]!r}]",
        )  # fmt: skip
    return InputError(
        "E0116", f"rows cannot be read from a {kind}", place=f"the {kind}", value=names[:20],
        remedy="give a list of dicts, one for each row; of columns make a table first: pyarrow.table(columns)",
    )  # fmt: skip


def _open_file(path: Path, formats: Mapping[str, Callable[[Path], Source]]) -> Source:
    if not path.exists():
        raise InputError("E0101", "there is no such file", place=str(path), remedy="check the path")
    if path.is_dir():
        raise InputError(
            "E0102",
            "this is a directory, not a file",
            place=str(path),
            remedy="give a file in it; a BEIR folder has corpus.jsonl, queries.jsonl and qrels/*.tsv",
        )
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = bool(suffixes) and suffixes[-1] in _COMPRESSED
    suffix = "".join(suffixes[-2:-1] if compressed else suffixes[-1:])
    if suffix not in formats or (compressed and suffix not in _TEXT_FORMATS):
        known = ", ".join(sorted(formats))
        raise InputError(
            "E0112",
            f"the suffix {suffix!r} does not name a format",
            place=str(path),
            remedy=f"save it as one of {known} (text formats also with .gz, .bz2, .zst, .lz4), or rename it if it is one already",
        )
    return formats[suffix](path)
