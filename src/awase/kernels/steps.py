"""Optimiser steps on some rows of a table: only the rows that a batch touched are read or written."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def adagrad_rows(table, squares, rows, grads, rate, first, last):
    """squares[row] += g²;  table[row] -= rate g / sqrt(squares[row])   for first <= k < last, g = grads[k], row = rows[k].

    rows are distinct. The tiny constant keeps 0 / 0 at 0 where a gradient was always zero.
    """
    tiny = np.float32(1e-20)
    for k in range(first, last):
        row = rows[k]
        for j in range(table.shape[1]):
            g = grads[k, j]
            squares[row, j] += g * g
            table[row, j] -= rate * g / np.sqrt(squares[row, j] + tiny)


def adagrad_rows_twin(table, squares, rows, grads, rate, first, last):
    """What ``adagrad_rows`` computes, in numpy."""
    touched, g = rows[first:last], grads[first:last]
    squares[touched] += g * g
    table[touched] -= rate * g / np.sqrt(squares[touched] + np.float32(1e-20))
