"""Negatives of a hierarchy: one end of an edge replaced, and the edge turned round."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.positives.links import LinkSource
from awase.core.errors import ConfigError
from awase.kernels import draws
from awase.kernels.order import corrupt_edges
from awase.kernels.sets import pair_set


@dataclass(frozen=True)
class CorruptedEdges:
    """``n`` nodes drawn evenly in place of the child or of the parent, at random, that are not known to stand there (Vendrov et al. 2016,
    section 4.1); with ``turned``, the edge turned round as well.

    Without that, nothing ever tests the direction: what is drawn at random is wrong either way round, and a symmetric score does as well.
    """

    n: int = 1
    turned: bool = True
    name = "corrupted edges"

    def __post_init__(self):
        if self.n < 1:
            raise ConfigError("E0541", "the number of negatives must be at least 1", value=self.n)

    def bind(self, source: LinkSource, seed: int) -> "CorruptedEdgesBatches":
        """These negatives for these positives."""
        return CorruptedEdgesBatches(self, source, seed)


class CorruptedEdgesBatches:
    """Batches of edges as items of ``encoders.TwoSided``, n being the number of nodes:

        child, parents             where the parent is replaced: column 0 the true one
        n + parent, n + children   where the child is
        parent, parent, child      the edge turned round: the parent belongs to itself, which costs nothing, and the child is its negative

    An edge is two anchors with ``turned``, one without. share, alias, known: what ``kernels.order.corrupt_edges`` draws from.
    """

    def __init__(self, spec: CorruptedEdges, source: LinkSource, seed: int):
        self.spec, self.source, self.seed = spec, source, seed
        n = source.n_items
        self.share, self.alias = draws.alias_table(np.ones(n))
        children, parents = source.known()
        self.known = pair_set(np.concatenate([children, n + parents]), np.concatenate([parents, children]), n)

    def order(self, epoch: int) -> np.ndarray:
        """In which the edges are seen in this epoch: random."""
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.source))

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the edges ``rows`` (b,) int64. What is drawn depends on the seed, the epoch and the row alone."""
        source, b = self.source, len(rows)
        anchors, items = np.empty(b, np.int64), np.empty((b, 1 + self.spec.n), np.int64)
        corrupt_edges(
            source.anchors, source.targets, self.share, self.alias, self.known, source.n_items, draws.key(self.seed, epoch), rows,
            anchors, items,
        )  # fmt: skip
        if self.spec.turned:
            children, parents = source.anchors[rows], source.targets[rows]
            turned = np.full((b, 1 + self.spec.n), -1)
            turned[:, 0], turned[:, 1] = parents, children
            anchors, items = np.concatenate([anchors, parents]), np.concatenate([items, turned])
        missing_rows, missing = np.nonzero(items < 0)
        items = np.where(items < 0, items[:, :1], items)
        return Batch(anchors, Candidates(items, target=np.zeros(len(items), np.int64), mask=(missing_rows, missing)))
