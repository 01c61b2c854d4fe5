"""Negatives of several kinds in one batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from awase.contrast.negatives.sampled import SampledBatches
from awase.contrast.positives import PairSource
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Mixture:
    """What each of its parts draws, together.

    Of two parts that are bound to links or triples, the second proposes negatives for each anchor of the first's batches, and ``weight`` is
    the first's part of the loss (lambda of Bose, Ling and Cao 2018, arXiv 1805.03642, section 3). Documents of texts all count alike.
    """

    parts: tuple
    weight: float = 0.5
    name = "mixture"

    def __post_init__(self):
        if not 0 <= self.weight <= 1:
            raise ConfigError("E0581", "the weight of the first negatives is a share, from 0 to 1", value=self.weight)

    def bind(self, source, seed: int) -> SampledBatches:
        """These negatives for these positives; raises ConfigError E0582 unless there are noise and one part that proposes."""
        if len(self.parts) != 2 or not hasattr(self.parts[1], "sampler"):
            raise ConfigError(
                "E0582",
                "a mixture for links has two parts: noise, and negatives that are proposed for each anchor",
                value=", ".join(part.name for part in self.parts),
                remedy="write Mixture((Noise(), Adversarial()))",
            )
        noise, proposed = self.parts
        return SampledBatches(noise.bind(source, seed), proposed, self.weight, seed)

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Document numbers of all parts, in their order; those that are proposed for an anchor are drawn by ``TextProposals``."""
        drawn = [part.draw(source, rows, rng) for part in self.parts if not hasattr(part, "sampler")]
        return np.concatenate([np.empty(0, np.int64), *drawn])

    @property
    def order(self):
        """That of the first part which has one: it decides which pairs share a batch."""
        return next((part.order for part in self.parts if hasattr(part, "order")), None)


def parts_of(negatives) -> Iterator:
    """A negatives part, or those it is a mixture of."""
    if isinstance(negatives, Mixture):
        for part in negatives.parts:
            yield from parts_of(part)
    else:
        yield negatives
