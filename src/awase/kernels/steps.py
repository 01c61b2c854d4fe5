"""Optimiser steps on some rows of a table: only the rows that a batch touched are read or written."""

import numpy as np

from awase.kernels.lazy import njit
from awase.kernels.manifolds import FLAT, NONNEGATIVE, POINCARE, SPHERE, gradient_scale, project

_FAST = {"contract", "reassoc", "nsz"}
# By numpy's rules a division cannot raise, and so can be a vector instruction: six times as fast.
_ROWS = {"cache": True, "nogil": True, "fastmath": _FAST, "error_model": "numpy"}


@njit(cache=True, nogil=True, inline="always", fastmath=_FAST)
def sgd_row(row, grad, rate, code, radius):
    """row -= rate g, g being the gradient as the manifold (``kernels.manifolds``) has it; then back onto the manifold."""
    step = rate * gradient_scale(code, row)
    for j in range(len(row)):
        row[j] -= step * grad[j]
    project(code, radius, row)


@njit(cache=True, nogil=True, inline="always", fastmath=_FAST)
def adagrad_row(row, squares, grad, rate, code, radius):
    """squares += g²;  row -= rate g / sqrt(squares);  then back onto the manifold.

    The tiny constant keeps 0 / 0 at 0 where a gradient was always zero.
    """
    tiny, scale = np.float32(1e-20), gradient_scale(code, row)
    for j in range(len(row)):
        g = scale * grad[j]
        square = squares[j] + g * g
        squares[j] = square
        row[j] -= rate * g / np.sqrt(square + tiny)
    project(code, radius, row)


@njit(**_ROWS)
def sgd_rows(table, rows, grads, rate, code, radius, first, last):
    """``sgd_row`` for first <= k < last on table[rows[k]] with grads[k]; rows are distinct."""
    for k in range(first, last):
        sgd_row(table[rows[k]], grads[k], rate, code, radius)


@njit(**_ROWS)
def adagrad_rows(table, squares, rows, grads, rate, code, radius, first, last):
    """``adagrad_row`` for first <= k < last on table[rows[k]] with grads[k]; rows are distinct."""
    for k in range(first, last):
        adagrad_row(table[rows[k]], squares[rows[k]], grads[k], rate, code, radius)


def sgd_rows_twin(table, rows, grads, rate, code, radius, first, last):
    """What ``sgd_rows`` computes, in numpy."""
    touched = rows[first:last]
    table[touched] = _projected(table[touched] - rate * _scaled(table[touched], grads[first:last], code), code, radius)


def adagrad_rows_twin(table, squares, rows, grads, rate, code, radius, first, last):
    """What ``adagrad_rows`` computes, in numpy."""
    touched = rows[first:last]
    g = _scaled(table[touched], grads[first:last], code)
    squares[touched] += g * g
    table[touched] = _projected(table[touched] - rate * g / np.sqrt(squares[touched] + np.float32(1e-20)), code, radius)


def _scaled(rows, grads, code):
    return grads * ((1 - (rows * rows).sum(axis=1, keepdims=True)) / 2) ** 2 if code == POINCARE else grads


def _projected(rows, code, radius):
    if code in (FLAT, NONNEGATIVE):
        return rows if code == FLAT else np.maximum(rows, 0)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    outside = (norms > radius) | ((code == SPHERE) & (norms > 0))
    return np.where(outside, rows * (radius / np.maximum(norms, 1e-300)), rows)
