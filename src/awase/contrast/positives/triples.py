"""Facts of a graph: head, relation, tail."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.codes import Codes
from awase.data.links import Links


@dataclass(frozen=True)
class TripleSource:
    """n positives (head, relation, tail), as rows of entities and relations: int64 (n,) each.

    >>> source = TripleSource(np.array([0, 1]), np.array([0, 0]), np.array([2, 2]), n_entities=3, n_relations=1)
    >>> [side.tolist() for side in source.known()]
    [[3, 4, 8, 8], [2, 2, 0, 1]]
    """

    heads: np.ndarray
    relations: np.ndarray
    tails: np.ndarray
    n_entities: int
    n_relations: int

    def __len__(self) -> int:
        return len(self.heads)

    @property
    def codes(self) -> Codes:
        """How entities that relations move are numbered as items."""
        return Codes(self.n_entities, self.n_relations)

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """(anchor items (2n,), entities (2n,)): all that belongs together, each triple seen from its head and from its tail."""
        forward = self.codes.forward(self.heads, self.relations)
        backward = self.codes.backward(self.tails, self.relations)
        return np.concatenate([forward, backward]), np.concatenate([self.tails, self.heads])


@dataclass(frozen=True)
class GivenTriples:
    """The triples as they are."""

    name = "given triples"
    needs = "triples"

    def source(self, triples: Links, rows: np.ndarray) -> TripleSource:
        """Those at the given rows (int64), over all entities and relations."""
        assert triples.relations is not None, "links without relations are no triples"
        n_entities, n_relations = len(triples.head_names), len(triples.relation_names)
        return TripleSource(triples.heads[rows], triples.relations[rows], triples.tails[rows], n_entities, n_relations)
