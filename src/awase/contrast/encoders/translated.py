"""TransE: a relation is a step from head to tail."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.codes import Codes
from awase.contrast.encoders.dims import check_dim
from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.manifolds import Sphere


class Translated:
    """f(e) = entity_e, f(e moved along r) = entity_e + relation_r, f(e moved back) = entity_e - relation_r.

    Items are numbered by ``Codes``. Entities have unit length (Bordes et al. 2013, algorithm 1).

    >>> encoder = Translated(np.eye(2, dtype=np.float32), np.full((1, 2), 0.5, np.float32))
    >>> encoder.encode(encoder.codes.forward(np.array([0]), np.array([0])))
    array([[1.5, 0.5]], dtype=float32)
    """

    def __init__(self, entities: np.ndarray, relations: np.ndarray):
        self.parameters = {"entities": entities, "relations": relations}
        self.manifolds = {"entities": Sphere()}
        self.codes = Codes(len(entities), len(relations))

    @property
    def dim(self) -> int:
        return self.parameters["entities"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        entities, relations, signs = self.codes.unpack(items)
        V, moved = self.parameters["entities"][entities], np.flatnonzero(signs)
        V[moved] += signs[moved, None].astype(V.dtype) * self.parameters["relations"][relations[moved]]
        return V

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """Gradients of the entities and of the relations from dV (n, dim)."""
        entities, relations, signs = self.codes.unpack(items)
        moved = np.flatnonzero(signs)
        steps = signs[moved, None].astype(dV.dtype) * dV[moved]
        return [summed("entities", entities, dV), summed("relations", relations[moved], steps)]


@dataclass(frozen=True)
class Translation:
    """The encoder part of TransE: tables of this many dimensions."""

    dim: int = 50
    name = "translation"

    def __post_init__(self):
        check_dim(self.dim, "50 is usual for graphs")

    def encoder(self, n_entities: int, n_relations: int, *, seed: int) -> Translated:
        """Before training: uniform in ±6 / sqrt(dim), then unit rows (Bordes et al. 2013, algorithm 1)."""
        entities, relations = (start(n, self.dim, seed, place) for place, n in enumerate((n_entities, n_relations)))
        return Translated(Sphere().project(entities), Sphere().project(relations))


def start(n: int, dim: int, seed: int, place: int) -> np.ndarray:
    """(n, dim) float32, uniform in ±6 / sqrt(dim) (Glorot and Bengio 2010, as Bordes et al. 2013 use it)."""
    bound = 6 / np.sqrt(dim)
    return np.random.default_rng((seed, 0x7A5, place)).uniform(-bound, bound, (n, dim)).astype(np.float32)
