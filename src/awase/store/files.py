"""Files and folders that are there whole or not at all. The only way Awase writes.

    write_bytes(path, data)          a small file
    open_atomic(path)                a stream
    folder(path)                     a folder of files with a manifest, swapped in as one
    append_lines(path)               a log, whole lines only
    make_folder(path), remove(path)

Each error of the system becomes a BackendError (E0301, or E0302 for a full disk) that names the path; what stood there
before is then unchanged.
"""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from awase.core.errors import ConfigError
from awase.store import disk, manifest, siblings

_BUFFER_BYTES = 1 << 20
# What a system answers that cannot swap two folders in one step: an old kernel, a network or container file system.
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV)


def write_bytes(path: Path | str, data: bytes) -> None:
    """Write a file in one step: after a crash there is the old content or the new.

    >>> folder = getfixture("tmp_path")
    >>> write_bytes(folder / "config.json", b"{}")
    >>> (folder / "config.json").read_bytes()
    b'{}'
    """
    with open_atomic(path) as stream:
        stream.write(data)


@contextmanager
def open_atomic(path: Path | str) -> Iterator[io.BufferedIOBase]:
    """A binary stream whose content takes the place of ``path`` when the block ends well, and is gone when it does not.

    Missing folders are made. A symbolic link at ``path`` stays and the file it points to is replaced.

    >>> folder = getfixture("tmp_path")
    >>> with open_atomic(folder / "vectors.bin") as stream:
    ...     _ = stream.write(b"1234")
    >>> (folder / "vectors.bin").stat().st_size
    4
    """
    path = Path(os.path.realpath(path))
    with disk.explained(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        temporary, descriptor = _begin(path, os.O_EXCL)
    stream = _Stream(descriptor, path)
    try:
        yield stream
        stream.flush()
        with disk.explained(path):
            disk.fsync(descriptor)
            disk.rename(temporary, path)
    except BaseException:
        stream.abandon()
        siblings.discard(temporary)
        raise
    finally:
        stream.close()
        os.close(descriptor)
    with disk.explained(path):
        disk.fsync_dir(path.parent)


@contextmanager
def folder(path: Path | str) -> Iterator[Path]:
    """A temporary folder to fill; when the block ends well it takes the place of ``path`` in one step, with a manifest.

    Readers see the old folder or the new one. A symbolic link at ``path`` stays and the folder it points to is replaced.
    Raises: ConfigError E0303 as ``check_replaceable``.

    >>> model = getfixture("tmp_path") / "model"
    >>> with folder(model) as temporary:
    ...     write_bytes(temporary / "config.json", b"{}")
    >>> sorted(manifest.verify(model))
    ['config.json']
    """
    path = Path(os.path.realpath(path))
    check_replaceable(path)
    with disk.explained(path):
        temporary, descriptor = _begin(path, os.O_DIRECTORY)
    try:
        try:
            yield temporary
            with disk.explained(path):
                _seal(temporary)
                replaced = _swap(temporary, path)
        except BaseException:
            siblings.discard(temporary)
            raise
        with disk.explained(path):
            disk.fsync_dir(path.parent)
        if replaced is not None:
            siblings.discard(replaced)
    finally:
        os.close(descriptor)


@contextmanager
def scratch(path: Path | str) -> Iterator[Path]:
    """A new folder beside ``path`` for what only the block needs, gone at its end; what a killed process leaves goes when ``path`` is written.

    >>> with scratch(getfixture("tmp_path") / "report") as temporary:
    ...     write_bytes(temporary / "events", b"...")
    >>> temporary.exists()
    False
    """
    path = Path(os.path.realpath(path))
    with disk.explained(path):
        temporary, descriptor = _begin(path, os.O_DIRECTORY)
    try:
        yield temporary
    finally:
        siblings.discard(temporary)
        os.close(descriptor)


def check_replaceable(path: Path | str) -> None:
    """Refuse to replace what Awase did not write. Call it before long work that ends in ``folder(path)``.

    Raises: ConfigError E0303 unless ``path`` is free, an empty folder, or a folder whose manifest lists all that is in it.
    """
    path = Path(os.path.realpath(path))
    with disk.explained(path):
        siblings.recover(path)
    if not path.exists():
        return
    foreign = path.name if not path.is_dir() else manifest.first_unlisted(path)
    if foreign is not None:
        raise ConfigError(
            "E0303",
            "this would delete something that Awase did not write",
            place=str(path),
            value=foreign,
            remedy="choose another output folder, or move that away first",
        )


def append_lines(path: Path | str) -> "Log":
    """A log open for appending: ``write`` adds whole lines, ``sync`` makes them survive a power loss, ``close`` does both.

    A line that a crash cut short is removed when the log is opened again.

    >>> log = append_lines(getfixture("tmp_path") / "metrics.jsonl")
    >>> log.write('{"step": 1}\\n')
    >>> log.close()
    """
    path = Path(os.path.realpath(path))
    make_folder(path.parent)
    _drop_torn_line(path)
    with disk.explained(path):
        descriptor = disk.create(path, os.O_APPEND)
        disk.fsync_dir(path.parent)
    return Log(descriptor, path)


def make_folder(path: Path | str) -> None:
    """Make a folder and those above it, each durable; one that is there is left as it is."""
    path = Path(path)
    with disk.explained(path):
        missing = [step for step in (path, *path.parents) if not step.exists()]
        for step in reversed(missing):
            try:
                os.close(disk.create(step, os.O_DIRECTORY))
            except FileExistsError:  # another process was quicker
                continue
            disk.fsync_dir(step.parent)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def remove(path: Path | str) -> None:
    """Remove a file, a link or a whole folder; a folder leaves in one step. What is not there is fine."""
    path = Path(path)
    with disk.explained(path):
        siblings.sweep(path)
        if path.is_dir() and not path.is_symlink():
            doomed = siblings.beside(path, "new")
            disk.rename(path, doomed)
            disk.fsync_dir(path.parent)
            siblings.discard(doomed)
        elif os.path.lexists(path):
            disk.unlink(path)
            disk.fsync_dir(path.parent)


class Log:
    """An append-only file, made by ``append_lines``."""

    def __init__(self, descriptor: int, place: Path):
        self._descriptor, self._place = descriptor, place

    def write(self, lines: str) -> None:
        """Add text that ends with a newline, in one go. Other processes can read it at once."""
        if not lines.endswith("\n"):
            raise ValueError(f"a log takes whole lines, this one does not end: {lines[-40:]!r}")
        with disk.explained(self._place):
            disk.write(self._descriptor, memoryview(lines.encode()))

    def sync(self) -> None:
        """Make what was written survive a power loss."""
        with disk.explained(self._place):
            disk.fsync(self._descriptor)

    def close(self) -> None:
        try:
            self.sync()
        finally:
            os.close(self._descriptor)


class _Stream(io.BufferedIOBase):
    """A writable stream over ``disk.write``. It has no ``fileno``, so that no library can write past it."""

    def __init__(self, descriptor: int, place: Path):
        self._descriptor, self._place = descriptor, place
        self._waiting = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._taken

    def write(self, data, /) -> int:
        view = memoryview(data).cast("B")
        self._taken += len(view)
        if len(self._waiting) + len(view) > _BUFFER_BYTES:
            self.flush()
            with disk.explained(self._place):
                disk.write(self._descriptor, view)
        else:
            self._waiting += view
        return len(view)

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        if waiting:
            with disk.explained(self._place):
                disk.write(self._descriptor, memoryview(waiting))

    def abandon(self) -> None:
        self._waiting.clear()


def _begin(path: Path, flag: int) -> tuple[Path, int]:
    """Clear leftovers beside ``path`` and make a new temporary sibling."""
    make_folder(path.parent)
    siblings.sweep(path)
    return siblings.make(path, flag)


def _seal(temporary: Path) -> None:
    """Make all in a folder durable, its manifest last."""
    inside = sorted(temporary.rglob("*"))
    for step in inside:
        if step.is_file() and not step.is_symlink():
            descriptor = os.open(step, os.O_RDONLY | os.O_CLOEXEC)
            try:
                disk.fsync(descriptor)
            finally:
                os.close(descriptor)
    for step in inside:
        if step.is_dir() and not step.is_symlink():
            disk.fsync_dir(step)
    write_bytes(temporary / manifest.NAME, manifest.describe(temporary))


def _swap(temporary: Path, path: Path) -> Path | None:
    """Give a folder its name; the sibling that now holds what stood there, if anything did."""
    try:
        disk.rename(temporary, path)
        return None
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    try:
        disk.rename(temporary, path, exchange=True)
        return temporary
    except OSError as error:
        if error.errno not in _NO_EXCHANGE:
            raise
    old = siblings.beside(path, "old")
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        siblings.hold(descriptor)  # `siblings.recover` in another process waits for this
        disk.rename(path, old)
        try:
            disk.rename(temporary, path)
        except OSError:
            disk.rename(old, path)
            raise
    finally:
        os.close(descriptor)
    return old


def _drop_torn_line(path: Path) -> None:
    """Cut what follows the last newline of a log: a line that a crash interrupted."""
    with disk.explained(path):
        if not path.exists():
            return
        content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        write_bytes(path, content[:whole])
