"""Where a row may lie, for kernels: a code, and a radius that some of the codes read. ``contrast.manifolds`` has them as values."""

import numpy as np

from awase.kernels.lazy import njit

FLAT, BALL, SPHERE, NONNEGATIVE, POINCARE = range(5)


@njit(cache=True, nogil=True, inline="always")
def gradient_scale(code, row):
    """What the gradient by a row is multiplied with before a step: ((1 - |x|²) / 2)² in the Poincaré ball, else 1.

    The inverse of the metric there (Nickel and Kiela 2017, arXiv 1705.08039, equation 5).
    """
    if code != POINCARE:
        return row.dtype.type(1)
    square = row.dtype.type(0)
    for j in range(len(row)):
        square += row[j] * row[j]
    half = (1 - square) / 2
    return half * half


@njit(cache=True, nogil=True, inline="always")
def project(code, radius, row):
    """Puts a row back where it may lie, after a step: onto the sphere, into the ball of this radius, or to coordinates >= 0."""
    if code == FLAT:
        return
    if code == NONNEGATIVE:
        for j in range(len(row)):
            row[j] = max(row[j], row.dtype.type(0))
        return
    square = row.dtype.type(0)
    for j in range(len(row)):
        square += row[j] * row[j]
    if square > radius * radius or (code == SPHERE and square > 0):
        scale = row.dtype.type(radius / np.sqrt(square))
        for j in range(len(row)):
            row[j] *= scale
