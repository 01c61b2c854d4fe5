"""Derived caches: arrays that can be computed again, kept in one file each, checked whole before use and never trusted.

A cache is a safetensors file whose metadata is the stamp it was made for (the generation of a collection, the fingerprint
of a model, ...) and whose last array is the sha256 of all bytes before it. Deleting a cache loses nothing. A writer puts
a new file in place of the old one; readers that have the old one mapped keep it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from awase.core.errors import AwaseError
from awase.store import files, tensors

_DIGEST = "~sha256"
_DIGEST_BYTES = 32


class Cached(NamedTuple):
    """What a cache held: read-only views of the file, or None and the reason: absent, stale or damaged."""

    arrays: dict[str, np.ndarray] | None
    why: str


def place(folder: Path | str, name: str) -> Path:
    """Where a cache is kept."""
    return Path(folder) / f"{name}.cache"


def save(folder: Path | str, name: str, arrays: Mapping[str, np.ndarray], stamp: Mapping[str, object]) -> None:
    """Keep arrays under a name, with the stamp (plain JSON) they were made for. Takes one pass and no memory.

    Raises: InputError E0317 for a dtype that cannot be kept; BackendError E0301, E0302.

    >>> folder = getfixture("tmp_path")
    >>> save(folder, "vectors", {"rows": np.arange(3)}, {"generation": 7})
    >>> load(folder, "vectors", {"generation": 7}).arrays["rows"]
    array([0, 1, 2])
    >>> load(folder, "vectors", {"generation": 8}).why
    'stale: generation is 7, not 8'
    """
    content = {**tensors.ordered(arrays), _DIGEST: np.zeros(_DIGEST_BYTES, np.uint8)}
    *body, _ = tensors.pieces(content, {"stamp": _text(stamp)})
    digest = hashlib.sha256()
    with files.open_atomic(place(folder, name)) as stream:
        for piece in body:
            digest.update(piece)
            stream.write(piece)
        stream.write(digest.digest())


def load(folder: Path | str, name: str, stamp: Mapping[str, object]) -> Cached:
    """The arrays kept under a name if they were made for this stamp and every byte is as written. Never raises for a bad cache."""
    path = place(folder, name)
    if not path.exists():
        return Cached(None, "absent")
    try:
        raw, arrays, metadata = tensors.view(path)
    except AwaseError as error:
        return Cached(None, f"damaged: {error.message}")
    if metadata.get("stamp") != _text(stamp):
        return Cached(None, _difference(metadata.get("stamp"), stamp))
    if hashlib.sha256(raw[:-_DIGEST_BYTES].data).digest() != raw[-_DIGEST_BYTES:].tobytes():
        return Cached(None, "damaged: the content is not what was saved")
    del arrays[_DIGEST]
    return Cached(arrays, "")


def _text(stamp: Mapping[str, object]) -> str:
    return json.dumps(stamp, sort_keys=True)


def _difference(found: str | None, wanted: Mapping[str, object]) -> str:
    """Why a stamp does not fit, naming the first part that differs."""
    try:
        was = json.loads(found or "")
        part = next(key for key in sorted({*was, *wanted}) if was.get(key) != wanted.get(key))
        return f"stale: {part} is {was.get(part)!r}, not {wanted.get(part)!r}"
    except (ValueError, TypeError, AttributeError, RecursionError, StopIteration):  # not a stamp that we wrote
        return "damaged: its stamp cannot be read"
