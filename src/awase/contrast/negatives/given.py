"""Negatives that came with the data."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.negatives.pick import pick_from_lists
from awase.contrast.positives import PairSource
from awase.core.errors import InputError


@dataclass(frozen=True)
class Given:
    """Up to ``per_pair`` of each pair's given negatives, drawn anew each time. Every anchor of the batch sees them (as in DPR)."""

    per_pair: int = 1
    name = "given"

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Document numbers; a pair without given negatives adds none."""
        if source.negatives is None:
            raise InputError(
                "E0510",
                "these pairs have no negatives",
                remedy="give a column 'negative', or train with in-batch or mined negatives",
            )
        starts, items = source.negatives
        return pick_from_lists(starts, items, rows, self.per_pair, rng)
