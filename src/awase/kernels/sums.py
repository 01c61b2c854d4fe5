"""Sums of rows that belong to the same thing."""

import numpy as np

from awase.kernels.lazy import njit


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def sum_by_row(rows, order, values, distinct, sums):
    """How many distinct numbers are in rows (n,); of the k-th smallest, distinct[k], sums[k] becomes the sum of its values (n, d).

    order: sorts rows, the equal ones as they come; distinct (n,) and sums (n, d) have room for as many as there may be.
    """
    found = -1
    for p in order:
        if found < 0 or distinct[found] != rows[p]:
            found += 1
            distinct[found] = rows[p]
            for j in range(values.shape[1]):
                sums[found, j] = values[p, j]
        else:
            for j in range(values.shape[1]):
                sums[found, j] += values[p, j]
    return found + 1


def sum_by_row_twin(rows, order, values, distinct, sums):
    """What ``sum_by_row`` computes, in numpy."""
    found, at = np.unique(rows, return_inverse=True)
    distinct[: len(found)] = found
    sums[: len(found)] = 0
    np.add.at(sums, at, values)
    return len(found)
