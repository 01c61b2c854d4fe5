"""Tables of the nodes of a hierarchy: where they start, and where they may lie."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.encoders.table import Table
from awase.contrast.manifolds import NonNegative, Poincare
from awase.core.errors import ConfigError
from awase.core.limits import MAX_DIM


@dataclass(frozen=True)
class PoincareTable:
    """The encoder part of Poincaré embeddings: rows inside the unit ball, in float64, which near the edge float32 cannot tell apart.

    >>> table = PoincareTable(dim=2).encoder(100, seed=0)
    >>> table.parameters["table"].dtype, bool(abs(table.parameters["table"]).max() <= 1e-3)
    (dtype('float64'), True)
    """

    dim: int = 5
    start: float = 1e-3
    name = "table in the poincare ball"

    def __post_init__(self):
        _check_dim(self.dim)

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: uniform within ``start`` of the origin in each coordinate, so that no node is committed to a direction."""
        rng = np.random.default_rng((seed, 0xBA11))
        return Table(rng.uniform(-self.start, self.start, (n_items, self.dim)), Poincare())


@dataclass(frozen=True)
class OrderTable:
    """The encoder part of order embeddings: rows without negative coordinates, in float32.

    >>> OrderTable(dim=2).encoder(3, seed=0).encode(np.array([1, 4])).sum(axis=0).tolist()
    [0.0, 0.0]
    """

    dim: int = 50
    start: float = 1.0
    name = "table of non-negative rows"

    def __post_init__(self):
        _check_dim(self.dim)

    def encoder(self, n_items: int, *, seed: int) -> "TwoSided":
        """Before training: uniform from 0 to ``start``."""
        rng = np.random.default_rng((seed, 0x0DE2))
        return TwoSided(rng.uniform(0, self.start, (n_items, self.dim)).astype(np.float32))


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


def _check_dim(dim: int) -> None:
    if not 1 <= dim <= MAX_DIM:
        raise ConfigError("E0540", f"dim must lie between 1 and {MAX_DIM:,}", value=dim, remedy="hierarchies need few: 5 to 50")
