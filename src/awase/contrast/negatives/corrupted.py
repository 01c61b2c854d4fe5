"""Negatives of a graph: the triple with its head or its tail replaced."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.positives.triples import TripleSource
from awase.core.errors import ConfigError
from awase.kernels import draws
from awase.kernels.corruption import corrupt
from awase.kernels.sets import pair_set


@dataclass(frozen=True)
class Corrupted:
    """``n`` entities drawn evenly, in place of the head or of the tail of each triple (Bordes et al. 2013, equation 2).

    bernoulli: the head is replaced with probability tph / (tph + hpt) of the relation, tails per head and heads per tail, so that fewer
    corrupted triples are true (Wang et al. 2014, section 3.2); else with 1/2. filtered: no triple that is known; where 32
    draws give no other, the place stays empty (it is masked).
    """

    n: int = 1
    bernoulli: bool = False
    filtered: bool = True
    name = "corrupted"

    def __post_init__(self):
        if self.n < 1:
            raise ConfigError("E0551", "the number of negatives must be at least 1", value=self.n)

    def bind(self, source: TripleSource, seed: int) -> "CorruptedBatches":
        """These negatives for these positives; raises ConfigError E0551 where there are not so many entities."""
        if self.n >= source.n_entities:
            raise ConfigError(
                "E0551",
                f"more negatives are asked for than the {source.n_entities:,} entities can give",
                value=self.n,
                remedy=f"ask for at most {source.n_entities - 1:,}"
                if source.n_entities > 1
                else "give a graph of two entities or more",
            )
        return CorruptedBatches(self, source, seed)


class CorruptedBatches:
    """Batches of triples, as items of ``source.codes``: the side that stays, moved along the relation, is the anchor; the other side is in
    column 0, then what replaces it.

    head_chance, share, alias, known: what ``kernels.corruption.corrupt`` draws from, here and in fused kernels.
    """

    def __init__(self, spec: Corrupted, source: TripleSource, seed: int):
        self.spec, self.source, self.seed = spec, source, seed
        self.head_chance = bernoulli(source) if spec.bernoulli else np.full(source.n_relations, 0.5)
        self.share, self.alias = draws.alias_table(np.ones(source.n_entities))
        nothing = np.empty(0, np.int64)
        self.known = pair_set(*(source.known() if spec.filtered else (nothing, nothing)), source.n_entities)

    def order(self, epoch: int) -> np.ndarray:
        """In which the triples are seen in this epoch: random."""
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.source))

    def key(self, epoch: int) -> np.uint64:
        """Of an epoch's draws."""
        return np.uint64(draws.key(self.seed, epoch))

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the triples ``rows`` (b,) int64. What is drawn depends on the seed, the epoch and the row alone."""
        source = self.source
        anchors, items = np.empty(len(rows), np.int64), np.empty((len(rows), 1 + self.spec.n), np.int64)
        corrupt(
            source.heads, source.relations, source.tails, self.head_chance, self.share, self.alias, self.known,
            source.n_entities, self.key(epoch), rows, anchors, items,
        )  # fmt: skip
        at, columns = np.nonzero(items < 0)
        items[at, columns] = items[at, 0]
        return Batch(anchors, Candidates(items, target=np.zeros(len(rows), np.int64), mask=(at, columns)))


def bernoulli(source: TripleSource) -> np.ndarray:
    """(n_relations,) float64: tph / (tph + hpt). With as many triples in both means, that is tails / (heads + tails), distinct ones."""
    heads, tails = (
        np.bincount(np.unique(source.relations * source.n_entities + side) // source.n_entities, minlength=source.n_relations)
        for side in (source.heads, source.tails)
    )
    return np.where(heads + tails > 0, tails / np.maximum(heads + tails, 1), 0.5)
