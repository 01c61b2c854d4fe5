"""The six actions that change a disk. All of Awase goes through them, so a test can fail, kill or cut the power at each one.

What they are put together to promise: after a crash or a power loss a path holds its old content or its new content, and
what a finished call wrote is there. The order is always: write, fsync the content, rename, fsync the directory.
"""

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from awase.core.errors import BackendError

_RENAME_EXCHANGE = 2  # linux/fs.h
_AT_FDCWD = -100  # fcntl.h: a relative path starts at the working directory

_REMEDIES = {
    errno.EACCES: "choose a place you may write to, or change its permissions",
    errno.EPERM: "choose a place you may write to, or change its permissions",
    errno.EROFS: "this disk is read-only: choose another place",
    errno.EISDIR: "this is a folder: give the path of a file",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EIO: "the disk reports damage: copy what you can and check it",
}


def create(path: Path, flag: int) -> int:
    """A descriptor of what was made.

    ``flag``: ``os.O_EXCL`` for a file that must be new, ``os.O_APPEND`` for a log, 0 for a file that may be there already,
    ``os.O_DIRECTORY`` for a new folder.
    """
    if flag == os.O_DIRECTORY:
        path.mkdir()
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flag, 0o666)


def write(descriptor: int, data: memoryview) -> None:
    """All of the bytes; the system may take them in several goes."""
    while data:
        data = data[os.write(descriptor, data) :]


def fsync(descriptor: int) -> None:
    """The content of an open file survives a power loss from here on. Its name may not: see ``fsync_dir``."""
    os.fsync(descriptor)


def rename(source: Path, target: Path, *, exchange: bool = False) -> None:
    """``source`` is ``target`` in one step: a file takes the place of a file; with ``exchange`` the two swap names."""
    if not exchange:
        source.rename(target)
        return
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        raise OSError(errno.ENOSYS, "no renameat2 in this C library")
    if swap(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def fsync_dir(path: Path) -> None:
    """The names in a folder (made, renamed, gone) survive a power loss from here on."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unlink(path: Path) -> None:
    """Remove a file, a link (never what it points to) or an empty folder."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What the system refuses inside the block becomes an error that says what to do.

    Raises: BackendError E0302 when the disk is full, E0301 for anything else.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackendError(
                "E0302",
                "the disk is full; what was there before is unchanged",
                place=str(path),
                remedy="free some space or choose another disk, then run this again",
            ) from error
        raise BackendError(
            "E0301",
            f"the system refused to write: {error.strerror or error}",
            place=str(path),
            remedy=_REMEDIES.get(error.errno or 0, "check the path and the disk, then run this again"),
        ) from error
