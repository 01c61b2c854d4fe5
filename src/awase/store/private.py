"""What a user's searches keep for themselves: folders that nobody else may look into, under ~/.cache/awase or $XDG_CACHE_HOME/awase."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from awase.core.errors import ConfigError
from awase.store import disk, files, siblings

_PRIVATE = 0o700


def cache_home() -> Path:
    """Where this user's caches are kept; it need not be there. A relative $XDG_CACHE_HOME counts as none, as its specification has it.

    Raises: ConfigError E0350 for a user without a home.
    """
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given / "awase"
    try:
        return Path.home() / ".cache" / "awase"
    except RuntimeError as error:
        raise ConfigError(
            "E0350", "there is no home folder to keep a cache in", remedy="set XDG_CACHE_HOME to a folder of your own"
        ) from error


def make_private(folder: Path) -> None:
    """Make a folder that its owner alone may use, or make one that is there so.

    Raises: ConfigError E0351 for one that belongs to somebody else, BackendError E0301, E0302.
    """
    files.make_folder(folder)
    with disk.explained(folder):
        status = folder.stat()
        if status.st_uid != os.geteuid():
            raise ConfigError(
                "E0351", "the folder for caches belongs to another user", place=str(folder),
                remedy="set XDG_CACHE_HOME to a folder of your own",
            )  # fmt: skip
        if status.st_mode & 0o777 != _PRIVATE:
            folder.chmod(_PRIVATE)


@contextmanager
def turn(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file for the block, and wait for it as long as another process has it; ``waiting`` is called if so.

    The system drops it when its holder ends, however it ends. Who removes the file while holding it leaves no confusion: whoever waited for
    it begins again with the new one.
    """
    while True:
        with disk.explained(path):
            descriptor = disk.create(path, 0)
        try:
            if not siblings.claim(descriptor, path):
                waiting()
                siblings.hold(descriptor)
            if _still_there(descriptor, path):
                yield
                return
        finally:
            os.close(descriptor)


def _still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
