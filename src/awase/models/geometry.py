"""How close a vector is to the rows of a table, for each way a table can have been trained. Higher is always closer."""

from collections.abc import Callable

import numpy as np


def cosine(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """q·x / (|q| |x|); 0 where either is zero."""
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows)) * np.sqrt(query @ query)
    return np.divide(rows @ query, lengths, out=np.zeros(len(rows), rows.dtype), where=lengths > 0)


def dot(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """q·x."""
    return rows @ query


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


GEOMETRIES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "cosine": cosine,
    "dot": dot,
    "euclidean": euclidean,
    "poincare": poincare,
    "order": order,
    "translation": euclidean,  # of head + relation and tail
    "translation-l1": manhattan,
}
