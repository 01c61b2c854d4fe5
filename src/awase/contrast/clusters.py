"""Groups of vectors that point the same way."""

from collections.abc import Callable

import numpy as np

_SAMPLE = 20_000
_BLOCK = 16_384


def spherical_clusters(
    vectors: Callable[[np.ndarray], np.ndarray], n: int, n_clusters: int, rng: np.random.Generator, *, rounds: int = 2
) -> np.ndarray:
    """(n,) int64 cluster of each row: spherical k-means (Dhillon and Modha 2001) on a sample of 20,000 rows, then one assignment of all.

    vectors: row numbers -> vectors (rows, dim), asked for in blocks. A cluster that nothing is nearest to keeps its centre, so fewer than
    ``n_clusters`` may be filled.

    >>> V = np.array([[1, 0], [2, 0.1], [0, 3.0]])
    >>> labels = spherical_clusters(lambda rows: V[rows], 3, 2, np.random.default_rng(0))
    >>> bool(labels[0] == labels[1] != labels[2])
    True
    """
    sample = np.sort(rng.choice(n, min(n, _SAMPLE), replace=False))
    points = unit(vectors(sample))
    centres = points[rng.choice(len(sample), min(n_clusters, len(sample)), replace=False)]
    for _ in range(rounds):
        nearest = np.argmax(points @ centres.T, axis=1)
        order = np.argsort(nearest, kind="stable")
        filled, starts = np.unique(nearest[order], return_index=True)
        centres[filled] = unit(np.add.reduceat(points[order], starts, axis=0))
    labels = np.empty(n, np.int64)
    for start in range(0, n, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, n))
        labels[block] = np.argmax(unit(vectors(block)) @ centres.T, axis=1)
    return labels


def unit(V: np.ndarray) -> np.ndarray:
    """Each row over its length; a zero row stays one."""
    return V / np.maximum(np.linalg.norm(V, axis=1, keepdims=True), np.float32(1e-12))
