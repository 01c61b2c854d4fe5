"""The k best of each row of a block of scores, merged into what was best so far.

A search over many vectors makes its scores block by block; this keeps the running answer, so that no (queries, documents)
matrix ever exists. Higher is better, equal scores go to the lower row: the answer depends on the scores alone, not on how they
were cut into blocks. -inf means "not a candidate" and NaN never enters.
"""

import numpy as np

from awase.kernels.lazy import njit

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
def gather_row(scores, first_row, least, heap, heap_rows):
    """`gather_topk` for one query: scores (m,), heap and heap_rows (k,). What is below `least` never enters.

    Returns whether anything entered.
    """
    k, n = len(heap), len(scores)
    if k == 0:
        return False
    bar, entered = max(heap[0], least), False
    at = next_reaching(scores, 0, bar)
    while at < n:
        if _worse(heap[0], heap_rows[0], scores[at], first_row + at):
            heap[0], heap_rows[0] = scores[at], first_row + at
            sift_down(heap, heap_rows, 0, k)
            bar, entered = max(heap[0], least), True
        at = next_reaching(scores, at + 1, bar)
    return entered


@njit(cache=True, nogil=True)
def merge_row(scores, first_row, least, best_scores, best_rows):
    """The same with lists that are the best first, before and after."""
    if next_reaching(scores, 0, max(best_scores[len(best_scores) - 1], least)) < len(scores):
        # Read backwards, the best first is the worst on top, and a heap.
        best_scores[:], best_rows[:] = best_scores[::-1].copy(), best_rows[::-1].copy()
        gather_row(scores, first_row, least, best_scores, best_rows)
        best_first(best_scores, best_rows)


@njit(cache=True, nogil=True)
def gather_topk(scores, first_row, heaps, heap_rows):
    """Put one block of scores into the heaps of the k best so far, in place; `rank_topk` turns them into lists at the end.

    scores: (q, m) float32, the scores of rows first_row .. first_row + m; heaps: (q, k) float32 and heap_rows: (q, k) int64, the
    worst on top, at the beginning full of -inf and -1. Releases the GIL: callers may give slices of queries to threads.

    >>> heaps, rows = np.full((1, 2), -np.inf, np.float32), np.full((1, 2), -1)
    >>> gather_topk(np.float32([[1, 5, 3]]), 0, heaps, rows)
    >>> gather_topk(np.float32([[4, 5]]), 3, heaps, rows)
    >>> rank_topk(heaps, rows)
    >>> rows.tolist(), heaps.tolist()
    ([[1, 4]], [[5.0, 5.0]])
    """
    for q in range(len(scores)):
        gather_row(scores[q], first_row, _LEAST, heaps[q], heap_rows[q])


@njit(cache=True, nogil=True)
def rank_topk(heaps, heap_rows):
    """Turn heaps into lists, the best first and equal scores by the lower row, in place."""
    for q in range(len(heaps)):
        best_first(heaps[q], heap_rows[q])


def merge_row_twin(scores, first_row, least, best_scores, best_rows):
    """What `merge_row` computes, in numpy."""
    k = len(best_scores)
    (reaching,) = np.nonzero(scores >= max(best_scores[-1], least))
    if len(reaching) > k:
        reaching = reaching[scores[reaching] >= np.partition(scores[reaching], -k)[-k]]
    all_scores, all_rows = np.append(best_scores, scores[reaching]), np.append(best_rows, first_row + reaching)
    order = np.lexsort((all_rows, -all_scores))[:k]
    best_scores[:], best_rows[:] = all_scores[order], all_rows[order]


def gather_topk_twin(scores, first_row, best_scores, best_rows):
    """`gather_topk` in numpy, with lists that are the best first all the time: no `rank_topk` is needed."""
    for row, its_scores, its_rows in zip(scores, best_scores, best_rows):
        merge_row_twin(row, first_row, _LEAST, its_scores, its_rows)


def topk_twin(scores, k):
    """What `gather_topk` over all blocks and then `rank_topk` give, in numpy: (scores (q, k), rows (q, k)), the best first."""
    n_queries, n = scores.shape
    candidate = scores > -np.inf  # not NaN either
    padded = np.concatenate([np.where(candidate, scores, -np.inf), np.full((n_queries, k), -np.inf, np.float32)], axis=1)
    rows = np.where(np.isneginf(padded), -1, np.arange(n + k))
    order = np.lexsort((np.arange(n + k)[None, :].repeat(n_queries, 0), -padded), axis=1)[:, :k]
    return np.take_along_axis(padded, order, 1), np.take_along_axis(rows, order, 1)
