"""The gradient of one parameter, where only some rows have any."""

from typing import NamedTuple

import numpy as np

from awase.kernels.sums import sum_by_row


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
    distinct, sums = np.empty(len(rows), np.int64), np.empty((len(rows), *values.shape[1:]), values.dtype)
    as_matrix = (len(rows), -1) if len(rows) else (0, 1)
    n = sum_by_row(rows, np.argsort(rows, kind="stable"), values.reshape(as_matrix), distinct, sums.reshape(as_matrix))
    return Rows(name, distinct[:n], sums[:n])
