"""A table whose rows have length 1: the encoder part of a recipe."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.table import Table
from awase.contrast.manifolds import Sphere
from awase.core.errors import ConfigError
from awase.core.limits import MAX_DIM


@dataclass(frozen=True)
class SphereTable:
    """One row of length 1 for each item.

    >>> SphereTable(dim=3).encoder(5, seed=0).encode(np.array([2])).shape
    (1, 3)
    """

    dim: int = 128
    name = "table on the sphere"

    def __post_init__(self):
        if not 1 <= self.dim <= MAX_DIM:
            raise ConfigError("E0520", f"dim must lie between 1 and {MAX_DIM:,}", value=self.dim, remedy="128 is the default")

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: rows uniform in a cube, over their length."""
        rows = np.random.default_rng((seed, 0x5F3E)).uniform(-1, 1, (n_items, self.dim)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return Table(rows, Sphere())
