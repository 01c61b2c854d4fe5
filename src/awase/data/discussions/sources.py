"""Which reader reads what a user gives."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Any

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.blocks import Block, end_of_lines, read_blocks
from awase.data.discussions.columns import Columns
from awase.data.discussions.mail import Mail, begins_as_mail
from awase.data.discussions.pushshift import Pushshift, is_pushshift
from awase.data.discussions.rows import Reader
from awase.data.formats.jsonl import JsonLines
from awase.data.rows import Source
from awase.data.sources import open_source

FORMATS = ("auto", "pushshift", "columns", "mail")
_COMPRESSED = {".gz", ".bz2", ".zst", ".lz4"}
_TABLES = {".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".feather", ".ipc"}
_POSITIONS = ("author", "id", "parent", "thread", "community", "time", "text")


def readers_of(sources: Any, format: str, columns: Mapping[str, str]) -> list[Reader]:
    """One reader for each file, each folder of mails, or for what is in memory."""
    if format not in FORMATS:
        raise ConfigError("E0120", f"there is no format {format!r}", remedy=did_you_mean(str(format), FORMATS))
    if isinstance(sources, str | PathLike):
        return _of_paths([Path(sources)], format, columns)
    if isinstance(sources, Sequence) and sources and all(isinstance(source, str | PathLike) for source in sources):
        return _of_paths([Path(source) for source in sources], format, columns)
    return [_of_table(open_source(sources, _POSITIONS), format, columns)]


def _of_paths(paths: Sequence[Path], format: str, columns: Mapping[str, str]) -> list[Reader]:
    """The readers of paths in their order; files of mails that follow each other in one folder are one list."""
    readers: list[Reader] = []
    for (folder, of_mails), group in groupby(paths, lambda path: (path.parent, _holds_mail(path, format, columns))):
        files = list(group)
        if of_mails:
            alone = len(files) == 1
            community = files[0].name.partition(".")[0] if alone else folder.resolve().name
            readers.append(Mail(files, str(files[0] if alone else folder), community))
            continue
        for path in files:
            readers += _of_folder(path, format, columns) if path.is_dir() else [_of_table(_opened(path), format, columns)]
    return readers


def _of_folder(folder: Path, format: str, columns: Mapping[str, str]) -> list[Reader]:
    """A maildir, or the files of a folder and of those in it."""
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        mails = sorted(file for part in ("cur", "new") for file in (folder / part).iterdir() if file.is_file())
        return [Mail(mails, str(folder), folder.name.lstrip("."))]
    inside = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    readers = _of_paths(sorted(inside, key=Path.is_dir), format, columns)
    if not readers:
        raise InputError("E0119", "the folder holds no file", place=str(folder), remedy="give the files of a dump")
    return readers


def _holds_mail(path: Path, format: str, columns: Mapping[str, str]) -> bool:
    if path.is_dir() or not path.exists():
        return False
    return format == "mail" or (format == "auto" and not columns and not _is_table(path) and begins_as_mail(_head(path)))


def _is_table(path: Path) -> bool:
    last = path.suffix.lower()
    return (Path(path.stem).suffix.lower() if last in _COMPRESSED else last) in _TABLES


def _head(path: Path) -> bytes:
    first = next(read_blocks(path, end_of_lines), None)
    return first.data if isinstance(first, Block) else b""


def _opened(path: Path) -> Source:
    """Files of Pushshift are called RC_2015-01.zst: JSON lines without a suffix that says so."""
    if path.exists() and not _is_table(path) and _head(path).lstrip().startswith(b"{"):
        return JsonLines(path)
    return open_source(path, _POSITIONS)


def _of_table(source: Source, format: str, columns: Mapping[str, str]) -> Reader:
    if format == "pushshift" or (format == "auto" and not columns and is_pushshift(source)):
        return Pushshift(source)
    return Columns(source, columns)
