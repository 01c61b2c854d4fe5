"""Sets of pairs of numbers: which things are known to belong together. One probe, in most cases, to ask."""

import numpy as np

from awase.core.errors import LimitError
from awase.kernels.lazy import njit

_EMPTY = np.int64(-1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def pair_set(a: np.ndarray, b: np.ndarray, n_b: int) -> np.ndarray:
    """An open-addressing table (int64, a power of two long) of the codes a n_b + b, which ``contains`` reads.

    a: not negative; b: 0 .. n_b - 1. Repeated pairs are one. Raises LimitError E0521 if a code does not fit in 63 bits.

    >>> table = pair_set(np.array([0, 5]), np.array([1, 2]), 3)
    >>> bool(contains(table, 5, 2, 3)), bool(contains(table, 5, 1, 3))
    (True, False)
    """
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    if len(a) and int(a.max()) > (2**63 - 1) // max(n_b, 1) - 1:
        raise LimitError("E0521", "there are too many items and relations to number all their pairs", value=(int(a.max()), n_b))
    # At most half full, so that a probe that fails ends soon.
    table = np.full(1 << max(2 * len(a), 2).bit_length(), _EMPTY, np.int64)
    _fill(table, a * n_b + b)
    return table


@njit(cache=True, nogil=True, inline="always")
def _place(table, code):
    return np.int64((np.uint64(code) * _SPREAD) >> np.uint64(20)) & (len(table) - 1)


@njit(cache=True, nogil=True)
def _fill(table, codes):
    for code in codes:
        at = _place(table, code)
        while table[at] != _EMPTY and table[at] != code:
            at = (at + 1) & (len(table) - 1)
        table[at] = code


@njit(cache=True, nogil=True, inline="always")
def contains(table, a, b, n_b):
    """Whether the pair (a, b) is in the table."""
    code = np.int64(a) * n_b + b
    at = _place(table, code)
    while table[at] != _EMPTY:
        if table[at] == code:
            return True
        at = (at + 1) & (len(table) - 1)
    return False
