"""The other pairs' documents."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives import PairSource


@dataclass(frozen=True)
class InBatch:
    """Nothing beyond the batch's own documents. They come as often as they stand in the pairs, so a popular document is pushed away
    more; ``corrected`` subtracts the log of that frequency from its score in the softmax (Yi et al. 2019, section 4)."""

    corrected: bool = False
    name = "in-batch"

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """No further documents."""
        return np.empty(0, np.int64)
