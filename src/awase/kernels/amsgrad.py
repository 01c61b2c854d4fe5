"""AMSGrad on some rows of a table."""

import numpy as np

from awase.kernels.lazy import njit


# By numpy's rules a division cannot raise, and so can be a vector instruction; without NaN, so can a maximum.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "nnan"})
def amsgrad_rows(table, mean, square, largest, rows, grads, rate, beta1, beta2):
    """One step of AMSGrad (Reddi et al. 2018, arXiv 1904.09237, algorithm 2) on rows[k] along grads[k]; rows are distinct.

    mean = beta1 mean + (1 - beta1) g      square = beta2 square + (1 - beta2) g²      largest = max(largest, square)
    table -= rate mean / (sqrt(largest) + 1e-8)
    """
    tiny, one = np.float32(1e-8), np.float32(1)
    for k in range(len(rows)):
        row = rows[k]
        for j in range(table.shape[1]):
            g = grads[k, j]
            mean[row, j] = beta1 * mean[row, j] + (one - beta1) * g
            square[row, j] = beta2 * square[row, j] + (one - beta2) * g * g
            largest[row, j] = max(largest[row, j], square[row, j])
            table[row, j] -= rate * mean[row, j] / (np.sqrt(largest[row, j]) + tiny)


def amsgrad_rows_twin(table, mean, square, largest, rows, grads, rate, beta1, beta2):
    """What ``amsgrad_rows`` computes, in numpy."""
    mean[rows] = beta1 * mean[rows] + (1 - beta1) * grads
    square[rows] = beta2 * square[rows] + (1 - beta2) * grads * grads
    largest[rows] = np.maximum(largest[rows], square[rows])
    table[rows] -= rate * mean[rows] / (np.sqrt(largest[rows]) + np.float32(1e-8))
