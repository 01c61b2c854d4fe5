"""Two vectors for each thing: one as what is asked about, one as what is answered."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.table import Table
from awase.core.errors import ConfigError
from awase.core.limits import MAX_DIM


@dataclass(frozen=True)
class TwoTables:
    """The encoder part: input rows, which are kept, and output rows, stacked in one table.

    >>> table = TwoTables(dim=4).encoder(3, 2, seed=0).parameters["table"]
    >>> table.shape, bool(np.abs(table[:3]).max() <= 0.125), bool((table[3:] == 0).all())
    ((5, 4), True, True)
    """

    dim: int = 100
    name = "two tables"

    def __post_init__(self):
        if not 1 <= self.dim <= MAX_DIM:
            raise ConfigError("E0534", f"dim must lie between 1 and {MAX_DIM:,}", value=self.dim, remedy="100 to 300 is usual")

    def encoder(self, n_inputs: int, n_outputs: int, *, seed: int) -> Table:
        """Before training: inputs uniform in ±1 / (2 dim), outputs zero, as in word2vec."""
        table = np.zeros((n_inputs + n_outputs, self.dim), np.float32)
        inputs = table[:n_inputs]
        np.random.default_rng((seed, 0x2BEC)).random(out=inputs, dtype=np.float32)
        inputs -= np.float32(0.5)
        inputs /= np.float32(self.dim)
        return Table(table)
