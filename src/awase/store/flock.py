"""Locks that the system keeps on open files and drops when their holder ends, however it ends. Linux and macOS have them."""

import sys
from types import ModuleType

from awase.core.errors import BackendError

try:
    import fcntl
except ModuleNotFoundError:  # Windows, and browsers
    fcntl = None


def take(descriptor: int) -> None:
    """Take the lock of an open file.

    Raises: BlockingIOError, at once, if somebody else has it; OSError where the file system has no locks; BackendError E0330 where
    the system has none.
    """
    system = _system()
    system.flock(descriptor, system.LOCK_EX | system.LOCK_NB)


def wait(descriptor: int) -> None:
    """Wait until the lock of an open file is free, and take it. Raises OSError and BackendError as ``take``."""
    system = _system()
    system.flock(descriptor, system.LOCK_EX)


def _system() -> ModuleType:
    if fcntl is None:
        raise BackendError(
            "E0330",
            "this system has no locks on files, so nothing can be written safely",
            place=sys.platform,
            remedy="use Linux or macOS; on Windows, the Windows Subsystem for Linux",
        )
    return fcntl
