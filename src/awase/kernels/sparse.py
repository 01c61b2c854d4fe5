"""Sparse times dense: a matrix kept by rows (CSR) against a table of vectors.

A kernel works on a range (first, last) of its rows, so that several threads share it with equal results for any number of threads.
"""

import numpy as np

from awase.kernels.lazy import njit

_FAST = {"contract", "reassoc", "nsz"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def csr_times(starts, columns, values, X, first, last, out):
    """out[i] = sum_p values[p] X[columns[p]] over starts[i] <= p < starts[i + 1], for first <= i < last; an empty row gives zero.

    starts (n + 1,) int64, columns (nnz,) int32, values (nnz,) float32, X (m, d) float32, out (n, d) float32.
    """
    d = X.shape[1]
    for i in range(first, last):
        row = out[i]
        row[:] = 0
        for p in range(starts[i], starts[i + 1]):
            value, source = values[p], X[columns[p]]
            for j in range(d):
                row[j] += value * source[j]


def csr_times_twin(starts, columns, values, X, first, last, out):
    """What ``csr_times`` computes, in numpy."""
    for i in range(first, last):
        at = slice(starts[i], starts[i + 1])
        out[i] = values[at] @ X[columns[at]]


@njit(cache=True, nogil=True)
def group_by_row(rows, columns, n, starts, out_columns, order):
    """Entries (rows[p], columns[p]) sorted by row, those of a row in their given order: a counting sort.

    Fills starts (n + 1,) int64, out_columns (nnz,) int32 and order (nnz,) int64, where entry order[q] is the one that stands at q.
    """
    starts[:] = 0
    for row in rows:
        starts[row + 1] += 1
    for i in range(n):
        starts[i + 1] += starts[i]
    free = starts[:-1].copy()
    for p in range(len(rows)):
        q = free[rows[p]]
        free[rows[p]] += 1
        out_columns[q] = columns[p]
        order[q] = p


def group_by_row_twin(rows, columns, n, starts, out_columns, order):
    """What ``group_by_row`` computes, in numpy."""
    starts[0] = 0
    starts[1:] = np.cumsum(np.bincount(rows, minlength=n))
    order[:] = np.argsort(rows, kind="stable")
    out_columns[:] = columns[order]


@njit(cache=True, nogil=True, fastmath=_FAST)
def sphere_step(X, G, rate, first, last):
    """A step along the great circle against the gradient, as long as ``rate`` for every row (Dall'Amico and Belliardo 2025, algorithm 1).

        t = G_i - (G_i · X_i) X_i         X_i <- sqrt(1 - rate²) X_i - rate t / |t|        then X_i / |X_i|

    A row whose gradient has no component along the sphere stays. X, G (n, d) float32, rows first <= i < last.
    """
    d = X.shape[1]
    stay = np.float32(np.sqrt(1.0 - rate * rate))
    for i in range(first, last):
        x, g = X[i], G[i]
        along = np.float32(0)
        for j in range(d):
            along += g[j] * x[j]
        length = np.float32(0)
        for j in range(d):
            t = g[j] - along * x[j]
            length += t * t
        if length <= np.float32(1e-24):
            continue
        move = np.float32(rate) / np.sqrt(length)
        norm = np.float32(0)
        for j in range(d):
            x[j] = stay * x[j] - move * (g[j] - along * x[j])
            norm += x[j] * x[j]
        shrink = np.float32(1) / np.sqrt(norm)
        for j in range(d):
            x[j] *= shrink


def sphere_step_twin(X, G, rate, first, last):
    """What ``sphere_step`` computes, in numpy."""
    x, g = X[first:last], G[first:last]
    t = g - (g * x).sum(axis=1, keepdims=True) * x
    length = np.linalg.norm(t, axis=1, keepdims=True)
    moves = length[:, 0] > 1e-12
    moved = np.sqrt(1 - rate * rate) * x[moves] - rate * t[moves] / length[moves]
    x[moves] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
