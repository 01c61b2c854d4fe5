"""Random draws by counting: what is drawn depends on (seed, epoch, row, slot) and nothing else.

A stream that is read in order would tie the result to the size of a chunk and to the number of threads. Here each number is a hash
of where it is used, so that a step in numpy and a fused kernel draw alike, and so does a run that was killed and went on.
"""

import numpy as np
from numba import uint64

from awase.kernels.lazy import njit
from awase.kernels.sets import contains

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_TRIES = 32


@njit(cache=True, nogil=True, inline="always")
def _mixed(x):
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): each bit of x flips half of the bits of the result."""
    x = (x ^ (x >> np.uint64(30))) * _MIX1
    x = (x ^ (x >> np.uint64(27))) * _MIX2
    return x ^ (x >> np.uint64(31))


def key(seed: int, epoch: int) -> np.uint64:
    """One uint64 for an epoch of a run, which ``bits`` takes.

    A numpy number, as numba takes a Python int for an int64, in which half of the keys do not fit.

    >>> len({int(key(seed, epoch)) for seed in range(3) for epoch in range(3)})
    9
    """
    return np.uint64(_key(seed, epoch))


@njit(cache=True, nogil=True)
def _key(seed, epoch):
    return _mixed(_mixed(uint64(seed) + _GOLDEN) ^ (uint64(epoch) * _MIX1 + _GOLDEN))


@njit(cache=True, nogil=True, inline="always")
def bits(key, row, slot):
    """64 random bits for a slot of a row. Slots below 2^20 and rows below 2^44 do not meet."""
    return _mixed(key + ((uint64(row) << np.uint64(20)) + uint64(slot)) * _GOLDEN)


@njit(cache=True, nogil=True, inline="always")
def unit(bits):
    """A float64 in [0, 1), of 53 bits."""
    return np.float64(bits >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True, inline="always")
def below(bits, n):
    """An int64 in 0 .. n - 1. The upper 32 bits times n: biased by less than n / 2^32."""
    return np.int64(((bits >> np.uint64(32)) * uint64(n)) >> np.uint64(32))


@njit(cache=True, nogil=True)
def fill_bits(key, rows, slots, out):
    """out[i], uint64: the bits of slots[i] of rows[i]. Of a row above 2^44, as a hash is, the lower 44 bits count. Returns out."""
    for i in range(len(rows)):
        out[i] = bits(key, rows[i], slots[i])
    return out


@njit(cache=True, nogil=True)
def alias_table(weights):
    """(share float64, alias int64), from which ``alias_draw`` takes i with probability weights_i / sum in two reads (Walker 1977; Vose 1991).

    weights: (n,) float64, not negative, at least one above 0.

    >>> share, alias = alias_table(np.array([1.0, 0.0, 3.0]))
    >>> bool(share[1] == 0.0 and alias[1] == 2)
    True
    """
    n = len(weights)
    share, alias = weights * (n / weights.sum()), np.arange(n)
    small, large, n_small, n_large = np.empty(n, np.int64), np.empty(n, np.int64), 0, 0
    for i in range(n):
        if share[i] < 1.0:
            small[n_small] = i
            n_small += 1
        else:
            large[n_large] = i
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        short, giver = small[n_small], large[n_large - 1]
        alias[short] = giver
        share[giver] -= 1.0 - share[short]
        if share[giver] < 1.0:
            n_large -= 1
            small[n_small] = giver
            n_small += 1
    # What is left over is 1 up to rounding.
    for k in range(n_large):
        share[large[k]] = 1.0
    for k in range(n_small):
        share[small[k]] = 1.0
    return share, alias


@njit(cache=True, nogil=True, inline="always")
def alias_draw(share, alias, bits):
    """The row that these bits choose: the upper half picks a place, the lower decides between it and its alias."""
    place = below(bits, len(share))
    return place if (bits & np.uint64(0xFFFFFFFF)) * 2.0**-32 < share[place] else alias[place]


# Inlined, as a call would count the references of three arrays, which takes longer than a draw.
@njit(cache=True, nogil=True, inline="always")
def draw_unknown(share, alias, known, anchor, n_b, target, key, row, slot):
    """Draws from an alias table for a slot of ``row`` what is neither ``target`` nor known to belong to ``anchor``; -1 after 32 in vain.

    known: a table of ``sets.pair_set``. An anchor that belongs with nearly everything has no negatives, and must not hang here.
    """
    for attempt in range(_TRIES):
        found = alias_draw(share, alias, bits(key, row, slot * _TRIES + attempt))
        if found != target and not contains(known, anchor, found, n_b):
            return found
    return -1


@njit(cache=True, nogil=True)
def draw_negatives(share, alias, known, anchors, targets, n_b, key, rows, n, out):
    """out[i, j]: ``draw_unknown`` for slot j of rows[i], anchor anchors[i] and target targets[i]; out is (b, n) int64."""
    for i in range(len(rows)):
        for j in range(n):
            out[i, j] = draw_unknown(share, alias, known, anchors[i], n_b, targets[i], key, rows[i], j)
