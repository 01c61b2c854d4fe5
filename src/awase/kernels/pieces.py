"""Learns which pairs of symbols to merge: byte-pair encoding (Sennrich, Haddow & Birch, ACL 2016) over counted words.

Each position of a word is the left end of at most one pair, so the places of a pair are a doubly linked list through the
positions: a merge touches only the places where it applies. Ties go to the smaller pair, so the result is a function of
words and counts.
"""

import heapq
from itertools import pairwise

import numpy as np

from awase.kernels.lazy import njit

_FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio


@njit(cache=True, nogil=True)
def _find(keys, key):
    """The slot of a key in an open-addressing table, or the free slot where it belongs."""
    slot = np.int64((key * _SPREAD) >> np.uint64(20)) & (len(keys) - 1)
    while keys[slot] != _FREE and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@njit(cache=True, nogil=True)
def _add(keys, values, count, first, after, before, left, right, weight, place):
    """Counts a pair at a place that becomes the first of its list. Returns the slot; the caller keeps the table sparse."""
    slot = _find(keys, np.uint64(left) << np.uint64(32) | np.uint64(right))
    if keys[slot] == _FREE:
        keys[slot] = np.uint64(left) << np.uint64(32) | np.uint64(right)
        values[0] += 1
        count[slot] = 0
        first[slot] = -1
    count[slot] += weight
    after[place], before[place] = first[slot], -1
    if first[slot] >= 0:
        before[first[slot]] = place
    first[slot] = place
    return slot


@njit(cache=True, nogil=True)
def _drop(keys, count, first, after, before, left, right, weight, place):
    """Takes a place out of the list of its pair."""
    slot = _find(keys, np.uint64(left) << np.uint64(32) | np.uint64(right))
    count[slot] -= weight
    if before[place] >= 0:
        after[before[place]] = after[place]
    else:
        first[slot] = after[place]
    if after[place] >= 0:
        before[after[place]] = before[place]


@njit(cache=True, nogil=True)
def _grown(keys, count, first):
    """The same pairs in a table twice as large."""
    new_keys = np.full(2 * len(keys), _FREE)
    new_count, new_first = np.empty(2 * len(keys), np.int64), np.empty(2 * len(keys), np.int32)
    for slot in range(len(keys)):
        if keys[slot] != _FREE:
            new = _find(new_keys, keys[slot])
            new_keys[new], new_count[new], new_first[new] = keys[slot], count[slot], first[slot]
    return new_keys, new_count, new_first


@njit(cache=True, nogil=True)
def learn_merges(symbols, starts, weights, n_symbols, most, least):
    """The merges (left, right) in order, int32 (n, 2); merge i makes symbol ``n_symbols + i``.

    symbols: (n,) int32, all words end to end, from 0 to n_symbols - 1, or -1 where no pair may be; starts: (n_words + 1,)
    int64; weights: (n_words,) int64. Stops after ``most`` merges or when no pair occurs ``least`` times.
    """
    n = len(symbols)
    at = symbols.copy()
    right_of, left_of = np.empty(n, np.int32), np.empty(n, np.int32)
    after, before = np.empty(n, np.int32), np.empty(n, np.int32)
    word_of = np.empty(n, np.int32)
    keys, size = np.full(1 << 16, _FREE), np.zeros(1, np.int64)
    count, first = np.empty(len(keys), np.int64), np.empty(len(keys), np.int32)
    for word in range(len(weights) - 1, -1, -1):  # from the end, so that each list begins in ascending order
        for i in range(starts[word + 1] - 1, starts[word] - 1, -1):
            word_of[i] = word
            left_of[i] = i - 1 if i > starts[word] and at[i] >= 0 and at[i - 1] >= 0 else -1
            right_of[i] = i + 1 if i + 1 < starts[word + 1] and at[i] >= 0 and at[i + 1] >= 0 else -1
            if right_of[i] >= 0:
                if 2 * size[0] >= len(keys):
                    keys, count, first = _grown(keys, count, first)
                _add(keys, size, count, first, after, before, at[i], at[i + 1], weights[word], i)
    heap = [(-count[slot], keys[slot]) for slot in range(len(keys)) if keys[slot] != _FREE]
    heapq.heapify(heap)
    merges = np.empty((most, 2), np.int32)
    done = 0
    changed = np.empty(n, np.uint64)
    while done < most and len(heap) > 0:
        expected, key = heapq.heappop(heap)
        slot = _find(keys, key)
        if count[slot] != -expected:
            if 0 < count[slot] < -expected:  # it lost places since: it waits for its turn
                heapq.heappush(heap, (-count[slot], key))
            continue
        if count[slot] < least:
            break
        left, right = np.int32(key >> np.uint64(32)), np.int32(key & np.uint64(0xFFFFFFFF))
        made = np.int32(n_symbols + done)
        merges[done, 0], merges[done, 1] = left, right
        done += 1
        n_places = 0
        place = first[slot]
        while place >= 0:
            n_places += 1
            place = after[place]
        places = np.empty(n_places, np.int32)
        place = first[slot]
        for i in range(n_places):
            places[i] = place
            place = after[place]
        if left == right:
            places.sort()  # in a run of three the first two are merged, as they are when a text is encoded
        n_changed = 0
        for i in range(n_places):
            place = places[i]
            if at[place] != left or right_of[place] < 0 or at[right_of[place]] != right:
                continue  # its right half was merged with what stood before it
            gone, weight = right_of[place], weights[word_of[place]]
            outer_left, outer_right = left_of[place], right_of[gone]
            if 2 * (size[0] + 2) >= len(keys):
                keys, count, first = _grown(keys, count, first)
            _drop(keys, count, first, after, before, left, right, weight, place)
            at[place], right_of[place] = made, outer_right
            at[gone] = -1
            if outer_left >= 0:
                _drop(keys, count, first, after, before, at[outer_left], left, weight, outer_left)
                slot = _add(keys, size, count, first, after, before, at[outer_left], made, weight, outer_left)
                changed[n_changed] = keys[slot]
                n_changed += 1
            if outer_right >= 0:
                left_of[outer_right] = place
                _drop(keys, count, first, after, before, right, at[outer_right], weight, gone)
                slot = _add(keys, size, count, first, after, before, made, at[outer_right], weight, place)
                changed[n_changed] = keys[slot]
                n_changed += 1
        fresh = np.unique(changed[:n_changed])
        for i in range(len(fresh)):
            heapq.heappush(heap, (-count[_find(keys, fresh[i])], fresh[i]))
    return merges[:done]


def learn_merges_twin(symbols, starts, weights, n_symbols, most, least):
    """What ``learn_merges`` computes, counting all pairs anew for each merge."""
    words = [symbols[a:b].tolist() for a, b in pairwise(starts)]
    merges = []
    while len(merges) < most:
        counts: dict[tuple[int, int], int] = {}
        for word, weight in zip(words, weights.tolist()):
            for pair in pairwise(word):
                if min(pair) >= 0:
                    counts[pair] = counts.get(pair, 0) + weight
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < least:
            break
        made = n_symbols + len(merges)
        merges.append(best)
        for word in words:
            i = 0
            while i + 1 < len(word):
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = [made]
                i += 1
    return np.array(merges, np.int32).reshape(-1, 2)
