"""Runs of equal rows in sorted columns."""

import numpy as np


def starts(*columns: np.ndarray) -> np.ndarray:
    """(m,) bool: the row differs from the one before it in some column.

    >>> starts(np.array([1, 1, 2, 2]), np.array([5, 5, 5, 6])).tolist()
    [True, False, True, True]
    """
    new = np.ones(len(columns[0]), bool)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def places(new: np.ndarray) -> np.ndarray:
    """(m,) int64: how many rows of its run come before a row; ``new`` is what ``starts`` gave.

    >>> places(np.array([True, False, True, True, False])).tolist()
    [0, 1, 0, 0, 1]
    """
    rows = np.arange(len(new))
    return rows - np.maximum.accumulate(np.where(new, rows, 0))
