"""A cache brought up to date with the files of a folder: what is new or changed is read, what is gone is forgotten.

A file whose size, times and number are those of the last time is not read again. A change within the grain of the clock could leave them as
they were, so those of a file that had just been written do not count; then its content decides, by its hash.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from awase.apps.local.notes import ABOUT, Note, why_not_read
from awase.core.errors import FormatError
from awase.core.limits import MAX_ID_BYTES
from awase.core.progress import progress
from awase.data.folders.passages import Passage, passages
from awase.data.folders.text import GONE, Content, content, decoded
from awase.data.folders.walk import BINARY, PASSED_OVER, Walked, stamp, walk
from awase.index.items import Item
from awase.index.noted import NotedCollection

_GRAIN_NS = 2_000_000_000  # the coarsest clock of a file system in use
_BATCH_BYTES = 4 << 20  # of files in one commit
_BATCH_FILES = 1_000
_PLACE_BYTES = 24  # of a line and a part in an id


@dataclass
class Changes:
    """What bringing a cache up to date found and did. ``news``: path -> why, of the files that have no text and were not named before."""

    files: int = 0
    changed: int = 0
    removed: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    not_read: int = 0
    news: dict[str, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return bool(self.changed or self.removed or self.news)


def refresh(collection: NotedCollection, root: Path) -> Changes:
    """Bring a cache up to date with a folder, or with one file.

    Raises: FormatError E0761 for one file that is no text; as ``NotedCollection.exchange``.
    """
    return _Refresh(collection, root).run()


class _Refresh:
    """One run of it. ``notes`` are those of the cache as they become."""

    def __init__(self, collection: NotedCollection, root: Path):
        self._collection = collection
        self._root = root
        self._folder = root if root.is_dir() else root.parent
        self._notes = collection.notes()
        self._about = self._notes.pop(ABOUT)
        self._named = why_not_read(self._notes)
        self._changes = Changes()

    def run(self) -> Changes:
        alone = not self._root.is_dir()
        walked = Walked({self._root.name: stamp(self._root.stat())}) if alone else walk(self._root)
        there = walked.files.keys() | walked.refused.keys()
        for part in _parts([path for path in self._notes if path not in there]):
            self._write([], dict.fromkeys(part))
            self._changes.removed += len(part)
        new = [path for path, its in walked.files.items() if not self._notes.get(path, "").startswith(f"{its}\n")]
        with progress("reading", len(new), "files") as job:
            for part in self._read(new):
                self._take(part)
                job.advance(len(part))
        refused = {path: Note("", why=why) for path, why in walked.refused.items()}
        self._write([], {path: note for path, note in refused.items() if self._notes.get(path) != note.text()})
        self._count(walked)
        if alone and (why := why_not_read(self._notes).get(self._root.name)):
            remedy = "give a text, a folder of texts or a table of documents"
            raise FormatError("E0761", f"there is no text in this file: {why}", place=str(self._root), remedy=remedy)
        return self._changes

    def _read(self, paths: Iterable[str]) -> Iterator[dict[str, Content]]:
        """The contents of some files at a time."""
        part: dict[str, Content] = {}
        size = 0
        for path in paths:
            part[path] = content(self._folder / path)
            size += len(part[path].data)
            if size > _BATCH_BYTES or len(part) == _BATCH_FILES:
                yield part
                part, size = {}, 0
        yield part

    def _take(self, part: Mapping[str, Content]) -> None:
        """Put what was read of some files into the cache, in one commit."""
        items: list[Item] = []
        notes: dict[str, Note | None] = {}
        now = time.time_ns()
        for path, read in part.items():
            if read.why == GONE:
                notes[path], self._changes.news[path] = None, GONE
                continue
            settled = read.status is not None and now - read.status.st_ctime_ns > _GRAIN_NS
            its_stamp = stamp(read.status) if settled and read.status else ""
            before = Note.of(self._notes[path]) if path in self._notes else None
            digest = hashlib.blake2b(read.data, digest_size=16).hexdigest()
            if before and not read.why and before.hash == digest:
                notes[path] = before._replace(stamp=its_stamp)
                continue
            text, why = ("", read.why) if read.why else decoded(read.data)
            found = passages(path, text)
            items += [Item(_id(path, _at(one)), one.text, {"path": path, "line": one.line}) for one in found]
            notes[path] = Note(its_stamp, "" if why else digest, tuple(map(_at, found)), why)
            self._changes.changed += not why
        self._write(items, notes)

    def _write(self, items: Iterable[Item], notes: Mapping[str, Note | None]) -> None:
        """Change what the cache has of some files, in one commit. None for one that is gone."""
        gone = []
        for path, note in notes.items():
            before = Note.of(self._notes[path]) if path in self._notes else Note("")
            if note is None or note.hash != before.hash or note.at != before.at:
                gone += [_id(path, at) for at in before.at]
        changed = {path: None if note is None else note.text() for path, note in notes.items()}
        changed = {path: text for path, text in changed.items() if text != self._notes.get(path)}
        if not changed:
            return
        self._collection.exchange(gone, items, changed)
        for path, text in changed.items():
            if text is None:
                del self._notes[path]
            else:
                self._notes[path] = text

    def _count(self, walked: Walked) -> None:
        """Complete the counts, and keep them for whoever asks later."""
        no_text = why_not_read(self._notes)
        n_binary = sum(why == BINARY for why in no_text.values())
        counts = {**walked.passed_over, BINARY: n_binary}
        changes = self._changes
        changes.passed_over = {reason: counts[reason] for reason in PASSED_OVER if counts.get(reason)}
        changes.files = len(self._notes) - len(no_text)
        changes.not_read = len(no_text) - n_binary
        changes.news |= {path: why for path, why in no_text.items() if why not in (BINARY, self._named.get(path))}
        about = json.loads(self._about) | {"files": changes.files, "passed_over": changes.passed_over}
        if (text := json.dumps(about)) != self._about:
            self._collection.exchange([], [], {ABOUT: text})


def _parts(paths: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(paths), _BATCH_FILES):
        yield paths[start : start + _BATCH_FILES]


def _at(passage: Passage) -> str:
    """Where a passage begins, as its id says it."""
    return str(passage.line) if passage.part == 1 else f"{passage.line}:{passage.part}"


def _id(path: str, at: str) -> str:
    """path:line, as compilers and grep have it. A path too long for an id, or that could be taken for one with a line, is named by its hash."""
    if path.rstrip(":0123456789").count(":") == path.count(":") and len(path.encode()) <= MAX_ID_BYTES - _PLACE_BYTES:
        return f"{path}:{at}"
    return f"//{hashlib.blake2b(path.encode(), digest_size=8).hexdigest()}:{at}"
