"""One vector for each item: words, users, items, nodes."""

from typing import Any

import numpy as np

from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.manifolds import Flat


class Table:
    """f(i) = table_i. ``manifold``: where the rows may lie (``contrast.manifolds``).

    >>> Table(np.eye(3, dtype=np.float32)).encode(np.array([2]))
    array([[0., 0., 1.]], dtype=float32)
    """

    def __init__(self, table: np.ndarray, manifold: Any = Flat()):  # noqa: B008, a value
        self.parameters, self.manifolds = {"table": table}, {"table": manifold}

    @property
    def dim(self) -> int:
        return self.parameters["table"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        return self.parameters["table"][items]

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """The gradient of each distinct row: the sum over where it stands."""
        return [summed("table", items, dV)]
