"""Which words stand near which: the rows of a co-occurrence matrix for a range of words, from a corpus of numbers.

A range at a time bounds the memory: the places of its words are found in one pass over the corpus, then each word's row is summed in an
array over the vocabulary that fits in a cache.
"""

from itertools import pairwise

import numpy as np

from awase.kernels.lazy import njit


@njit(cache=True, nogil=True)
def places_of(ids, bounds, first, last, window, starts, places, left, right):
    """Where the words first..last - 1 stand, by word, and how far their windows reach within the sentence.

    ids (n,) int32, negative for a word out of the vocabulary; bounds (n_sentences + 1,) int64. starts (last - first + 1,) int64 holds where
    each word's places begin; fills places int64, left and right uint8: the window of place p is ids[p - left .. p + right].
    """
    free = starts[:-1].copy()
    for s in range(len(bounds) - 1):
        begin, end = bounds[s], bounds[s + 1]
        for p in range(begin, end):
            word = ids[p]
            if first <= word < last:
                at = free[word - first]
                free[word - first] += 1
                places[at] = p
                left[at] = min(p - begin, window)
                right[at] = min(end - 1 - p, window)


@njit(cache=True, nogil=True)
def _least_kept(sums, touched, most):
    """A level that at most ``most`` of sums[touched] lie above, by bisection; those that are equal there all go."""
    if len(touched) <= most:
        return np.float32(0)
    low, high = np.float32(0), np.float32(0)
    for word in touched:
        high = max(high, sums[word])
    for _ in range(24):
        middle = (low + high) / 2
        above = 0
        for word in touched:
            above += sums[word] > middle
        if above > most:
            low = middle
        else:
            high = middle
    return high


@njit(cache=True, nogil=True)
def cooccurrences(ids, starts, places, left, right, near, context, most, row_starts, columns, values):
    """The rows of the words whose places are given: values = sum over their places of near[distance - 1] context[word near by].

    A word is no neighbour of itself. near (window,) float32: what a distance counts; context (v,) float32: what a neighbour counts, 0
    leaves it out; most: entries kept of a row, the largest. Fills row_starts (rows + 1,), columns int32 and values float32.
    """
    v = len(context)
    sums, touched = np.zeros(v, np.float32), np.empty(v, np.int32)
    n = 0
    row_starts[0] = 0
    for k in range(len(starts) - 1):
        n_touched = 0
        for at in range(starts[k], starts[k + 1]):
            p = places[at]
            own = ids[p]
            for q in range(p - left[at], p + right[at] + 1):
                word = ids[q]
                if word < 0 or word == own or context[word] == 0:
                    continue
                if sums[word] == 0:
                    touched[n_touched] = word
                    n_touched += 1
                sums[word] += near[abs(q - p) - 1] * context[word]
        least = _least_kept(sums, touched[:n_touched], most)
        for word in touched[:n_touched]:
            if sums[word] > least:
                columns[n], values[n] = word, sums[word]
                n += 1
            sums[word] = 0
        row_starts[k + 1] = n


def cooccurrences_twin(ids, bounds, first, last, near, context):
    """(last - first, v): the rows that ``places_of`` and ``cooccurrences`` give with no bound on their entries, in numpy."""
    rows = np.zeros((last - first, len(context)))
    for begin, end in pairwise(bounds.tolist()):
        for p in range(begin, end):
            for q in range(max(p - len(near), begin), min(p + len(near), end - 1) + 1):
                if first <= ids[p] < last and ids[q] >= 0 and ids[q] != ids[p]:
                    rows[ids[p] - first, ids[q]] += near[abs(q - p) - 1] * context[ids[q]]
    return rows
