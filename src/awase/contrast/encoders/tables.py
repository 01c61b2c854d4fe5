"""Tables before training: how many rows, where they start, and where they may lie. The encoder parts of recipes over named things."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awase.contrast.encoders.dims import check_dim
from awase.contrast.encoders.table import Table, TwoSided
from awase.contrast.manifolds import Ball, Poincare, Sphere
from awase.core.errors import ConfigError
from awase.store.rows import create_rows

_BLOCK = 1 << 16  # rows started at a time


@dataclass(frozen=True)
class TwoTables:
    """Two vectors for each thing, in one table: input rows, which are kept, and below them output rows.

    >>> table = TwoTables(dim=4).encoder(3, 2, seed=0).parameters["table"]
    >>> table.shape, bool(np.abs(table[:3]).max() <= 0.125), bool((table[3:] == 0).all())
    ((5, 4), True, True)
    """

    dim: int = 100
    name = "two tables"

    def __post_init__(self):
        check_dim(self.dim, "100 to 300 is usual")

    def encoder(self, n_inputs: int, n_outputs: int, *, seed: int, on_disk: Path | None = None) -> Table:
        """Before training: inputs uniform in ±1 / (2 dim), outputs zero, as in word2vec.

        on_disk: a file to be made, in which the rows are kept in place of memory; the vectors are the same.
        """
        shape = (n_inputs + n_outputs, self.dim)
        table = np.zeros(shape, np.float32) if on_disk is None else create_rows(on_disk, shape)
        rng = np.random.default_rng((seed, 0x2BEC))
        for first in range(0, n_inputs, _BLOCK):
            rows = rng.random((min(_BLOCK, n_inputs - first), self.dim), np.float32)
            table[first : first + len(rows)] = (rows - np.float32(0.5)) / np.float32(self.dim)
        return Table(table)


@dataclass(frozen=True)
class BallTable:
    """Rows of ``dim`` numbers, none longer than ``radius``: for distances, where nothing else keeps vectors from running away.

    >>> table = BallTable(dim=4).encoder(100, seed=0)
    >>> bool((np.linalg.norm(table.encode(np.arange(100)), axis=1) <= 1 + 1e-6).all())
    True
    """

    dim: int = 64
    radius: float = 1.0
    name = "table in a ball"

    def __post_init__(self):
        check_dim(self.dim, "32 to 128 is usual")
        if not self.radius > 0:
            raise ConfigError("E0561", "the radius of the ball must be above 0", value=self.radius, remedy="1 is usual")

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: normal with variance radius² / dim, so about the radius long, and shortened to it."""
        ball = Ball(self.radius)
        start = np.random.default_rng((seed, 0xC31)).normal(0, self.radius / np.sqrt(self.dim), (n_items, self.dim))
        return Table(ball.project(start).astype(np.float32), ball)


@dataclass(frozen=True)
class SphereTable:
    """Rows of length 1.

    >>> SphereTable(dim=3).encoder(5, seed=0).encode(np.array([2])).shape
    (1, 3)
    """

    dim: int = 128
    name = "table on the sphere"

    def __post_init__(self):
        check_dim(self.dim, "128 is the default")

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: rows uniform in a cube, over their length."""
        rows = np.random.default_rng((seed, 0x5F3E)).uniform(-1, 1, (n_items, self.dim)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return Table(rows, Sphere())


@dataclass(frozen=True)
class PoincareTable:
    """Rows inside the unit ball, in float64: float32 cannot tell apart what lies near the edge.

    >>> table = PoincareTable(dim=2).encoder(100, seed=0)
    >>> table.parameters["table"].dtype, bool(abs(table.parameters["table"]).max() <= 1e-3)
    (dtype('float64'), True)
    """

    dim: int = 5
    start: float = 1e-3
    name = "table in the poincare ball"

    def __post_init__(self):
        check_dim(self.dim, "hierarchies need few: 5 to 50")

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: uniform within ``start`` of the origin in each coordinate, so that no node is committed to a direction."""
        rng = np.random.default_rng((seed, 0xBA11))
        return Table(rng.uniform(-self.start, self.start, (n_items, self.dim)), Poincare())


@dataclass(frozen=True)
class OrderTable:
    """Rows without negative coordinates, in float32.

    >>> OrderTable(dim=2).encoder(3, seed=0).encode(np.array([1, 4])).sum(axis=0).tolist()
    [0.0, 0.0]
    """

    dim: int = 50
    start: float = 1.0
    name = "table of non-negative rows"

    def __post_init__(self):
        check_dim(self.dim, "hierarchies need few: 5 to 50")

    def encoder(self, n_items: int, *, seed: int) -> TwoSided:
        """Before training: uniform from 0 to ``start``."""
        rng = np.random.default_rng((seed, 0x0DE2))
        return TwoSided(rng.uniform(0, self.start, (n_items, self.dim)).astype(np.float32))
