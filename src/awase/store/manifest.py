"""``manifest.json``: the size and sha256 of every file of a folder, written last and checked before anything is used.

{"format": 1, "files": {"model.safetensors": {"bytes": 61440000, "sha256": "9f86..."}, "1_Pooling/config.json": {...}}}
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import TypedDict

from awase.core.errors import FormatError, IntegrityError
from awase.store import disk, read, siblings

NAME = "manifest.json"
_FORMAT = 1
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_SAFE = re.compile(rf"{_PART}(/{_PART}){{0,7}}")


class Entry(TypedDict):
    """What a manifest says of one file."""

    bytes: int
    sha256: str


Files = dict[str, Entry]


def describe(folder: Path) -> bytes:
    """The manifest of all files in a folder, as it is written.

    Raises: FormatError E0306 when a name could not be read back (letters, digits, ``. _ -``, no leading dot), or is a link.
    """
    files: Files = {}
    for name in _inside(folder):
        _check_name(name, folder)
        files[name] = {"bytes": _regular_size(folder, name), "sha256": _digest(folder / name)}
    return json.dumps({"format": _FORMAT, "files": files}, indent=1, sort_keys=True).encode()


def listed(folder: Path | str) -> Files:
    """The files that the manifest of a folder lists, not yet checked.

    Raises: InputError E0304 (no such folder), IntegrityError E0307 (no manifest), FormatError E0305 or E0306 (not a manifest).
    """
    folder = Path(folder)
    with disk.explained(folder):
        siblings.recover(folder)
    place = folder / NAME
    if folder.is_dir() and not place.exists():
        raise IntegrityError(
            "E0307",
            "the folder has no manifest.json",
            place=str(folder),
            remedy="save it again: it was not finished, or was altered",
        )
    content = read.json_object(place)
    if content.get("format") != _FORMAT:
        raise FormatError(
            "E0305",
            "the manifest has a format that this version does not know",
            place=str(place),
            value=content.get("format"),
            remedy="install the newest awase, or save the folder again",
        )
    files = content.get("files")
    if not isinstance(files, dict) or not all(_is_entry(entry) for entry in files.values()):
        raise FormatError("E0305", "the manifest does not list files", place=str(place), remedy="save the folder again")
    for name in files:
        _check_name(name, folder)
    return files


def verify(folder: Path | str, *, by_size: Collection[str] = ()) -> Files:
    """The files of a folder, each checked against its size and sha256; those named in ``by_size``, which are then not read, against
    their size alone.

    Raises: IntegrityError E0307 that names the first file that is missing, cut short or altered; FormatError E0306 for a
    name or a link that leads out of the folder; else as ``listed``.
    """
    folder = Path(folder)
    files = listed(folder)
    for name, entry in files.items():
        path = folder / name
        if not os.path.lexists(path):
            raise _damaged("a file of the folder is missing", path)
        size = _regular_size(folder, name)
        if size != entry["bytes"]:
            raise _damaged(f"the file has {size:,} bytes, the manifest says {entry['bytes']:,}", path)
        if name not in by_size and _digest(path) != entry["sha256"]:
            raise _damaged("the content of the file is not what was saved", path)
    return files


def first_unlisted(folder: Path) -> str | None:
    """A file in the folder that no manifest of ours lists, or None: then all in it may be replaced."""
    inside = _inside(folder)
    if not inside and not (folder / NAME).exists():
        return None
    try:
        known = listed(folder)
    except (FormatError, IntegrityError):
        return inside[0] if inside else NAME
    return next((name for name in inside if name not in known), None)


def _inside(folder: Path) -> list[str]:
    """The names of all files and links in a folder but its manifest and the leftovers of killed runs."""
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return [path.as_posix() for path in found if path.as_posix() != NAME and not any(map(siblings.is_sibling, path.parts))]


def _regular_size(folder: Path, name: str) -> int:
    """The size of a regular file that lies in the folder itself, with no link on the way to it."""
    path = folder
    for part in name.split("/"):
        path = path / part
        if path.is_symlink():
            break
    else:
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            return found.st_size
    raise FormatError(
        "E0306",
        "a link or a special file stands where a regular file should",
        place=str(path),
        remedy="put the file itself into the folder, or save the folder again",
    )


def _digest(path: Path) -> str:
    with read.regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_name(name: str, folder: Path) -> None:
    if not _SAFE.fullmatch(name):
        raise FormatError(
            "E0306",
            "a file name is not allowed in a folder of Awase",
            place=str(folder),
            value=name,
            remedy="names have letters, digits, '.', '_' and '-', do not start with a dot and stay inside the folder",
        )


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and type(entry.get("bytes")) is int and isinstance(entry.get("sha256"), str)


def _damaged(what: str, path: Path) -> IntegrityError:
    return IntegrityError("E0307", what, place=str(path), remedy="restore the folder from a copy, or save or train it again")
