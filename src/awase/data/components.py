"""Connected components of rows that share something."""

import numpy as np

from awase.kernels.lazy import njit


def components(labels: list[np.ndarray]) -> np.ndarray:
    """int64 (n,): for each row the lowest row it is connected with. Rows are connected when, in one of the arrays of ``labels``
    (int64 (n,), -1 for none), they have the same label; and so are rows connected with the same row.

    >>> components([np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])]).tolist()
    [0, 0, 0, 3]
    """
    parent = np.arange(len(labels[0]), dtype=np.int64)
    for label in labels:
        first = np.full(int(label.max(initial=-1)) + 1, -1, dtype=np.int64)
        _join(parent, first, label)
    return _roots(parent)


@njit(cache=True, nogil=True)
def _find(parent, row):
    while parent[row] != row:
        parent[row] = parent[parent[row]]  # path halving
        row = parent[row]
    return row


@njit(cache=True, nogil=True)
def _join(parent, first, label):
    """Joins each row to the first row with its label; the lower root wins, so the result does not depend on the order."""
    for row in range(label.size):
        if label[row] < 0:
            continue
        if first[label[row]] < 0:
            first[label[row]] = row
            continue
        a, b = _find(parent, first[label[row]]), _find(parent, row)
        parent[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def _roots(parent):
    roots = np.empty_like(parent)
    for row in range(parent.size):
        roots[row] = _find(parent, row)
    return roots


def _components_twin(labels: list[np.ndarray]) -> np.ndarray:
    """The same by lowering each row's number to the lowest among its neighbours until nothing changes."""
    lowest = np.arange(len(labels[0]), dtype=np.int64)
    while True:
        before = lowest.copy()
        for label in labels:
            has = label >= 0
            best = np.full(int(label.max(initial=-1)) + 1, len(lowest))
            np.minimum.at(best, label[has], lowest[has])
            lowest[has] = best[label[has]]
        if (lowest == before).all():
            return lowest
