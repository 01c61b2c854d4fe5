"""Distances of all vectors of one set to all of another that no matrix product gives."""

import numpy as np

from awase.kernels.lazy import njit


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def manhattan(A, C, out):
    """out[i, j] = sum_k |A[i, k] - C[j, k]|; A (b, d), C (c, d) and out (b, c) float32."""
    for i in range(len(A)):
        for j in range(len(C)):
            total = np.float32(0)
            for k in range(A.shape[1]):
                total += abs(A[i, k] - C[j, k])
            out[i, j] = total


def manhattan_twin(A, C, out):
    """What ``manhattan`` computes, in numpy."""
    for i, row in enumerate(A):
        out[i] = np.abs(C - row).sum(axis=1)
