"""The caches of folders, texts and tables that were searched: one private folder for each real path, with a collection for each model."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from awase.apps.local.notes import ABOUT, why_not_read
from awase.core.errors import AwaseError, ConfigError, FormatError, InputError, IntegrityError
from awase.core.progress import say
from awase.core.protocols import TextEncoder
from awase.data.folders.walk import BINARY
from awase.index.noted import NotedCollection
from awase.store import files
from awase.store.private import cache_home, make_private, turn

_FORMAT = 1  # of the notes and of how texts are cut: a cache of another is made again
_WORDS = "words"
_UNSAFE = re.compile(r"[^\w.-]+")


def place_of(path: Path) -> Path:
    """Where the cache of a path is, whether it is there or not. Links on the way to the path make no difference."""
    real = os.path.realpath(path)
    name = _UNSAFE.sub("-", Path(real).name.encode("ascii", "ignore").decode())[:40]
    return cache_home() / f"{name}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}"


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """The only process that writes to a cache, for the block; others wait."""
    make_private(place.parent)
    with turn(place.with_name(f"{place.name}.lock"), lambda: say(f"Waiting for another process that reads into {place} ...")):
        yield


def opened(place: Path, root: str, encoder: TextEncoder | None) -> NotedCollection:
    """The cache that a model gives vectors to, made if need be: also where the one that is there is damaged, or of another version.

    Call it inside of ``locked``. root: the real path that it is the cache of.
    """
    make_private(place)
    path = place / f"{encoder.fingerprint[:16] if encoder else _WORDS}.awase"
    try:
        collection = NotedCollection.open(path, encoder)
        if about(collection) == {"format": _FORMAT, "root": root}:
            return collection
        collection.close()
    except (FormatError, IntegrityError):
        pass
    except InputError as error:
        if error.code != "E0304":  # it is not there
            raise
    remove_collection(path)
    made = NotedCollection.create(path, encoder)
    made.exchange([], [], {ABOUT: json.dumps({"format": _FORMAT, "root": root})})
    return made


def about(collection: NotedCollection) -> dict:
    """What a cache says of itself, without its counts."""
    note = json.loads(collection.notes().get(ABOUT, "{}"))
    return {key: note.get(key) for key in ("format", "root")}


def remove_collection(path: Path) -> None:
    """Remove one collection of a cache, whatever is in its file."""
    for ending in ("", "-wal", "-shm", ".cache"):
        files.remove(path.with_name(path.name + ending))


def remove(path: Path) -> dict:
    """Remove the cache of a path, which itself need not be there any more; how many bytes that freed.

    Raises: ConfigError E0762 where there is none.
    """
    place = place_of(path)
    if not place.exists():
        raise ConfigError(
            "E0762", "there is no cache of this", place=str(path), value=str(place),
            remedy="caches are made by `awase search` of a folder, a text or a table of documents",
        )  # fmt: skip
    with locked(place):
        freed = _bytes(place)
        files.remove(place)
        files.remove(place.with_name(f"{place.name}.lock"))
    return {"cache": str(place), "bytes": freed}


def describe(path: Path, kind: str) -> dict:
    """What the cache of a path is and holds: plain values, for people and for JSON."""
    place = place_of(path)
    found = {"kind": kind, "path": os.path.realpath(path), "cache": str(place), "bytes": _bytes(place)}
    collections = sorted(place.glob("*.awase")) if place.is_dir() else []
    searched_by = []
    for one in collections:
        try:
            with NotedCollection.open(one, readonly=True) as collection:
                info, notes = collection.info(), collection.notes()
        except AwaseError:  # it will be made again
            continue
        searched_by.append(info["model"] or "words")
        found |= _counted(notes) | {"items": info["items"]}
    return found | {"searched_by": searched_by}


def _counted(notes: dict[str, str]) -> dict:
    """What the notes say of the files."""
    about = json.loads(notes.get(ABOUT, "{}"))
    if "files" not in about:  # a table of documents
        return {}
    not_read = {path: why for path, why in why_not_read(notes).items() if why != BINARY}
    return {"files": about["files"], "passed_over": about["passed_over"], "not_read": not_read}


def _bytes(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) if place.is_dir() else 0
