"""Negatives of several kinds in one batch."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives import PairSource


@dataclass(frozen=True)
class Mixture:
    """What each of its parts draws, together."""

    parts: tuple
    name = "mixture"

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Document numbers of all parts, in their order."""
        return np.concatenate([part.draw(source, rows, rng) for part in self.parts])

    @property
    def order(self):
        """That of the first part which has one: it decides which pairs share a batch."""
        return next((part.order for part in self.parts if hasattr(part, "order")), None)
