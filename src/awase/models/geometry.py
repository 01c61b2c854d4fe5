"""How close a vector is to the rows of a table, for each way a table can have been trained. Higher is always closer.

Equal rows are equally close. A matrix product of BLAS sums a row's product in one order or another, as its place among the others has it;
einsum sums every row alike, at the same speed for one query. For many queries there is ``tied``.
"""

from collections.abc import Callable

import numpy as np


def cosine(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """q·x / (|q| |x|); 0 where either is zero."""
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows)) * np.sqrt(query @ query)
    return np.divide(dot(query, rows), lengths, out=np.zeros(len(rows), rows.dtype), where=lengths > 0)


def dot(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """q·x."""
    return np.einsum("nd,d->n", rows, query)


def euclidean(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """-|x - q|."""
    apart = rows - query
    return -np.sqrt(np.einsum("nd,nd->n", apart, apart))


def manhattan(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """-Σ |x_k - q_k|."""
    return -np.abs(rows - query).sum(axis=1)


def poincare(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """-arcosh(1 + 2 |x - q|² / ((1 - |q|²)(1 - |x|²))) (Nickel and Kiela 2017, arXiv 1705.08039, equation 1)."""
    q, x = query.astype(np.float64), rows.astype(np.float64)  # near the border 1 - |x|² is all that matters
    apart = x - q
    inside = (1 - q @ q) * (1 - np.einsum("nd,nd->n", x, x))
    return -np.arccosh(1 + 2 * np.einsum("nd,nd->n", apart, apart) / inside)


def order(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """-|max(0, x - q)|²: how far each row is from being an ancestor of q (Vendrov et al. 2016, arXiv 1511.06361, equation 3)."""
    above = np.maximum(rows - query, 0)
    return -np.einsum("nd,nd->n", above, above)


def tied(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The scores (b, n) of many queries with rows (n, dim), by any matrix product, equal rows with the score of the first of them.

    >>> tied(np.array([[0.5, 0.25, 0.50000001]]), np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])).tolist()
    [[0.5, 0.25, 0.5]]
    """
    first = _first_equal(rows)
    return scores if first is None else scores[:, first]


def _first_equal(rows: np.ndarray) -> np.ndarray | None:
    """int64 (n,): the first of the rows that are equal to each; None where all differ, as they mostly do in their first number."""
    order = np.argsort(rows[:, 0], kind="stable")
    alike = rows[order[1:], 0] == rows[order[:-1], 0]
    if not alike.any():
        return None
    again = order[np.flatnonzero(np.append(alike, False) | np.append(False, alike))]
    again.sort()
    _, first, which = np.unique(rows[again], axis=0, return_index=True, return_inverse=True)
    if len(first) == len(again):
        return None
    found = np.arange(len(rows))
    found[again] = again[first[which.ravel()]]
    return found


GEOMETRIES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "cosine": cosine,
    "dot": dot,
    "euclidean": euclidean,
    "poincare": poincare,
    "order": order,
    "translation": euclidean,  # of head + relation and tail
    "translation-l1": manhattan,
}
