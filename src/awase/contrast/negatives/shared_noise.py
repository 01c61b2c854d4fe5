"""Noise words that all of a window share."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.positives.windows import WindowSource
from awase.core.errors import ConfigError
from awase.kernels import draws
from awase.kernels.skipgram import NOISE


@dataclass(frozen=True)
class SharedNoise:
    """``n`` words for each window, drawn by frequency^power (Mikolov et al. 2013, arXiv 1310.4546, section 2.2), shared by its context
    words (Ji et al. 2016, arXiv 1604.04661, section 3.2). A draw of the centre itself is left out.

    A batch is one window: its context words are the anchors, the centre and the noise the candidates, and the loss is the sum over the
    anchors, as each of them is an example of its own in word2vec.
    """

    n: int = 5
    power: float = 0.75
    name = "shared noise"

    def __post_init__(self):
        if not 1 <= self.n < 1 << 16:
            raise ConfigError(
                "E0533", "the number of negatives must lie between 1 and 65,535", value=self.n, remedy="5 is usual"
            )
        if not 0 <= self.power <= 1:
            raise ConfigError("E0533", "the power of the frequency lies between 0 (uniform) and 1", value=self.power)

    def bind(self, source: WindowSource, seed: int) -> "SharedNoiseBatches":
        """These negatives for these windows."""
        return SharedNoiseBatches(self, source, seed)


class SharedNoiseBatches:
    """Windows in the order of the text. share, alias: the tables that noise is drawn from."""

    def __init__(self, spec: SharedNoise, source: WindowSource, seed: int):
        self.spec, self.source, self.seed = spec, source, seed
        self.share, self.alias = draws.alias_table(source.counts.astype(np.float64) ** spec.power)

    def order(self, epoch: int) -> None:
        """In sequence: a text on the disk is read once, and its words come in no order that matters."""

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The window of the only row of ``rows``; without anchors where subsampling leaves the word out, or leaves it alone."""
        (row,) = rows
        source, key = self.source, draws.key(self.seed, epoch)
        around = source.around(int(row), key).astype(np.int64)
        line = int(np.searchsorted(source.edges, row, "right")) - 1
        centre = int(source.ids[source.starts[line] + row - source.edges[line]])
        drawn = np.array(
            [
                draws.alias_draw(self.share, self.alias, np.uint64(draws.bits(key, row, NOISE + slot)))
                for slot in range(self.spec.n)
            ]
        )
        items = source.offset + np.concatenate([[centre], drawn[drawn != centre]])
        # The joint takes the mean over the anchors; each of b anchors counting b times makes it their sum.
        n = len(around)
        return Batch(around, Candidates(items, target=np.zeros(n, np.int64), weight=np.full(n, float(n))))
