"""Items of a graph with relations: an entity, moved along a relation or only seen from it, as one number."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Codes:
    """Numbers for n_entities entities e and n_relations relations r:

        e + n_entities * q      q = 0: e itself     1 + r: e + r     1 + R + r: e - r     1 + 2R + r: e as r sees it, not moved

    A tail stands at head + relation, a head at tail - relation; a candidate is seen by the relation it is a candidate for, which matters to
    encoders that project. The entity is always ``items % n_entities``.

    >>> codes = Codes(n_entities=10, n_relations=2)
    >>> codes.forward(3, 1), codes.backward(3, 1), codes.seen(3, 1)
    (23, 43, 63)
    >>> [part.tolist() for part in codes.unpack(np.array([3, 23, 43, 63]))]
    [[3, 3, 3, 3], [-1, 1, 1, 1], [0, 1, -1, 0]]
    """

    n_entities: int
    n_relations: int

    def forward(self, entities, relations):
        """The items e + r."""
        return entities + self.n_entities * (1 + relations)

    def backward(self, entities, relations):
        """The items e - r."""
        return entities + self.n_entities * (1 + self.n_relations + relations)

    def seen(self, entities, relations):
        """The items e as candidates for r."""
        return entities + self.n_entities * (1 + 2 * self.n_relations + relations)

    def unpack(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(entities, relations, signs): int64, the relation -1 where there is none, the sign of the move 1, -1 or 0."""
        q, entities = np.divmod(items, self.n_entities)
        kind, relations = np.divmod(q - 1, self.n_relations)
        return entities, np.where(q == 0, -1, relations), np.array([1, -1, 0, 0])[kind]
