"""False negatives of a batch: candidates that belong to an anchor other than as its target."""

import numpy as np

from awase.kernels.lazy import njit


@njit(cache=True, nogil=True)
def known_pairs(anchors, target, items, known_starts, known_items, column_of):
    """All (i, column) with items[column] among the known items of anchors[i], except column == target[i].

    known_items[known_starts[a]:known_starts[a + 1]]: what is known to belong to anchor a. column_of: (n_items,) int64 scratch, all -1, and
    all -1 again afterwards. Returns (rows, columns), int64, in order.
    """
    for c in range(len(items)):
        column_of[items[c]] = c
    n = 0
    for i in range(len(anchors)):
        for p in range(known_starts[anchors[i]], known_starts[anchors[i] + 1]):
            c = column_of[known_items[p]]
            if c >= 0 and c != target[i]:
                n += 1
    rows, columns = np.empty(n, np.int64), np.empty(n, np.int64)
    n = 0
    for i in range(len(anchors)):
        for p in range(known_starts[anchors[i]], known_starts[anchors[i] + 1]):
            c = column_of[known_items[p]]
            if c >= 0 and c != target[i]:
                rows[n], columns[n] = i, c
                n += 1
    for c in range(len(items)):
        column_of[items[c]] = -1
    return rows, columns


def known_pairs_twin(anchors, target, items, known_starts, known_items, column_of):
    """What ``known_pairs`` computes, in Python."""
    found = [
        (i, c)
        for i, anchor in enumerate(anchors)
        for item in known_items[known_starts[anchor] : known_starts[anchor + 1]]
        for c in np.flatnonzero(items == item)
        if c != target[i]
    ]
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
