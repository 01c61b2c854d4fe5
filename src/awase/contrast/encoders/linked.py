"""An entity and a relation as a bag of two features, with another feature for the relation read backwards."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.codes import Codes
from awase.contrast.encoders.dims import check_dim
from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.encoders.translated import start
from awase.contrast.manifolds import Sphere


class Linked:
    """f(e) = entity_e, f(e moved along r) = entity_e + relation_r, f(e moved back) = entity_e + relation_(R + r).

    Items are numbered by ``Codes``; there are 2 R rows of relations, the second half for heads that are sought. Entities have unit length,
    as StarSpace bounds theirs, so that the closest by cosine is the closest by distance.

    >>> encoder = Linked(np.eye(2, dtype=np.float32), np.array([[0, 1], [5, 0]], np.float32))
    >>> encoder.encode(np.append(encoder.codes.forward(np.array([0]), 0), encoder.codes.backward(np.array([0]), 0))).tolist()
    [[1.0, 1.0], [6.0, 0.0]]
    """

    def __init__(self, entities: np.ndarray, relations: np.ndarray):
        self.parameters = {"entities": entities, "relations": relations}
        self.manifolds = {"entities": Sphere()}
        self.codes = Codes(len(entities), len(relations) // 2)

    @property
    def dim(self) -> int:
        return self.parameters["entities"].shape[1]

    def _features(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(entities, places that are moved, the rows of relations there)."""
        entities, relations, signs = self.codes.unpack(items)
        moved = np.flatnonzero(signs)
        return entities, moved, relations[moved] + self.codes.n_relations * (signs[moved] < 0)

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        entities, moved, rows = self._features(items)
        V = self.parameters["entities"][entities]
        V[moved] += self.parameters["relations"][rows]
        return V

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """Gradients of the entities and of the relations from dV (n, dim)."""
        entities, moved, rows = self._features(items)
        return [summed("entities", entities, dV), summed("relations", rows, dV[moved])]


@dataclass(frozen=True)
class LinkedBag:
    """The encoder part: tables of ``dim`` dimensions."""

    dim: int = 100
    name = "bag of entity and relation"

    def __post_init__(self):
        check_dim(self.dim, "100 is the default")

    def encoder(self, n_entities: int, n_relations: int, *, seed: int) -> Linked:
        """Before training: rows of unit length."""
        entities, relations = (start(n, self.dim, seed, place) for place, n in enumerate((n_entities, 2 * n_relations)))
        return Linked(Sphere().project(entities), Sphere().project(relations))
