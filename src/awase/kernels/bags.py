"""Bags of rows: the weighted mean of a table's rows for each item, and the way back.

Items are given as numbers into a CSR of token ids: item i is ids[offsets[i]:offsets[i + 1]]. A kernel works on a range
(first, last) of its output, so that several threads share it with equal results for any number of threads.
"""

import numpy as np

from awase.kernels.lazy import njit

_FAST = {"contract", "reassoc", "nsz"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def bag_mean(table, weights, ids, offsets, items, first, last, out):
    """out[i] = sum_t weights[t] table[t] / n over the n tokens t of items[i], for first <= i < last; an empty item is zero.

    table (v, d) float32, weights (v,) float32, ids int32, offsets int64, items (n,) int64, out (n, d) float32.
    """
    d = table.shape[1]
    for i in range(first, last):
        start, stop = offsets[items[i]], offsets[items[i] + 1]
        row = out[i]
        row[:] = 0
        for p in range(start, stop):
            w, source = weights[ids[p]], table[ids[p]]
            for j in range(d):
                row[j] += w * source[j]
        if stop > start:
            share = np.float32(1) / np.float32(stop - start)
            for j in range(d):
                row[j] *= share


def bag_mean_twin(table, weights, ids, offsets, items, first, last, out):
    """What ``bag_mean`` computes, in numpy."""
    for i in range(first, last):
        tokens = ids[offsets[items[i]] : offsets[items[i] + 1]]
        out[i] = (weights[tokens, None] * table[tokens]).sum(axis=0) / max(len(tokens), 1)


@njit(cache=True, nogil=True)
def group_by_token(ids, offsets, items, counts):
    """The items of a batch turned inside out: for each distinct token, the places (numbers into ``items``) where it stands.

    counts: (v,) int64 scratch, all zero, and all zero again afterwards. Returns rows (r,) int64 in order of first sight,
    starts (r + 1,) int64 and places int32, where rows[k] stands in places[starts[k]:starts[k + 1]].
    """
    total = 0
    for i in range(len(items)):
        total += offsets[items[i] + 1] - offsets[items[i]]
    rows = np.empty(min(total, len(counts)), np.int64)
    n_rows = 0
    for i in range(len(items)):
        for p in range(offsets[items[i]], offsets[items[i] + 1]):
            if counts[ids[p]] == 0:
                rows[n_rows] = ids[p]
                n_rows += 1
            counts[ids[p]] += 1
    rows = rows[:n_rows].copy()
    starts = np.zeros(n_rows + 1, np.int64)
    for k in range(n_rows):
        starts[k + 1] = starts[k] + counts[rows[k]]
        counts[rows[k]] = starts[k]
    places = np.empty(total, np.int32)
    for i in range(len(items)):
        for p in range(offsets[items[i]], offsets[items[i] + 1]):
            places[counts[ids[p]]] = i
            counts[ids[p]] += 1
    for k in range(n_rows):
        counts[rows[k]] = 0
    return rows, starts, places


def group_by_token_twin(ids, offsets, items, counts):
    """What ``group_by_token`` computes, in numpy."""
    lengths = offsets[items + 1] - offsets[items]
    tokens = np.concatenate([ids[offsets[i] : offsets[i + 1]] for i in items] or [ids[:0]])
    places = np.repeat(np.arange(len(items), dtype=np.int32), lengths)
    distinct, at = np.unique(tokens, return_index=True)
    rows = distinct[np.argsort(at)].astype(np.int64)
    order = np.argsort(np.argsort(np.argsort(at))[np.searchsorted(distinct, tokens)], kind="stable")
    starts = np.concatenate([[0], np.cumsum([(tokens == row).sum() for row in rows])]).astype(np.int64)
    return rows, starts, places[order]


@njit(cache=True, nogil=True, fastmath=_FAST)
def bag_pull(table, weights, rows, starts, places, shares, dV, first, last, dtable, dweights):
    """Gradients of ``bag_mean`` for the distinct tokens rows[first:last].

    g = sum over the places of rows[k] of shares[place] dV[place];  dtable[k] = weights[row] g;  dweights[k] = table[row] · g.
    Each token's gradient is summed by one thread, in the order of the batch, and written once.
    """
    d = table.shape[1]
    for k in range(first, last):
        row, g = rows[k], dtable[k]
        g[:] = 0
        for p in range(starts[k], starts[k + 1]):
            share, source = shares[places[p]], dV[places[p]]
            for j in range(d):
                g[j] += share * source[j]
        w, along = weights[row], np.float32(0)
        for j in range(d):
            along += table[row, j] * g[j]
            g[j] *= w
        dweights[k] = along


def bag_pull_twin(table, weights, rows, starts, places, shares, dV, first, last, dtable, dweights):
    """What ``bag_pull`` computes, in numpy."""
    for k in range(first, last):
        at = places[starts[k] : starts[k + 1]]
        g = (shares[at, None] * dV[at]).sum(axis=0)
        dtable[k], dweights[k] = weights[rows[k]] * g, table[rows[k]] @ g
