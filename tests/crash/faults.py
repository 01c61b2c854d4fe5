"""Faults at every disk action in turn: the disk fills, an action fails, the process is killed, the power goes.

`walk` runs an operation again and again, with the fault at its first disk action, its second, and so on until it ends
without meeting one, and after each run checks what is left on the disk. The faults:

    full    this action and all later ones but removals answer "no space left"
    error   this action alone answers "I/O error"
    kill    the process ends here; a write gets half of its bytes out
    lost    the power goes: nothing is left but what was synced (contents by fsync, names by fsync_dir)
    gone    as lost, but removals are on the disk already
    ahead   the power goes: all names are on the disk, contents only as far as synced
    torn    the power goes: all names are on the disk, and half of what was not synced of each content

A killed process runs no cleanup, so after its death every disk action of the simulation raises `Dead` again, also those
in `finally` and `except` blocks. Descriptors are closed on the way out, as the system does, which drops the locks.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from awase.core.errors import BackendError
from awase.store import disk

POWER = ("lost", "gone", "ahead", "torn")
FAULTS = ("full", "error", "kill", *POWER)
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_ACTIONS = ("create", "write", "fsync", "rename", "fsync_dir", "unlink")


class Dead(BaseException):
    """The simulated process does not exist any more."""


@dataclass
class _File:
    durable: bytes = b""
    removed: bool = False


@dataclass
class _Folder:
    names: dict = field(default_factory=dict)
    durable: dict = field(default_factory=dict)
    removed: bool = False


class Shadow:
    """What a power loss would leave of a folder: contents as of their last fsync, names as of their folder's last one."""

    def __init__(self, root: Path):
        self.root = root
        self._by_inode: dict[int, _File] = {}
        self._top = self._scan(root)

    def _scan(self, folder: Path) -> _Folder:
        found = _Folder()
        for path in folder.iterdir():
            found.names[path.name] = self._scan(path) if path.is_dir() else self._known(path.stat().st_ino, path.read_bytes())
        found.durable = dict(found.names)
        return found

    def _known(self, inode: int, content: bytes) -> _File:
        self._by_inode[inode] = _File(content)
        return self._by_inode[inode]

    def _folder(self, path: Path) -> _Folder:
        node = self._top
        for part in path.relative_to(self.root).parts:
            node = node.names[part]
        return node

    def created(self, path: Path, flag: int, descriptor: int) -> None:
        names = self._folder(path.parent).names
        if path.name not in names:
            names[path.name] = _Folder() if flag == os.O_DIRECTORY else self._known(os.fstat(descriptor).st_ino, b"")

    def synced(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self._by_inode[status.st_ino].durable = os.pread(descriptor, status.st_size, 0)

    def renamed(self, source: Path, target: Path, exchange: bool) -> None:
        here, there = self._folder(source.parent).names, self._folder(target.parent).names
        moved = here.pop(source.name)
        if exchange:
            here[source.name] = there[target.name]
        there[target.name] = moved

    def synced_dir(self, path: Path) -> None:
        if path.is_relative_to(self.root):
            folder = self._folder(path)
            folder.durable = dict(folder.names)

    def unlinked(self, path: Path) -> None:
        self._folder(path.parent).names.pop(path.name).removed = True

    def materialise(self, target: Path, fault: str) -> None:
        """Write what is left after the power loss into a new folder."""
        self._write(self._top, self.root, target, fault)

    def _write(self, folder: _Folder, live: Path, target: Path, fault: str) -> None:
        target.mkdir()
        for name, node in (folder.durable if fault in ("lost", "gone") else folder.names).items():
            if fault == "gone" and node.removed:
                continue
            if isinstance(node, _Folder):
                self._write(node, live / name, target / name, fault)
                continue
            content = node.durable
            if fault == "torn":
                now = (live / name).read_bytes()
                synced = len(content) if now.startswith(content) else 0
                content = now[: synced + (len(now) - synced) // 2]
            (target / name).write_bytes(content)


class FaultyDisk:
    """Stands in for the six disk actions while `installed`; counts them and makes number `at` fail."""

    def __init__(self, root: Path, fault: str, at: int, exchange: bool):
        self.count, self._fault, self._at, self._exchange = 0, fault, at, exchange
        self.shadow = Shadow(root)
        self._real = {name: getattr(disk, name) for name in _ACTIONS}

    @property
    def reached(self) -> bool:
        return self.count >= self._at

    @contextmanager
    def installed(self) -> Iterator[None]:
        try:
            for name in _ACTIONS:
                setattr(disk, name, getattr(self, name))
            yield
        finally:
            for name, action in self._real.items():
                setattr(disk, name, action)

    def _step(self, *, removal: bool = False) -> None:
        self.count += 1
        if not self.reached:
            return
        if self._fault == "full":
            if not removal:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif self._fault == "error":
            if self.count == self._at:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        else:
            raise Dead

    def create(self, path: Path, flag: int) -> int:
        self._step()
        descriptor = self._real["create"](path, flag)
        self.shadow.created(path, flag, descriptor)
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> None:
        try:
            self._step()
        except (Dead, OSError):
            if self.count == self._at:
                self._real["write"](descriptor, data[: len(data) // 2])
            raise
        self._real["write"](descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._step()
        self._real["fsync"](descriptor)
        self.shadow.synced(descriptor)

    def rename(self, source: Path, target: Path, *, exchange: bool = False) -> None:
        if exchange and not self._exchange:
            raise OSError(errno.EINVAL, "this file system does not swap")
        self._step()
        self._real["rename"](source, target, exchange=exchange)
        self.shadow.renamed(source, target, exchange)

    def fsync_dir(self, path: Path) -> None:
        self._step()
        self._real["fsync_dir"](path)
        self.shadow.synced_dir(path)

    def unlink(self, path: Path) -> None:
        self._step(removal=True)
        self._real["unlink"](path)
        self.shadow.unlinked(path)


def walk(
    prepare: Callable[[Path], object],
    operation: Callable[[Path], object],
    check: Callable[[Path, bool], object],
    *,
    exchange: bool = True,
    faults: tuple[str, ...] = FAULTS,
) -> int:
    """The number of fault points walked.

    prepare(root) makes the state before; operation(root) changes it; check(root, done) asserts that what is left is the old
    state or the new one, and the new one when `done`, that is when the operation returned. Then the operation is run once
    more without a fault: it must work on whatever was left, and leave no temporary names behind.
    """
    with TemporaryDirectory(dir=_MEMORY) as folder:  # the simulation keeps no promise of a real disk, so it needs none
        return _walk(Path(os.path.realpath(folder)), prepare, operation, check, exchange, faults)


def _walk(folder: Path, prepare, operation, check, exchange: bool, faults: tuple[str, ...]) -> int:
    points = 0
    before = folder / "before"
    before.mkdir()
    prepare(before)
    for fault in faults:
        at = 0
        reached = True
        while reached:
            at += 1
            root, after = folder / f"{fault}-{at}", folder / f"{fault}-{at}-after"
            shutil.copytree(before, root)
            faulty = FaultyDisk(root, fault, at, exchange)
            done = _run(faulty, operation, root)
            reached = faulty.reached
            points += reached
            if fault in POWER:  # also when the operation ended well: what it promised must last
                faulty.shadow.materialise(after, fault)
            else:
                root.rename(after)
            check(after, done)
            again = FaultyDisk(after, "kill", 1 << 30, exchange)
            assert _run(again, operation, after)
            check(after, True)
            left = [str(path) for path in after.rglob("*.awase-*")]
            assert not left, f"{fault} at action {at}: {left} left behind"
            shutil.rmtree(after)
            shutil.rmtree(root, ignore_errors=True)
    return points


def _run(faulty: FaultyDisk, operation: Callable[[Path], object], root: Path) -> bool:
    """Whether the operation returned; if not, it died, or told the user what the matter was."""
    with faulty.installed():
        try:
            operation(root)
        except Dead:
            return False
        except BackendError as error:
            assert error.code in ("E0301", "E0302") and error.place and error.remedy, error
            return False
    return True
