"""TransD: entities are projected for each relation before the step."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.codes import Codes
from awase.contrast.encoders.dims import check_dim
from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.encoders.translated import start
from awase.contrast.manifolds import Ball


class Projected:
    """e as r sees it is e + (e_p · e) r_p; moved along r, that plus r; moved back, that minus r (Ji et al. 2015, equations 8 to 11,
    for entities and relations of one dimension).

    Items are numbered by ``Codes``; an entity that no relation sees is e itself. No row is longer than 1.

    >>> one = np.ones((1, 2), np.float32)
    >>> encoder = Projected(entities=one, relations=one, entity_projections=one, relation_projections=one)
    >>> encoder.encode(encoder.codes.seen(np.array([0]), np.array([0])))
    array([[3., 3.]], dtype=float32)
    """

    def __init__(
        self,
        entities: np.ndarray,
        relations: np.ndarray,
        entity_projections: np.ndarray,
        relation_projections: np.ndarray,
    ):
        self.parameters = {
            "entities": entities,
            "relations": relations,
            "entity_projections": entity_projections,
            "relation_projections": relation_projections,
        }
        self.manifolds = dict.fromkeys(self.parameters, Ball(1.0))
        self.codes = Codes(len(entities), len(relations))

    @property
    def dim(self) -> int:
        return self.parameters["entities"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        entities, relations, signs = self.codes.unpack(items)
        V, seen = self.parameters["entities"][entities], np.flatnonzero(relations >= 0)
        r, sign = relations[seen], signs[seen, None].astype(V.dtype)
        along = np.einsum("nd,nd->n", self.parameters["entity_projections"][entities[seen]], V[seen])
        V[seen] += along[:, None] * self.parameters["relation_projections"][r] + sign * self.parameters["relations"][r]
        return V

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """Gradients of the four tables from dV (n, dim)."""
        entities, relations, signs = self.codes.unpack(items)
        seen = np.flatnonzero(relations >= 0)
        e, r, g = entities[seen], relations[seen], dV[seen]
        row, projection = self.parameters["entities"][e], self.parameters["entity_projections"][e]
        across = np.einsum("nd,nd->n", g, self.parameters["relation_projections"][r])[:, None]
        along = np.einsum("nd,nd->n", projection, row)[:, None]
        d_entities = dV.copy()
        d_entities[seen] += across * projection
        moved = np.flatnonzero(signs)
        return [
            summed("entities", entities, d_entities),
            summed("relations", relations[moved], signs[moved, None].astype(dV.dtype) * dV[moved]),
            summed("entity_projections", e, across * row),
            summed("relation_projections", r, along * g),
        ]


@dataclass(frozen=True)
class Projection:
    """The encoder part of TransD: four tables of this many dimensions."""

    dim: int = 50
    name = "projection"

    def __post_init__(self):
        check_dim(self.dim, "50 is usual for graphs")

    def encoder(self, n_entities: int, n_relations: int, *, seed: int) -> Projected:
        """Before training: uniform in ±6 / sqrt(dim), rows longer than 1 shortened to it."""
        sizes = (n_entities, n_relations, n_entities, n_relations)
        return Projected(*(Ball(1.0).project(start(n, self.dim, seed, place)) for place, n in enumerate(sizes)))
