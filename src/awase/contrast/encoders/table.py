"""One vector for each item: words, users, items, nodes. ``tables`` has where they start."""

from typing import Any

import numpy as np

from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.manifolds import Flat, NonNegative


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


class TwoSided:
    """f(i) = table_i and f(n + i) = -table_i, for a table (n, dim) without negative coordinates.

    Turning both signs swaps the two sides of ``scores.Order``: with -parent as the anchor, candidates are children.

    >>> TwoSided(np.ones((3, 1), np.float32)).encode(np.array([2, 5])).ravel().tolist()
    [1.0, -1.0]
    """

    def __init__(self, table: np.ndarray):
        self.parameters, self.manifolds = {"table": table}, {"table": NonNegative()}

    @property
    def dim(self) -> int:
        return self.parameters["table"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n_items, dim)."""
        rows, signs = self._unpack(items)
        return signs * self.parameters["table"][rows]

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """The gradient of each distinct row: the sum over where it stands, with its sign there."""
        rows, signs = self._unpack(items)
        return [summed("table", rows, signs * dV)]

    def _unpack(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        side, rows = np.divmod(items, len(self.parameters["table"]))
        return rows, (1 - 2 * side)[:, None].astype(self.parameters["table"].dtype)
