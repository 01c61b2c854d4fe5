"""SQLite as Awase uses it: write-ahead log, every commit synced, our mark checked, and errors that say what to do.

SQLite's own damage checks cover its structure, not the bytes of a text or a vector: who stores those keeps a checksum of them.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from awase.core.errors import AwaseError, BackendError, FormatError, InputError, IntegrityError, LimitError
from awase.store import disk, files, read

_APPLICATION_ID = int.from_bytes(b"AWSE", "big")
_MAGIC = b"SQLite format 3\0"
_STEPS = (
    1000  # of SQLite's machine between two looks at whether to stop: well under a millisecond, but for what reads a long text
)
_BUSY_S = 10.0  # how long to wait for another process's write

# Every connection. A schema that somebody else wrote may not call functions; a damaged page is noticed when it is read.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
)


def connect(path: Path | str, *, create: bool = False, readonly: bool = False) -> sqlite3.Connection:
    """A connection to a collection, in autocommit mode: write inside ``transaction``, read inside ``snapshot``.

    ``create`` makes the file when it is missing. A connection may move between threads, but serves one at a time.
    Raises: InputError E0304 (no such file), FormatError E0312 (not a collection), IntegrityError E0313 (damaged),
    BackendError E0301, E0302 (disk), E0314 (locked by another process).

    >>> from contextlib import closing
    >>> with closing(connect(getfixture("tmp_path") / "docs.awase", create=True)) as connection:
    ...     connection.execute("PRAGMA journal_mode").fetchone()[0]
    'wal'
    """
    path = _real(path)
    if create:
        files.make_folder(path.parent)
    _check_magic(path, create)
    with _explained(path):
        connection = _open(path, "ro" if readonly else "rwc" if create else "rw")
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            _check_mark(connection, path, create)
        except BaseException:
            connection.close()
            raise
    return connection


def is_writable(path: Path | str) -> bool:
    """Whether a collection that is there could be written to: its disk and permissions allow it."""
    path = _real(path)
    return not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def begun(path: Path | str) -> bool:
    """Whether there is a collection with anything in it; False where there is no file, or only what a killed ``create`` left of one.

    Raises as ``connect``.
    """
    path = _real(path)
    if not path.exists():
        return False
    with closing(connect(path, create=True)) as connection, _explained(path):
        return connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] > 0


def remove(path: Path | str) -> None:
    """Remove a collection and the log that SQLite keeps beside it. What is not there is fine.

    Raises FormatError E0312 for a file that is something else, BackendError E0301.
    """
    path = _real(path)
    _check_magic(path, create=True)
    for ending in ("", "-wal", "-shm"):  # the file first: a log without its file is dropped, a file with an old log is not
        files.remove(path.with_name(f"{path.name}{ending}"))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All writes of the block, durable when it ends, or none of them. One writer at a time; others wait a few seconds.

    Raises: IntegrityError E0313, BackendError E0301, E0302, E0314, LimitError E0318. ``sqlite3.IntegrityError`` (a broken
    constraint) passes, as only the caller knows which of its rows is meant.

    >>> from contextlib import closing
    >>> with closing(connect(getfixture("tmp_path") / "docs.awase", create=True)) as connection:
    ...     with transaction(connection):
    ...         _ = connection.execute("CREATE TABLE items (id TEXT PRIMARY KEY)")
    """
    with _explained(_path(connection)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All reads of the block see one state of the collection, whatever is written meanwhile. Raises as ``transaction``."""
    with _explained(_path(connection)):
        connection.execute("BEGIN")
        try:
            yield
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def stoppable(connection: sqlite3.Connection, stop: Callable[[], bool]) -> Iterator[None]:
    """What SQLite does inside the block ends with BackendError E0340 soon after ``stop()`` is true; a write leaves nothing behind."""
    connection.set_progress_handler(stop, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def n_bytes(path: Path) -> int:
    """The size of a collection, with what is still in its log."""
    return sum(place.stat().st_size for place in (path, path.with_name(f"{path.name}-wal")) if place.exists())


def damage(connection: sqlite3.Connection) -> list[str]:
    """What is wrong inside the file, found by reading all of it; empty when nothing is."""
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        broken = [
            f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}"
            for row in connection.execute("PRAGMA foreign_key_check")
        ]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return found + broken


def _real(path: Path | str) -> Path:
    """The path, its links resolved. Raises InputError E0304 for what no file system takes: NUL, half a character, a name too long."""
    try:
        real = Path(os.path.realpath(path))
        real.exists()
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError("E0304", f"this is no path: {why}", value=path, remedy="give the path of a file") from None
    return real


def _check_magic(path: Path, create: bool) -> None:
    if not path.exists() and create:
        return
    with read.regular(path) as stream:
        head = stream.read(len(_MAGIC))
    if head != _MAGIC and not (create and not head):  # an empty file is what a killed `create` leaves
        raise _foreign(path)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.as_uri()}?mode={mode}"
    if mode == "ro" and not os.access(path.parent, os.W_OK):
        # SQLite wants to make a file beside the log. On a read-only disk, or in such a folder, it cannot, so it must do without.
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise BackendError(
                "E0301",
                "this disk or folder is read-only, and the collection on it has writes that were not yet folded in",
                place=str(log),
                remedy="open the collection once where it can be written, then copy it again",
            )
        uri += "&immutable=1"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def _check_mark(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    """Check our mark, or put it on a file that nobody has used yet."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if mark == _APPLICATION_ID:
        return
    unused = mark == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not (create and unused):
        raise _foreign(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    with disk.explained(path):
        disk.fsync_dir(path.parent)


def _path(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def _foreign(path: Path) -> FormatError:
    return FormatError(
        "E0312", "this is not an Awase collection", place=str(path), remedy="check the path, or make one with `awase index`"
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.Error as error:
        raise _meaning(error, str(path)) from error
    except UnicodeDecodeError as error:  # SQLite's own message, which names what it found
        raise _meaning(sqlite3.DatabaseError("a name in it is not UTF-8"), str(path)) from error


def _meaning(error: sqlite3.Error, place: str) -> AwaseError:
    """Our error for SQLite's, by its result code (https://sqlite.org/rescode.html)."""
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR").removeprefix("SQLITE_")
    kind = name.partition("_")[0]
    if kind in ("BUSY", "LOCKED"):
        return BackendError(
            "E0314",
            "another process is writing to the collection and did not finish in time",
            place=place,
            remedy="wait for it to end, then run this again",
        )
    if kind == "FULL" or name == "IOERR_SHMSIZE":
        return BackendError(
            "E0302",
            "the disk is full; what was there before is unchanged",
            place=place,
            remedy="free some space or choose another disk, then run this again",
        )
    if kind in ("IOERR", "CANTOPEN", "READONLY", "PERM"):
        return BackendError(
            "E0301",
            f"the system refused to open or write the collection: {error}",
            place=place,
            remedy="check the permissions of the file and of its folder, and the disk",
        )
    if kind == "INTERRUPT":
        return BackendError(
            "E0340", "stopped before it was done", place=place, remedy="ask for less at a time, or give it more time"
        )
    if kind == "TOOBIG":
        return LimitError("E0318", "a value is too large for the collection", place=place, remedy="split it into several items")
    return IntegrityError(
        "E0313",
        f"the collection is damaged: {error}",
        place=place,
        remedy="run `awase doctor` on it, or restore it from a copy",
    )
