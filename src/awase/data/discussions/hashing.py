"""64-bit hashes of names: what an id, an author or a thread is within a discussion.

Two of n names collide with odds of n^2 / 2^65: one in 37 for 10^9 names. Hashes do not depend on order, machine or process, so files that
are read apart can be joined. They hide nothing: who has a list of names can hash them as well.
"""

import numpy as np
import pyarrow as pa

from awase.kernels.lazy import njit

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x00000100000001B3)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_SPACE = 32  # this byte and all below it are trimmed


def name_hashes(names: pa.Array) -> np.ndarray:
    """uint64 (n,): a hash of each name (any string array) without the white space around it; 0 where there is none.

    >>> a, b, none = name_hashes(pa.array(["t3_abc", " t3_abc ", ""]))
    >>> bool(a == b), int(none)
    (True, 0)
    """
    names = names.cast(pa.large_string())
    hashes = np.empty(len(names), np.uint64)
    if len(names):
        _, offsets, values = names.buffers()
        starts = np.frombuffer(offsets, np.int64)[names.offset : names.offset + len(names) + 1]
        data = np.frombuffer(values, np.uint8) if values is not None else np.zeros(0, np.uint8)
        _hash_names(data, starts, hashes)
    if names.null_count:
        hashes[names.is_null().to_numpy(zero_copy_only=False)] = 0
    return hashes


def name_hash(name: str) -> int:
    """The hash of one name."""
    return int(name_hashes(pa.array([name], pa.large_string()))[0])


@njit(cache=True, nogil=True)
def _hash_names(data, starts, hashes):
    """FNV-1a over the bytes (Fowler, Noll and Vo), finished by SplitMix64 so that each range of hashes is as full as any other."""
    for row in range(hashes.size):
        begin, end = starts[row], starts[row + 1]
        while begin < end and data[begin] <= _SPACE:
            begin += 1
        while begin < end and data[end - 1] <= _SPACE:
            end -= 1
        x = _BASIS
        for position in range(begin, end):
            x = (x ^ np.uint64(data[position])) * _PRIME
        x = (x ^ (x >> _S30)) * _MIX1
        x = (x ^ (x >> _S27)) * _MIX2
        x ^= x >> _S31
        if begin == end:
            x = np.uint64(0)
        elif x == 0:
            x = np.uint64(1)  # 0 stands for no name
        hashes[row] = x


def _hash_names_twin(names: list[str]) -> list[int]:
    """The same in plain integers."""
    mask, hashes = (1 << 64) - 1, []
    for name in names:
        trimmed = name.encode().strip(bytes(range(_SPACE + 1)))
        x = int(_BASIS)
        for byte in trimmed:
            x = ((x ^ byte) * int(_PRIME)) & mask
        x = ((x ^ (x >> 30)) * int(_MIX1)) & mask
        x = ((x ^ (x >> 27)) * int(_MIX2)) & mask
        x ^= x >> 31
        hashes.append(max(x, 1) if trimmed else 0)
    return hashes
