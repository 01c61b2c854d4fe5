"""Negatives from a pool: other examples' targets, drawn once for a batch and shared by its anchors."""

from dataclasses import dataclass, replace

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.core.errors import ConfigError
from awase.kernels.masks import known_pairs


@dataclass(frozen=True)
class Pool:
    """The targets of ``size`` examples drawn at random, so a target is drawn as often as it occurs (Wu et al. 2018, arXiv 1709.03856,
    section 3). The targets of the batch itself join them.

    filtered: leave out what else is known to belong to the anchor; StarSpace leaves out only what equals its target.
    """

    size: int = 50
    filtered: bool = True
    name = "pool"

    def __post_init__(self):
        if self.size < 1:
            raise ConfigError("E0577", "the pool must hold at least 1 negative", value=self.size, remedy="50 is the default")

    def draw(self, source, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The pool beside a batch of text pairs: document numbers (``CandidateMaker`` joins the batch's own)."""
        return source.documents[rng.integers(0, len(source), self.size)]

    def bind(self, source, seed: int) -> "PoolBatches":
        """These negatives for a source of ``contrast.positives.bags``."""
        return PoolBatches(self, source, seed)


class PoolBatches:
    """Batches of examples of a source; what is drawn depends on the seed, the epoch and the batch's first example.

    The source says what the two sides of an example are in an epoch, as items, and which targets each anchor is known to belong with.
    """

    def __init__(self, spec: Pool, source, seed: int):
        self.spec, self.source, self._seed = spec, source, seed
        self._column_of = np.full(source.n_items, -1, np.int64)
        self._known = source.known() if spec.filtered else None

    def order(self, epoch: int) -> np.ndarray:
        """In which the examples are seen in this epoch: random."""
        return np.random.default_rng((self._seed, epoch)).permutation(len(self.source))

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the examples ``rows`` (b,) int64: all anchors share the distinct candidates."""
        rng = np.random.default_rng((self._seed, epoch, rows[0]))
        anchors, own = self.source.sides(rows, rng)
        _, drawn = self.source.sides(rng.integers(0, len(self.source), self.spec.size), rng)
        items, at = np.unique(np.concatenate([own, drawn]), return_inverse=True)
        candidates = Candidates(items, at[: len(rows)].astype(np.int64))
        if self._known is None:
            return Batch(anchors, candidates)
        starts, known = self._known
        mask = known_pairs(self.source.groups[rows], candidates.target, items, starts, known, self._column_of)
        return Batch(anchors, replace(candidates, mask=mask))
