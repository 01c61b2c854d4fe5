"""Negatives drawn from a fixed distribution over the targets."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.positives.links import LinkSource
from awase.core.errors import ConfigError
from awase.kernels import draws
from awase.kernels.sets import pair_set


@dataclass(frozen=True)
class Noise:
    """``n`` targets for each positive, drawn by frequency^power: 0 is uniform, 0.75 what skip-gram uses (Mikolov et al. 2013,
    arXiv 1310.4546, section 2.2), 1 the data's own.

    filtered: never a target that the data link to the anchor; where 32 draws give no other, the place stays empty (it is masked).
    """

    n: int = 5
    power: float = 0.75
    filtered: bool = True
    name = "noise"

    def __post_init__(self):
        if self.n < 1:
            raise ConfigError("E0522", "the number of negatives must be at least 1", value=self.n)
        if not 0 <= self.power <= 1:
            raise ConfigError("E0522", "the power of the frequency lies between 0 (uniform) and 1", value=self.power)

    def bind(self, source: LinkSource, seed: int) -> "NoiseBatches":
        """These negatives for these positives."""
        return NoiseBatches(self, source, seed)


class NoiseBatches:
    """Batches of links: each anchor's own target in column 0, then its noise.

    share, alias, known: the tables that fused kernels draw from as ``make`` does (``kernels.draws.draw_unknown``).
    """

    def __init__(self, spec: Noise, source: LinkSource, seed: int):
        self.spec, self.source, self.seed = spec, source, seed
        counts = np.bincount(source.targets, minlength=source.n_targets)
        # To the power 0, a target that no link has is drawn as well.
        self.share, self.alias = draws.alias_table(counts.astype(np.float64) ** spec.power)
        nothing = np.empty(0, np.int64)
        self.known = pair_set(*(source.known() if spec.filtered else (nothing, nothing)), source.n_targets)

    def order(self, epoch: int) -> np.ndarray:
        """In which the links are seen in this epoch: random."""
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.source))

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the links ``rows`` (b,) int64. What is drawn depends on the seed, the epoch and the row alone."""
        source = self.source
        anchors, targets = source.anchors[rows], source.targets[rows]
        drawn = np.empty((len(rows), self.spec.n), np.int64)
        draws.draw_negatives(
            self.share, self.alias, self.known, anchors, targets, source.n_targets, draws.key(self.seed, epoch), rows,
            self.spec.n, drawn,
        )  # fmt: skip
        missing_rows, missing = np.nonzero(drawn < 0)
        items = np.column_stack([targets, np.where(drawn < 0, targets[:, None], drawn)]) + source.offset
        return Batch(anchors, Candidates(items, target=np.zeros(len(rows), np.int64), mask=(missing_rows, missing + 1)))
