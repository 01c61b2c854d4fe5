"""The gradient of one parameter, where only some rows have any."""

from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """name: which parameter; rows: (r,) distinct int64 row numbers; values: (r, ...) their gradients."""

    name: str
    rows: np.ndarray
    values: np.ndarray


def summed(name: str, rows: np.ndarray, values: np.ndarray) -> Rows:
    """The gradient from values (n, ...) at rows (n,), of which some may be the same: each distinct row's sum.

    >>> summed("table", np.array([3, 1, 3]), np.array([1.0, 2.0, 10.0]))[1:]
    (array([1, 3]), array([ 2., 11.]))
    """
    order = np.argsort(rows, kind="stable")
    distinct, starts = np.unique(rows[order], return_index=True)
    total = np.add.reduceat(values[order], starts, axis=0) if len(rows) else values
    return Rows(name, distinct.astype(np.int64, copy=False), total)
