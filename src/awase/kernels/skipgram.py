"""Skip-gram with negative sampling, one window or a few pairs at a time: look up, score, step.

A window's context words share its centre and its noise (Ji, Satish, Li and Dubey 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory", arXiv 1604.04661), so that b contexts and c candidates make a small matrix product of what are b c separate pairs in word2vec.
All scores are taken before any row is changed: it is a step of plain gradient descent on the sum over the window.

Rows of text are counted over chosen lines: row r of line l stands at ``ids[starts[l] + r - edges[l]]``.
"""

import numpy as np

from awase.kernels.draws import alias_draw, below, bits, draw_unknown, unit
from awase.kernels.lazy import njit
from awase.kernels.prefetch import prefetch_row

_FAST = {"contract", "reassoc", "nsz"}
KEEP, REACH, NOISE = 0, 1, 2  # slots of draws: whether a word is kept, how far its window reaches, its first noise word
_LANES = 16  # scratch rows are this many floats, or a multiple, with zeros at the end: no loop has a rest
_WIDE = 6  # candidates, padded to a multiple
_LOG2_E, _LN_2 = np.float32(1.4426950408889634), np.float32(0.6931471805599453)
_BOUND = np.float32(30)  # σ(30) is 1 in float32
_ONE, _HALF = np.float32(1), np.float32(0.5)


@njit(cache=True, nogil=True)
def sift(ids, starts, edges, keep, key, first, last, words, rows, lines):
    """Writes the words of the rows first .. last - 1 that subsampling keeps, with their rows and lines; returns how many.

    A word w is kept with probability keep[w].
    """
    n, line = 0, np.searchsorted(edges, first, "right") - 1
    for row in range(first, last):
        while row >= edges[line + 1]:
            line += 1
        word = ids[starts[line] + row - edges[line]]
        if unit(bits(key, row, KEEP)) < keep[word]:
            words[n], rows[n], lines[n] = word, row, line
            n += 1
    return n


def sift_twin(ids, starts, edges, keep, key, first, last, words, rows, lines):
    """What ``sift`` computes, in numpy."""
    at = np.arange(first, last)
    line = np.searchsorted(edges, at, "right") - 1
    word = ids[starts[line] + at - edges[line]]
    kept = np.array([unit(np.uint64(bits(key, row, KEEP))) for row in at]) < keep[word]
    n = int(kept.sum())
    words[:n], rows[:n], lines[:n] = word[kept], at[kept], line[kept]
    return n


@njit(cache=True, nogil=True)
def reach(key, row, window, dynamic):
    """How many words the window of a row reaches to each side: ``window``, or, if ``dynamic``, drawn uniformly from 1 .. window."""
    return 1 + below(bits(key, row, REACH), window) if dynamic else window


@njit(cache=True, nogil=True)
def _margin(ids, starts, edges, keep, key, first, last, window):
    """The rows around first .. last - 1, within their lines, that hold the next ``window`` kept words on each side."""
    line, low, found = np.searchsorted(edges, first, "right") - 1, first, 0
    while low > edges[line] and found < window:
        low -= 1
        found += unit(bits(key, low, KEEP)) < keep[ids[starts[line] + low - edges[line]]]
    line, high, found = np.searchsorted(edges, last - 1, "right") - 1, last, 0
    while high < edges[line + 1] and found < window:
        found += unit(bits(key, high, KEEP)) < keep[ids[starts[line] + high - edges[line]]]
        high += 1
    return low, high


@njit(cache=True, nogil=True, fastmath=_FAST)
def _products(A, b, C, c, S):
    """S[i c + m] = A_i · C_m for i < b (even), m < c (a multiple of 3)."""
    zero = np.float32(0)
    for i in range(0, b, 2):
        for m in range(0, c, 3):
            s00 = s01 = s02 = s10 = s11 = s12 = zero
            for j in range(A.shape[1]):
                x, y = A[i, j], A[i + 1, j]
                u, v, w = C[m, j], C[m + 1, j], C[m + 2, j]
                s00 += x * u
                s01 += x * v
                s02 += x * w
                s10 += y * u
                s11 += y * v
                s12 += y * w
            at = i * c + m
            S[at], S[at + 1], S[at + 2] = s00, s01, s02
            S[at + c], S[at + c + 1], S[at + c + 2] = s10, s11, s12


@njit(cache=True, nogil=True, fastmath=_FAST)
def _exponentials(S, E, exponents, n):
    """S clipped to ±30 and E = exp(-S), to 3e-7 of it: a polynomial within half a power of 2, and the power by its bits."""
    powers = exponents.view(np.float32)
    for i in range(n):
        S[i] = min(max(S[i], -_BOUND), _BOUND)
        z = -S[i] * _LOG2_E
        whole = np.floor(z + _HALF)
        x = (z - whole) * _LN_2
        y = np.float32(1 / 720) * x + np.float32(1 / 120)
        y = (y * x + np.float32(1 / 24)) * x + np.float32(1 / 6)
        E[i] = ((y * x + _HALF) * x + _ONE) * x + _ONE
        exponents[i] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for i in range(n):
        E[i] *= powers[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _pay(S, E, G, b, c, stride, rate):
    """G = rate (σ(S) - y), y = 1 in column 0, for b rows of c candidates; 0 in what pads them. Returns the sum of the losses.

    -log σ(S) = log(1 + E) and -log σ(-S) = log(1 + E) + S. The logarithm is taken of products: it costs more than all else here.
    """
    total = 0.0
    for i in range(b):
        at, product = i * stride, 1.0
        for m in range(at, at + c):
            product *= 1.0 + E[m]
            if product > 1e250:
                total += np.log(product)
                product = 1.0
            total += S[m]
            G[m] = rate / (_ONE + E[m])
        total += np.log(product) - S[at]
        G[at] -= rate
        G[at + c : at + stride] = 0
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _descend(table, row, G, at, step, X, n):
    """table[row] -= sum over k < n (even) of G[at + k step] X_k."""
    k = 0
    while k + 6 <= n:
        o = at + k * step
        a, b, c = G[o], G[o + step], G[o + 2 * step]
        d, e, f = G[o + 3 * step], G[o + 4 * step], G[o + 5 * step]
        for j in range(table.shape[1]):
            table[row, j] -= (
                a * X[k, j] + b * X[k + 1, j] + c * X[k + 2, j] + d * X[k + 3, j] + e * X[k + 4, j] + f * X[k + 5, j]
            )
        k += 6
    while k < n:
        a, b = G[at + k * step], G[at + (k + 1) * step]
        for j in range(table.shape[1]):
            table[row, j] -= a * X[k, j] + b * X[k + 1, j]
        k += 2


@njit(cache=True, nogil=True)
def _gather(table, items, n, out):
    for i in range(n):
        row = items[i]
        for j in range(table.shape[1]):
            out[i, j] = table[row, j]


@njit(cache=True, nogil=True)
def _draw(items, offset, centre, share, alias, key, row, n_noise):
    """Writes the centre of a window and its noise, without the centre itself, as rows of the table; returns how many they are."""
    items[0], c = offset + centre, 1
    for slot in range(n_noise):
        drawn = alias_draw(share, alias, bits(key, row, NOISE + slot))
        if drawn != centre:
            items[c] = offset + drawn
            c += 1
    return c


@njit(cache=True, nogil=True)
def train_windows(table, offset, ids, starts, edges, keep, share, alias, key, window, dynamic, n_noise, first, last, rates):
    """Steps on the windows of the rows first .. last - 1, in order; returns the sum of their losses.

    table (2 v, d) float32: row w is word w as a context (what is kept), row offset + w as a centre. rates (last - first,) float32.
    """
    low, high = _margin(ids, starts, edges, keep, key, first, last, window)
    words, rows, lines = np.empty(high - low, np.int32), np.empty(high - low, np.int64), np.empty(high - low, np.int64)
    n = sift(ids, starts, edges, keep, key, low, high, words, rows, lines)
    width = -(-table.shape[1] // _LANES) * _LANES
    stride = -(-(n_noise + 1) // _WIDE) * _WIDE
    most = 2 * window
    A, C = np.zeros((most, width), np.float32), np.zeros((stride, width), np.float32)
    S, E, G = np.zeros(most * stride, np.float32), np.zeros(most * stride, np.float32), np.zeros(most * stride, np.float32)
    exponents = np.zeros(most * stride, np.int32)
    anchors = np.empty(most, np.int64)
    # Of two windows: one that is worked on, and the next, whose rows are on their way.
    candidates, counts = np.empty((2, stride), np.int64), np.zeros(2, np.int64)
    total = 0.0
    for i in range(-1, n):
        if i + 1 < n:
            following = (i + 1) & 1
            counts[following] = _draw(candidates[following], offset, words[i + 1], share, alias, key, rows[i + 1], n_noise)
            for m in range(counts[following]):
                prefetch_row(table, candidates[following, m])
            prefetch_row(table, words[min(i + 1 + window, n - 1)])
        row = rows[max(i, 0)]
        if i < 0 or row < first or row >= last:
            continue
        w, b = reach(key, row, window, dynamic), 0
        for k in range(max(i - w, 0), min(i + w + 1, n)):
            if k != i and lines[k] == lines[i]:
                anchors[b] = words[k]
                b += 1
        if b == 0:
            continue
        items, c, even = candidates[i & 1], counts[i & 1], b + (b & 1)
        _gather(table, anchors, b, A)
        _gather(table, items, c, C)
        _products(A, even, C, stride, S)
        _exponentials(S, E, exponents, even * stride)
        total += _pay(S, E, G, b, c, stride, rates[row - first])
        G[b * stride : even * stride] = 0
        for m in range(c):
            _descend(table, items[m], G, m, stride, A, even)
        for k in range(b):
            _descend(table, anchors[k], G, k * stride, 1, C, stride)
    return total


def train_windows_twin(
    table, offset, ids, starts, edges, keep, share, alias, key, window, dynamic, n_noise, first, last, rates
):
    """What ``train_windows`` computes, window by window in numpy."""
    n = int(edges[-1])
    words, rows, lines = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int64)
    n = sift_twin(ids, starts, edges, keep, key, 0, n, words, rows, lines)
    total = 0.0
    for i in range(n):
        row, w = int(rows[i]), reach(key, rows[i], window, dynamic)
        around = [k for k in range(max(i - w, 0), min(i + w + 1, n)) if k != i and lines[k] == lines[i]]
        if not (first <= row < last and around):
            continue
        noise = np.array([alias_draw(share, alias, np.uint64(bits(key, row, NOISE + slot))) for slot in range(n_noise)])
        candidates = offset + np.concatenate([words[i : i + 1], noise[noise != words[i]]])
        total += _step_twin(table, words[around], candidates, rates[row - first])
    return total


def _step_twin(table, anchors, candidates, rate):
    """One step of gradient descent on the sum of all losses of anchors with candidates, the first of which is the positive."""
    A, C = table[anchors], table[candidates]
    S = A @ C.T
    y = np.zeros_like(S)
    y[:, 0] = 1
    G = rate * (1 / (1 + np.exp(-S)) - y)
    np.subtract.at(table, candidates, G.T @ A)
    np.subtract.at(table, anchors, G @ C)
    return float(np.logaddexp(0, np.where(y > 0, -S, S)).sum())


@njit(cache=True, nogil=True)
def _draw_unknown(items, offset, target, share, alias, known, anchor, n_targets, key, row, n_noise):
    """Writes the target of a pair and its noise as rows of the table; returns how many they are."""
    items[0], c = offset + target, 1
    for slot in range(n_noise):
        drawn = draw_unknown(share, alias, known, anchor, n_targets, target, key, row, slot)
        if drawn >= 0:
            items[c] = offset + drawn
            c += 1
    return c


@njit(cache=True, nogil=True)
def train_pairs(table, offset, anchors, targets, known, n_targets, share, alias, key, n_noise, rows, edges, first, last, rates):
    """Steps on the batches first .. last - 1 of pairs, each with its own noise; returns the sum of their mean losses.

    Batch k is rows[edges[k]:edges[k + 1]], not empty, and its rate rates[k], float32. What is drawn is what ``draws.draw_negatives`` draws.
    """
    width = -(-table.shape[1] // _LANES) * _LANES
    stride = -(-(n_noise + 1) // _WIDE) * _WIDE
    most = 0
    for k in range(first, last):
        most = max(most, edges[k + 1] - edges[k])
    # Each pair's anchor has a row of zeros after it, as `_products` takes two at a time.
    A, C = np.zeros((most, 2, width), np.float32), np.zeros((most, stride, width), np.float32)
    S, E = np.zeros(2 * stride, np.float32), np.zeros(2 * stride, np.float32)
    G, exponents = np.zeros((most, 2 * stride), np.float32), np.zeros(2 * stride, np.int32)
    # Of a batch, and of the pair after it, whose rows are on their way.
    ring, end = most + 1, edges[last]
    items, counts = np.empty((ring, stride), np.int64), np.empty(ring, np.int64)
    total, paid, k = 0.0, 0.0, first
    for at in range(edges[first] - 1, end):
        if at + 1 < end:
            row, place = rows[at + 1], (at + 1) % ring
            counts[place] = _draw_unknown(
                items[place], offset, targets[row], share, alias, known, anchors[row], n_targets, key, row, n_noise
            )
            for m in range(counts[place]):
                prefetch_row(table, items[place, m])
            prefetch_row(table, anchors[row])
        if at < edges[first]:
            continue
        row, place, i, b = rows[at], at % ring, at - edges[k], edges[k + 1] - edges[k]
        _gather(table, anchors[row : row + 1], 1, A[i])
        _gather(table, items[place], counts[place], C[i])
        _products(A[i], 2, C[i], stride, S)
        _exponentials(S, E, exponents, stride)
        paid += _pay(S, E, G[i], 1, counts[place], stride, rates[k] / np.float32(b))
        if i + 1 < b:
            continue
        for i in range(b):
            place = (edges[k] + i) % ring
            for m in range(counts[place]):
                _descend(table, items[place, m], G[i], m, stride, A[i], 2)
            _descend(table, anchors[rows[edges[k] + i]], G[i], 0, 1, C[i], stride)
        total += paid / b
        k, paid = k + 1, 0.0
    return total


def train_pairs_twin(
    table, offset, anchors, targets, known, n_targets, share, alias, key, n_noise, rows, edges, first, last, rates
):
    """What ``train_pairs`` computes, pair by pair: every step of a batch is taken on the table as it was before the batch."""
    total = 0.0
    for k in range(first, last):
        batch, before = rows[edges[k] : edges[k + 1]], table.copy()
        for row in batch:
            drawn = [
                draw_unknown(share, alias, known, anchors[row], n_targets, targets[row], key, row, slot)
                for slot in range(n_noise)
            ]
            alone = before.copy()
            items = offset + np.array([targets[row], *(one for one in drawn if one >= 0)])
            total += _step_twin(alone, anchors[row : row + 1], items, rates[k] / len(batch)) / len(batch)
            table += alone - before
    return total
