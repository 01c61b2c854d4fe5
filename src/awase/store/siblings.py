"""Temporary siblings: where new content is made before it takes its name, and how those of killed runs are found.

A sibling of ``model`` is called ``.model.<16 hex>.awase-new`` (content in the making, or old content on its way out) or
``.model.<16 hex>.awase-old`` (set aside between two renames; the only copy while ``model`` is missing). Who works on one
holds a lock on it, which the system drops when a process dies, so a leftover is one that nobody holds. No process ids:
they are reused, and mean nothing in another container.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from awase.store import disk, flock


def beside(path: Path, kind: str) -> Path:
    """A name for a new sibling of ``path``; ``kind`` is "new" or "old"."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.awase-{kind}")


def make(path: Path, flag: int) -> tuple[Path, int]:
    """A new sibling of ``path`` and a descriptor that holds its lock; ``flag`` as in ``disk.create``."""
    while True:
        temporary = beside(path, "new")
        descriptor = disk.create(temporary, flag)
        if claim(descriptor, temporary):
            return temporary, descriptor
        os.close(descriptor)  # somebody's sweep took it for a leftover before it was locked


def sweep(path: Path) -> None:
    """Remove what killed runs left beside ``path``. A leftover that cannot be removed is left: it harms nobody."""
    recover(path)
    leftovers = _siblings(path)
    if leftovers:
        # One may be the old content of a swap that never became durable. Make it so before the old content goes.
        disk.fsync_dir(path.parent)
    for leftover in leftovers:
        with _unheld(leftover) as free:
            if free:
                discard(leftover)


def recover(path: Path) -> None:
    """Put a folder back whose replacement was cut between its two renames (where the system cannot swap in one)."""
    if os.path.lexists(path):
        return
    for old in _siblings(path, "old"):
        with suppress(FileNotFoundError):  # its owner finished, or another reader was quicker
            descriptor = os.open(old, os.O_RDONLY | os.O_CLOEXEC)
            try:
                hold(descriptor)  # waits for an owner that is between the renames right now
                if not os.path.lexists(path):
                    disk.rename(old, path)
            finally:
                os.close(descriptor)


def hold(descriptor: int) -> None:
    """Wait for the lock of a file and take it. A file system without locks has none to wait for."""
    with suppress(OSError):
        flock.wait(descriptor)


def discard(path: Path) -> None:
    """Remove a file or a folder with all in it, following no links; what resists stays for a later sweep."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for child in list(path.iterdir()):
                discard(child)
        disk.unlink(path)


def is_sibling(name: str) -> bool:
    """Whether the name is one that this module gives."""
    return re.fullmatch(r"\..+\.[0-9a-f]{16}\.awase-(new|old)", name) is not None


def _siblings(path: Path, kind: str = "(new|old)") -> list[Path]:
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.awase-{kind}")
    if not path.parent.is_dir():
        return []
    return sorted(sibling for sibling in path.parent.iterdir() if name.fullmatch(sibling.name))


def claim(descriptor: int, path: Path) -> bool:
    """Lock a file just made; False when a sweep got in between (it then holds the lock, or has removed the file)."""
    try:
        flock.take(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: `_held` finds nothing free there either
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


@contextmanager
def _unheld(path: Path) -> Iterator[bool]:
    """Whether nobody works on a sibling, and its lock for the block if so. When that cannot be told, somebody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        try:
            flock.take(descriptor)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
