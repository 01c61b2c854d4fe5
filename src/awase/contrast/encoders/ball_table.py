"""A table whose rows stay in a ball: for distances, where nothing else keeps vectors from running away from each other."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.table import Table
from awase.contrast.manifolds import Ball
from awase.core.errors import ConfigError
from awase.core.limits import MAX_DIM


@dataclass(frozen=True)
class BallTable:
    """The encoder part: rows of ``dim`` numbers, none longer than ``radius``.

    >>> table = BallTable(dim=4).encoder(100, seed=0)
    >>> bool((np.linalg.norm(table.encode(np.arange(100)), axis=1) <= 1 + 1e-6).all())
    True
    """

    dim: int = 64
    radius: float = 1.0
    name = "table in a ball"

    def __post_init__(self):
        if not 1 <= self.dim <= MAX_DIM:
            raise ConfigError("E0561", f"dim must lie between 1 and {MAX_DIM:,}", value=self.dim, remedy="32 to 128 is usual")
        if not self.radius > 0:
            raise ConfigError("E0561", "the radius of the ball must be above 0", value=self.radius, remedy="1 is usual")

    def encoder(self, n_items: int, *, seed: int) -> Table:
        """Before training: normal with variance radius² / dim, so about the radius long, and shortened to it."""
        ball = Ball(self.radius)
        start = np.random.default_rng((seed, 0xC31)).normal(0, self.radius / np.sqrt(self.dim), (n_items, self.dim))
        return Table(ball.project(start).astype(np.float32), ball)
