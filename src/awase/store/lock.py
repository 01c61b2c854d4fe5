"""One process at a time: a lock on a file, dropped by the system when its holder ends, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from awase.core.errors import BackendError
from awase.store import disk, files, flock

_PID_CHARS = 20  # fixed, so that a shorter id overwrites a longer one


@contextmanager
def file_lock(path: Path | str) -> Iterator[None]:
    """Hold a lock for the block. The file stays afterwards; it holds the id of the last process that had the lock.

    Raises: BackendError E0315, at once, that names the process which has it; E0330 where the system has no locks.

    >>> with file_lock(getfixture("tmp_path") / "run.lock"):
    ...     pass
    """
    path = Path(path)
    files.make_folder(path.parent)
    with disk.explained(path):
        descriptor = disk.create(path, 0)
    try:
        try:
            flock.take(descriptor)
        except BlockingIOError as error:
            holder = os.read(descriptor, _PID_CHARS).decode(errors="replace").strip()
            raise BackendError(
                "E0315",
                f"in use by another process (id {holder or 'unknown'})",
                place=str(path),
                remedy="wait for it to end, or stop it, then run this again",
            ) from error
        with disk.explained(path):
            disk.write(descriptor, memoryview(f"{os.getpid():<{_PID_CHARS}}".encode()))
        yield
    finally:
        os.close(descriptor)
