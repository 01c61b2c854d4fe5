"""When two texts count as the same: Unicode's NFKC_Casefold, runs of white space as one space. And 128-bit keys of such texts.

The key, not the text, is kept for every row of a file larger than memory. It is a function of the text alone, so everything
decided by it (duplicates, splits) does not depend on the order of rows, the machine or the process.
"""

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.text.casefold import nfkc_casefold
from awase.kernels.lazy import njit

_BASIS = np.array([0xCBF29CE484222325, 0x9E3779B97F4A7C15], dtype=np.uint64)
_PRIME = np.array([0x00000100000001B3, 0xFF51AFD7ED558CCD], dtype=np.uint64)
_FINAL = np.array([0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53], dtype=np.uint64)


def normalise(text: str) -> str:
    """The form in which texts are compared.

    >>> normalise("  Ｃａｆé\\n ＡＷＡＳＥ ")
    'café awase'
    """
    return " ".join(nfkc_casefold(text).split())


def text_keys(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """uint64 (n, 2): a 128-bit hash of each normalised text. Equal for equal normalised texts; n texts collide with odds n²/2¹²⁸.

    >>> a, b, c = text_keys(pa.array(["Hello  World", "hello world", "hello"], pa.large_string()))
    >>> bool((a == b).all()), bool((a == c).any())
    (True, False)
    """
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = texts.cast(pa.large_string())
    ascii_only = pc.string_is_ascii(texts)
    if pc.all(ascii_only, min_count=0).as_py():
        return _hash(texts)
    foreign = np.flatnonzero(~ascii_only.to_numpy(zero_copy_only=False))
    keys = _hash(texts)
    # A Python loop: Arrow has NFKC (no faster for Japanese) but no case folding, and no array library has both.
    folded = [normalise(text) for text in texts.take(pa.array(foreign)).to_pylist()]
    keys[foreign] = _hash(pa.array(folded, pa.large_string()))
    return keys


def combine(*keys: np.ndarray) -> np.ndarray:
    """uint64 (n, 2): one key for each row of several keys, which depends on their order."""
    mixed = np.zeros_like(keys[0])
    for key in keys:
        mixed = (mixed ^ key) * _FINAL
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _hash(texts: pa.Array) -> np.ndarray:
    _, offsets, values = texts.buffers()
    starts = (
        np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
        if len(texts)
        else np.zeros(1, np.int64)
    )
    data = np.frombuffer(values, dtype=np.uint8) if values is not None else np.zeros(0, np.uint8)
    keys = np.empty((len(texts), 2), dtype=np.uint64)
    _hash_rows(data, starts, keys)
    return keys


_S32, _S29 = np.uint64(32), np.uint64(29)
_B0, _B1 = _BASIS
_P0, _P1 = _PRIME
_F0, _F1 = _FINAL


@njit(cache=True, nogil=True)
def _hash_rows(data, starts, keys):
    """Two lanes of multiply-and-shift over the bytes, in lower case, with every run of white space as one space."""
    for row in range(keys.shape[0]):
        a, b = _B0, _B1
        gap, begun = False, False
        for position in range(starts[row], starts[row + 1]):
            byte = np.uint64(data[position])
            if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
                gap = begun
                continue
            if gap:
                a = (a ^ np.uint64(32)) * _P0
                b = (b ^ np.uint64(32)) * _P1
                b ^= b >> _S32
                gap = False
            begun = True
            if 65 <= byte <= 90:
                byte += np.uint64(32)
            a = (a ^ byte) * _P0
            b = (b ^ byte) * _P1
            b ^= b >> _S32
        a = (a ^ (a >> _S29)) * _F0
        keys[row, 0] = a ^ (a >> _S32)
        b = (b ^ (b >> _S29)) * _F1
        keys[row, 1] = b ^ (b >> _S32)


def _hash_rows_twin(texts: list[str]) -> np.ndarray:
    """The same for ASCII texts in plain integers."""
    mask = (1 << 64) - 1
    keys = []
    for text in texts:
        a, b = (int(value) for value in _BASIS)
        for byte in " ".join(text.split()).lower().encode():
            a = ((a ^ byte) * int(_PRIME[0])) & mask
            b = ((b ^ byte) * int(_PRIME[1])) & mask
            b ^= b >> 32
        a = ((a ^ (a >> 29)) * int(_FINAL[0])) & mask
        b = ((b ^ (b >> 29)) * int(_FINAL[1])) & mask
        keys.append((a ^ (a >> 32), b ^ (b >> 32)))
    return np.array(keys, dtype=np.uint64).reshape(-1, 2)


class Interner:
    """Numbers for keys, from 0 in order of first appearance: a hash set of 16 bytes a key, which grows.

    >>> Interner().ids(np.array([[7, 1], [8, 1], [7, 1]], dtype=np.uint64)).tolist()
    [0, 1, 0]
    """

    def __init__(self) -> None:
        self._n = 0
        self._keys = np.empty((1024, 2), dtype=np.uint64)
        self._slots = np.full(2048, -1, dtype=np.int64)

    def __len__(self) -> int:
        return self._n

    def ids(self, keys: np.ndarray) -> np.ndarray:
        """int64 (n,): the number of each key; new keys get the next free numbers."""
        needed = self._n + len(keys)
        if needed > len(self._keys):
            capacity = 1 << (needed - 1).bit_length()
            grown = np.empty((capacity, 2), dtype=np.uint64)
            grown[: self._n] = self._keys[: self._n]
            self._keys, self._slots = grown, np.full(2 * capacity, -1, dtype=np.int64)
            _intern(self._slots, self._keys, 0, self._keys[: self._n].copy(), np.empty(self._n, dtype=np.int64))
        ids = np.empty(len(keys), dtype=np.int64)
        self._n = _intern(self._slots, self._keys, self._n, np.ascontiguousarray(keys), ids)
        return ids

    def fresh(self, keys: np.ndarray) -> np.ndarray:
        """bool (n,): which keys appear here for the first time."""
        before = self._n
        ids = self.ids(keys)
        # New numbers are given in order, so a number is new exactly when it is above all before it.
        highest = np.maximum.accumulate(np.concatenate([[before - 1], ids]))[:-1]
        return ids > highest


@njit(cache=True, nogil=True)
def _intern(slots, kept, n, keys, ids):
    """Open addressing with linear probing; the keys are hashes already. Returns how many are kept."""
    mask = slots.size - 1
    for row in range(keys.shape[0]):
        slot = np.int64(keys[row, 0] & np.uint64(mask))
        while True:
            number = slots[slot]
            if number < 0:
                slots[slot] = n
                kept[n, 0] = keys[row, 0]
                kept[n, 1] = keys[row, 1]
                ids[row] = n
                n += 1
                break
            if kept[number, 0] == keys[row, 0] and kept[number, 1] == keys[row, 1]:
                ids[row] = number
                break
            slot = (slot + 1) & mask
    return n


def _intern_twin(keys: np.ndarray) -> np.ndarray:
    """The same with a dictionary."""
    numbers: dict[tuple[int, int], int] = {}
    return np.array([numbers.setdefault((int(a), int(b)), len(numbers)) for a, b in keys], dtype=np.int64)
