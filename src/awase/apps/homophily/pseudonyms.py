"""Names that say nothing of who is meant, and that only the holder of a key can make again."""

import base64
import hashlib
import secrets
from pathlib import Path

import numpy as np

from awase.core.errors import InputError
from awase.store.read import whole

_KEY_BYTES = 32
_MOST_BYTES = 1 << 16
_LEAST_BYTES = 16  # a shorter key could be tried out
_NAME_BYTES = 10  # 16 letters; two of a million users meet with odds 1e-12


def key_of(path: Path | None) -> bytes:
    """The key in a file, or a new one that is forgotten with the process.

    Raises InputError E1052 for a key of fewer than 16 bytes; E0304 if it cannot be read.
    """
    if path is None:
        return secrets.token_bytes(_KEY_BYTES)
    key = whole(path, _MOST_BYTES).strip()
    if len(key) < _LEAST_BYTES:
        raise InputError(
            "E1052", f"a key has at least {_LEAST_BYTES} bytes", place=str(path), value=len(key),
            remedy=f"head -c {_KEY_BYTES} /dev/urandom | base64 > {Path(path).name}",
        )  # fmt: skip
    return hashlib.sha256(key).digest()


def pseudonyms(authors: np.ndarray, key: bytes) -> list[str]:
    """A name for each author (n,) uint64: keyed BLAKE2b (RFC 7693) of the number. Without the key neither can a name be tried against the
    list nor can two reports be joined.

    >>> one, two = pseudonyms(np.array([7, 8], np.uint64), b"k" * 32)
    >>> len(one), one == pseudonyms(np.array([7], np.uint64), b"k" * 32)[0], one == two
    (18, True, False)
    """
    return [_written("u", int(author).to_bytes(8, "big"), key) for author in authors]


def pseudonym(kind: str, name: str, key: bytes) -> str:
    """A name in place of another: the kind, and keyed BLAKE2b of the name.

    >>> pseudonym("c", "u_ann", b"k" * 32) == pseudonym("c", "u_ann", b"k" * 32)
    True
    """
    return _written(kind, name.encode("utf-8", "surrogatepass"), key)


def _written(kind: str, named: bytes, key: bytes) -> str:
    digest = hashlib.blake2b(named, key=key, digest_size=_NAME_BYTES).digest()
    return f"{kind}-{base64.b32encode(digest).decode().lower()}"
