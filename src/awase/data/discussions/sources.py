"""Which reader reads what a user gives."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.discussions.columns import Columns
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
    """One reader for each file, or for what is in memory."""
    if format not in FORMATS:
        raise ConfigError("E0120", f"there is no format {format!r}", remedy=did_you_mean(str(format), FORMATS))
    if isinstance(sources, str | PathLike):
        return _of_path(Path(sources), format, columns)
    if isinstance(sources, Sequence) and sources and all(isinstance(source, str | PathLike) for source in sources):
        return [reader for source in sources for reader in _of_path(Path(source), format, columns)]
    return [_of_table(open_source(sources, _POSITIONS), format, columns)]


def _of_path(path: Path, format: str, columns: Mapping[str, str]) -> list[Reader]:
    if path.is_dir():
        found = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
        if not found:
            raise InputError("E0119", "the folder holds no file", place=str(path), remedy="give the files of a dump")
        return [reader for file in found for reader in _of_path(file, format, columns)]
    return [_of_table(_opened(path), format, columns)]


def _opened(path: Path) -> Source:
    """Files of Pushshift are called RC_2015-01.zst: JSON lines without a suffix that says so."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    inner = suffixes[:-1] if suffixes and suffixes[-1] in _COMPRESSED else suffixes
    if path.exists() and not (inner and inner[-1] in _TABLES):
        return JsonLines(path)
    return open_source(path, _POSITIONS)


def _of_table(source: Source, format: str, columns: Mapping[str, str]) -> Reader:
    if format == "pushshift" or (format == "auto" and not columns and is_pushshift(source)):
        return Pushshift(source)
    return Columns(source, columns)
