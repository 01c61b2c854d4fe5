"""The k best of each row of a block of scores, merged into what was best so far.

A search over many vectors makes its scores block by block; this keeps the running answer, so that no (queries, documents)
matrix ever exists. Higher is better, equal scores go to the lower row: the answer depends on the scores alone, not on how they
were cut into blocks. -inf means "not a candidate" and NaN never enters.
"""

import numpy as np
from numba import njit

_LEAST = np.finfo(np.float32).min  # everything but -inf
_LOOK = 64  # scores compared with the threshold at once: long enough for the compiler to use vector instructions


@njit(cache=True, nogil=True, inline="always")
def _worse(score_a, row_a, score_b, row_b):
    return score_a < score_b or (score_a == score_b and row_a > row_b)


@njit(cache=True, nogil=True)
def sift_down(scores, rows, start, end):
    """Restore the heap (worst on top) below `start` in scores[:end], rows[:end]."""
    score, row, at = scores[start], rows[start], start
    while True:
        child = 2 * at + 1
        if child >= end:
            break
        if child + 1 < end and _worse(scores[child + 1], rows[child + 1], scores[child], rows[child]):
            child += 1
        if not _worse(scores[child], rows[child], score, row):
            break
        scores[at], rows[at] = scores[child], rows[child]
        at = child
    scores[at], rows[at] = score, row


@njit(cache=True, nogil=True)
def best_first(scores, rows):
    """Turn a heap with the worst on top into a list with the best first, in place."""
    for end in range(len(scores) - 1, 0, -1):
        scores[0], scores[end] = scores[end], scores[0]
        rows[0], rows[end] = rows[end], rows[0]
        sift_down(scores, rows, 0, end)


@njit(cache=True, nogil=True)
def next_reaching(scores, start, bar):
    """The first position from `start` on whose score is at least `bar`; len(scores) when there is none."""
    n, at = len(scores), start
    while at + _LOOK <= n:
        # A slice, a fixed length and flags as wide as a float32: so written, the compiler uses vector instructions.
        ahead = scores[at : at + _LOOK]
        reached = np.int32(0)
        for i in range(_LOOK):
            reached |= np.int32(1) if ahead[i] >= bar else np.int32(0)
        if reached:
            break
        at += _LOOK
    while at < n and not scores[at] >= bar:
        at += 1
    return at


@njit(cache=True, nogil=True)
def merge_row(scores, first_row, least, heap, heap_rows):
    """`merge_topk` for one query: scores (m,), the best first in heap and heap_rows (k,). What is below `least` never enters."""
    k, n = len(heap), len(scores)
    if k == 0:
        return
    bar, is_heap = max(heap[k - 1], least), False
    at = next_reaching(scores, 0, bar)
    while at < n:
        if not is_heap:  # the best first, read backwards, has the worst on top and is a heap already
            heap[:], heap_rows[:] = heap[::-1].copy(), heap_rows[::-1].copy()
            is_heap = True
        if _worse(heap[0], heap_rows[0], scores[at], first_row + at):
            heap[0], heap_rows[0] = scores[at], first_row + at
            sift_down(heap, heap_rows, 0, k)
            bar = max(heap[0], least)
        at = next_reaching(scores, at + 1, bar)
    if is_heap:
        best_first(heap, heap_rows)


@njit(cache=True, nogil=True)
def merge_topk(scores, first_row, best_scores, best_rows):
    """Merge one block into the k best so far, in place.

    scores: (q, m) float32, the scores of rows first_row .. first_row + m; best_scores: (q, k) float32 and best_rows: (q, k)
    int64, best first, at the beginning full of -inf and -1. Releases the GIL: callers may give slices of queries to threads.

    >>> best_scores, best_rows = np.full((1, 2), -np.inf, np.float32), np.full((1, 2), -1)
    >>> merge_topk(np.float32([[1, 5, 3]]), 0, best_scores, best_rows)
    >>> merge_topk(np.float32([[4, 5]]), 3, best_scores, best_rows)
    >>> best_rows.tolist(), best_scores.tolist()
    ([[1, 4]], [[5.0, 5.0]])
    """
    for q in range(len(scores)):
        merge_row(scores[q], first_row, _LEAST, best_scores[q], best_rows[q])


def merge_topk_twin(scores, first_row, best_scores, best_rows):
    """What `merge_topk` means, in numpy."""
    rows = np.broadcast_to(first_row + np.arange(scores.shape[1]), scores.shape)
    rows = np.where(scores > -np.inf, rows, -1)  # also NaN
    all_scores = np.concatenate([best_scores, np.where(rows >= 0, scores, -np.inf)], axis=1)
    all_rows = np.concatenate([best_rows, rows], axis=1)
    order = np.lexsort((all_rows, -all_scores), axis=1)[:, : best_scores.shape[1]]
    best_scores[:] = np.take_along_axis(all_scores, order, 1)
    best_rows[:] = np.take_along_axis(all_rows, order, 1)
