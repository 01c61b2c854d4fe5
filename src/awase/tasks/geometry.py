"""How a model lays its vectors out: near where things belong together (alignment), spread over the sphere otherwise (uniformity).

Source: Wang & Isola, ICML 2020 (arXiv 2005.10242), with their alpha = 2 and t = 2. Lower is better for both, and they pull against
each other: all vectors equal gives alignment 0 and uniformity 0; random directions give alignment 2 and uniformity near -4.
Both look at directions only; a zero vector (a text without a known token) has none and is left out.
"""

import numpy as np

from awase.core.errors import InputError
from awase.data.judged import Judged

_BLOCK_ROWS = 1_024
MAX_ROWS = 5_000  # above this many vectors uniformity is estimated on a sample: 12 million pairs fix it to three digits


def alignment(a: np.ndarray, b: np.ndarray) -> float | None:
    """mean ||a_i - b_i||^2 over pairs of unit vectors, (n, dim) both: 0 to 4, lower is closer. None when no pair has directions.

    >>> alignment(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 0.0], [1.0, 0.0]]))
    1.0
    """
    if np.shape(a) != np.shape(b):
        message = "alignment needs two arrays of one shape, paired row by row"
        raise InputError("E0808", message, value=f"{np.shape(a)} and {np.shape(b)}")
    a, b = unit(a), unit(b)
    paired = a.any(axis=1) & b.any(axis=1)
    if not paired.any():
        return None
    return float(np.mean(np.sum((a[paired] - b[paired]) ** 2, axis=1, dtype=np.float64)))


def uniformity(vectors: np.ndarray, *, seed: int = 0) -> float | None:
    """log mean_{i<j} exp(-2 ||z_i - z_j||^2) over unit vectors, (n, dim): -8 to 0, lower is more spread. None for under two.

    Above ``MAX_ROWS`` vectors a seeded sample of so many stands for all. Memory: a block of 1,024 rows against the sample.

    >>> round(uniformity(np.array([[1.0, 0.0], [-1.0, 0.0]])), 6)
    -8.0
    """
    z = unit(_sample(np.asarray(vectors), seed))
    z = z[z.any(axis=1)]
    n = len(z)
    if n < 2:
        return None
    total = 0.0
    for start in range(0, n, _BLOCK_ROWS):
        # ||x - y||^2 = 2 - 2 x.y on the sphere; each block meets itself and what follows, so every pair counts once.
        near = np.exp(4 * (z[start : start + _BLOCK_ROWS] @ z[start:].T) - 4)
        total += float(np.triu(near, 1).sum(dtype=np.float64))
    return float(np.log(total / (n * (n - 1) / 2)))


def geometry(queries: np.ndarray, documents: np.ndarray, judged: Judged, *, seed: int = 0) -> dict:
    """The layout of one model's vectors for the judged texts, for a report; the arrays are those of ``judged``, in its order.

    alignment: of each query with its relevant documents; uniformity and uniformity_queries: of documents and of queries;
    n_pairs and n_zero_vectors: how many pairs there were and how many vectors had no direction.
    """
    for what, vectors, texts in (("query", queries, judged.queries), ("document", documents, judged.documents)):
        if len(vectors) != len(texts):
            raise InputError("E0808", f"each {what} needs its vector", value=f"{len(vectors)} vectors for {len(texts)} texts")
    relevant = judged.grades > 0
    query = np.repeat(np.arange(len(judged.queries)), np.diff(judged.offsets))[relevant]
    return {
        "alignment": alignment(queries[query], documents[judged.rows[relevant]]),
        "uniformity": uniformity(documents, seed=seed),
        "uniformity_queries": uniformity(queries, seed=seed),
        "n_pairs": len(query),
        "n_zero_vectors": int(np.count_nonzero(~queries.any(axis=1)) + np.count_nonzero(~documents.any(axis=1))),
    }


def _sample(vectors: np.ndarray, seed: int) -> np.ndarray:
    if len(vectors) <= MAX_ROWS:
        return vectors
    return vectors[np.random.default_rng(seed).choice(len(vectors), MAX_ROWS, replace=False)]


def unit(vectors: np.ndarray) -> np.ndarray:
    """float32 (n, dim) of length 1; a zero vector stays zero."""
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise InputError("E0808", "vectors need the shape (n, dim)", value=vectors.shape)
    if not np.isfinite(vectors).all():
        row = int(np.argmin(np.isfinite(vectors).all(axis=1)))
        raise InputError(
            "E0808", "a vector holds NaN or infinity", place=f"row {row}", remedy="find what gave it and leave it out"
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
