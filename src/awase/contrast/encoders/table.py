"""One vector for each item: words, users, items, nodes."""

import numpy as np

from awase.contrast.encoders.gradient import Rows


class Table:
    """f(i) = table_i.

    >>> Table(np.eye(3, dtype=np.float32)).encode(np.array([2]))
    array([[0., 0., 1.]], dtype=float32)
    """

    def __init__(self, table: np.ndarray):
        self.parameters = {"table": table}

    @property
    def dim(self) -> int:
        return self.parameters["table"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        return self.parameters["table"][items]

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """The gradient of each distinct row: the sum over where it stands."""
        rows, at = np.unique(items, return_inverse=True)
        values = np.zeros((len(rows), self.dim), dV.dtype)
        np.add.at(values, at, dV)
        return [Rows("table", rows.astype(np.int64), values)]
