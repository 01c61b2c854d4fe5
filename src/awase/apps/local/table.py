"""A cache brought up to date with a table of documents: read again as a whole when its content has changed."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from awase.apps.local.folder import Changes
from awase.apps.local.found import is_text_table
from awase.apps.local.notes import ABOUT
from awase.core.errors import AwaseError
from awase.data.folders.walk import stamp
from awase.index.items import Item
from awase.index.noted import NotedCollection
from awase.store import read

if TYPE_CHECKING:
    from awase.data.documents import Documents

_GRAIN_NS = 2_000_000_000  # as in folder.py
_PIECE = 1 << 20
_GONE_AT_ONCE = 10_000


def documents_of(path: Path) -> "Documents | None":
    """The documents of a table, which are numbered where there are no ids. None where a text table has no column of texts: it is a text.

    Raises: as ``read_documents``.
    """
    from awase.data.documents import ROW_NUMBERS, read_documents

    try:
        return read_documents(path)
    except AwaseError as first:
        try:
            return read_documents(path, columns={"id": ROW_NUMBERS})
        except AwaseError:
            if is_text_table(path):
                return None
            raise first from None


def refresh_documents(collection: NotedCollection, path: Path, documents: "Documents") -> Changes:
    """Bring a cache up to date. Raises: as a loop over the documents, and as ``Collection.upsert``."""
    file = next((one for end in ("", ".gz") if (one := path / f"corpus.jsonl{end}").is_file()), path)
    about = json.loads(collection.notes()[ABOUT])
    status = file.stat()
    if about.get("stamp") == stamp(status):
        return Changes()
    now, digest = time.time_ns(), _hash(file)
    changes = Changes()
    if about.get("hash") != digest:
        seen: set[str] = set()
        changes.changed = collection.upsert(_items(documents, seen))
        gone = [one for one in collection.ids() if one not in seen]
        for start in range(0, len(gone), _GONE_AT_ONCE):
            collection.exchange(gone[start : start + _GONE_AT_ONCE], [], {})
        changes.removed = len(gone)
    settled = now - status.st_ctime_ns > _GRAIN_NS
    collection.exchange([], [], {ABOUT: json.dumps(about | {"hash": digest, "stamp": stamp(status) if settled else ""})})
    return changes


def _items(documents: "Documents", seen: set[str]) -> Iterator[Item]:
    for batch in documents:
        seen.update(batch.ids)
        yield from map(Item, *batch)


def _hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with read.regular(path) as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
