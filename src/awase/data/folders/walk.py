"""The files of a folder that may hold text, and what was passed over on the way."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from awase.data.folders.ignore import NAME, Rules, rules_above, rules_of

HIDDEN, IGNORED, LINKS, SPECIAL, BINARY = "hidden", "ignored by Git's rules", "links", "not regular files", "binary"
PASSED_OVER = (HIDDEN, IGNORED, LINKS, SPECIAL, BINARY)


@dataclass
class Walked:
    """What a walk found. ``files``: path from the root, with slashes -> stamp; a file whose stamp is the same has the same content.

    ``passed_over``: how many entries for which reason, a folder counting as one. ``refused``: path -> why it could not be looked into.
    """

    files: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)


def walk(root: Path) -> Walked:
    """The files of a folder: not the hidden ones, nor what Git's rules leave out, nor what lies behind a link.

    A link into the folder leads to what is found anyway, one out of it to what nobody asked for, so none is followed.

    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "a.txt").write_text("wine"), (folder / ".b").write_text("beer")
    >>> found = walk(folder)
    >>> list(found.files), found.passed_over
    (['a.txt'], Counter({'hidden': 1}))
    """
    walked = Walked()
    rules, place = rules_above(root)
    for path, status in _entries(root, "", rules, place, walked):
        walked.files[path] = stamp(status)
    return walked


def stamp(status: os.stat_result) -> str:
    """What changes when the content of a file does: its size, its times and which file it is."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _entries(root: Path, at: str, rules: Rules | None, place: str, walked: Walked) -> Iterator[tuple[str, os.stat_result]]:
    """Files at and below a path, in the order of their names; ``place`` + path is the path from where the rules begin."""
    waiting = [(at, rules)]
    while waiting:
        at, rules = waiting.pop()
        folder = root / at
        try:
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            walked.refused[at.removesuffix("/") or "."] = f"the folder cannot be read: {error.strerror}"
            continue
        if any(entry.name == NAME for entry in entries):
            rules = rules_of(folder, place + at, rules)
        below = []
        for entry in entries:
            path = at + entry.name
            if not path.isascii() and _printable(path) != path:
                walked.refused[_printable(path)] = "its name is not UTF-8"
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                walked.refused[path] = f"cannot be looked at: {error.strerror}"
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            why = _passed_over(entry.name, status.st_mode, place + path + "/" * is_folder, rules)
            if why:
                walked.passed_over[why] += 1
            elif is_folder:
                below.append((path + "/", rules))
            else:
                yield path, status
        waiting += reversed(below)


def _passed_over(name: str, mode: int, path: str, rules: Rules | None) -> str:
    """Why an entry is passed over, "" if it is not."""
    if name.startswith("."):
        return HIDDEN
    if rules is not None and rules.ignore(path):
        return IGNORED
    if stat.S_ISLNK(mode):
        return LINKS
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else SPECIAL


def _printable(path: str) -> str:
    """A path with escapes for the bytes that are no UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
