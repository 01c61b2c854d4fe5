"""What a collection says of itself, checked before anything is believed: the layout of the file, its format, its settings."""

import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from awase.core.errors import FormatError
from awase.core.limits import MAX_DIM

FORMAT = 2  # 1 had no account of what there is (``content.py``); it is read as it is, and becomes 2 when it is first written to
_READ = (1, FORMAT)
NOTES = "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"  # see ``noted.py``
_OTHERS = re.compile("sqlite_(sequence|stat[1-4])")  # tables that SQLite itself makes

_Test = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(least: int, most: float) -> _Test:
    return lambda value: isinstance(value, int) and least <= value <= most


_SETTINGS: dict[str, _Test] = {
    "uuid": _is_text,
    "analyzer": _is_text,
    "weight": lambda value: isinstance(value, int | float) and 0 <= value <= 1,
    "depth": _is_whole(1, 2**31),
    "graph_from": _is_whole(0, 2**63),
}
_OF_A_MODEL: dict[str, _Test] = {
    "model": _is_text,
    "model_path": _is_text,
    "fingerprint": _is_text,
    "dim": _is_whole(1, MAX_DIM),
}


def check_format(found: Any, path: str) -> None:
    """Refuse a format that is not read (E0721). Comes first: another format may mean something else by everything else."""
    if found not in _READ:
        newer = isinstance(found, int) and found > FORMAT
        message = f"the collection has format {found!r}; this version of Awase reads {' and '.join(map(str, _READ))}"
        again = "index its data again with `awase index`; only format 1 is migrated, when it is first written to"
        raise FormatError("E0721", message, place=path, remedy="upgrade Awase: pip install -U awase" if newer else again)


def check(meta: Mapping, path: str) -> None:
    """Refuse settings that are missing (E0721) or of another kind than ours (E0751)."""
    needed = _SETTINGS | (_OF_A_MODEL if "dim" in meta else {})
    if missing := sorted(needed.keys() - meta.keys()):
        message = f"the collection does not say its {', '.join(missing)}"
        raise FormatError("E0721", message, place=path, remedy="restore the file from a copy, or make it again")
    for name, fits in needed.items():
        if not fits(meta[name]):
            message = f"the collection says a {name} that none can have"
            remedy = "restore the file from a copy, or make it again"
            raise FormatError("E0751", message, place=path, value=meta[name], remedy=remedy)


def check_schema(connection: sqlite3.Connection, path: str, schema: str) -> None:
    """Refuse a file whose tables are not ours, letter by letter: a view in the place of a table could go on for ever, a trigger do anything.

    Errors: E0721 it was never finished; E0751.
    """
    found = {name: (kind, sql) for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema") if sql}
    wanted = {statement.split()[2]: ("table", statement.strip()) for statement in schema.strip().rstrip(";").split(";\n")}
    if not found:
        message = "the collection was never finished being made"
        raise FormatError("E0721", message, place=path, remedy="delete the file and make it again")
    wanted |= {"notes": ("table", NOTES)} if "notes" in found else {}
    others = {name for name in found.keys() - wanted.keys() if not (_OTHERS.fullmatch(name) and found[name][0] == "table")}
    wrong = sorted({name for name in wanted if found.get(name) != wanted[name]} | others)
    if wrong:
        message = "this collection is not laid out as Awase lays one out: another program or the disk changed it"
        raise FormatError(
            "E0751", message, place=path, value=wrong[0][:64], remedy="restore the file from a copy, or make it again"
        )
