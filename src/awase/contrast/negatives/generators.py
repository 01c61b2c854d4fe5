"""What proposes negatives: a distribution over items that depends on the anchor, with parameters of its own."""

from collections.abc import Callable

import numpy as np

from awase.contrast.encoders.gradient import Rows, summed

_LEAK = np.float32(0.01)


class Generator:
    """g(y|x) = softmax_y(h(x) · v_y + c_y), over all items or some of them.

    side: makes h(x) (b, dim) of anchors' codes; it has ``parameters``, ``encode(anchors)`` and ``pull(anchors, dH)``, as an encoder does.

    >>> generator = Generator(TableSide(1, 4, 2, np.random.default_rng(0)), n_items=3, rng=np.random.default_rng(1))
    >>> generator.logits(np.zeros(5, np.int64)).shape
    (5, 3)
    """

    def __init__(self, side, n_items: int, rng: np.random.Generator):
        self.side = side
        self._H = np.empty((0, side.dim), np.float32)
        items = rng.standard_normal((n_items, side.dim), np.float32) / np.float32(np.sqrt(side.dim))
        self.parameters = {**side.parameters, "items": items, "offsets": np.zeros(n_items, np.float32)}

    def logits(self, anchors: np.ndarray, items: np.ndarray | None = None) -> np.ndarray:
        """(b, m): of the given items (m,), which are distinct, or of all."""
        at = slice(None) if items is None else items
        self._H = self.side.encode(anchors)
        return self._H @ self.parameters["items"][at].T + self.parameters["offsets"][at]

    def pull(self, anchors: np.ndarray, items: np.ndarray | None, dlogits: np.ndarray) -> list[Rows]:
        """The gradient of each parameter, for the anchors and items whose logits were asked for last."""
        at = slice(None) if items is None else items
        rows = np.arange(len(self.parameters["items"])) if items is None else items
        gradients = self.side.pull(anchors, dlogits @ self.parameters["items"][at])
        return [*gradients, Rows("items", rows, dlogits.T @ self._H), Rows("offsets", rows, _sum(dlogits))]


class TableSide:
    """h(x) = u_e + w_q for the code x = e + n q: item e, seen through relation and direction q. Plain items have q = 0."""

    def __init__(self, n: int, dim: int, n_kinds: int, rng: np.random.Generator):
        self.dim, self._n = dim, n
        self.parameters = {
            name: rng.standard_normal((rows, dim), np.float32) / np.float32(np.sqrt(dim))
            for name, rows in (("anchors", n), ("kinds", n_kinds))
        }

    def encode(self, anchors: np.ndarray) -> np.ndarray:
        """(b, dim)."""
        kinds, entities = np.divmod(anchors, self._n)
        return self.parameters["anchors"][entities] + self.parameters["kinds"][kinds]

    def pull(self, anchors: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of both tables."""
        kinds, entities = np.divmod(anchors, self._n)
        return [summed("anchors", entities, dH), summed("kinds", kinds, dH)]


class MlpSide:
    """h(x) of the model's own vectors, which it takes as they are: no gradient flows back into the model.

        h = f(features(x) W + c),   f(z) = z or, below 0, z / 100

    features: anchors (b,) -> (b, n_features), such as the vectors of the plain entity and of the entity moved along the relation.
    """

    def __init__(self, features: Callable[[np.ndarray], np.ndarray], n_features: int, dim: int, rng: np.random.Generator):
        self.dim, self._features = dim, features
        bound = np.sqrt(6 / n_features)
        self.parameters = {
            "weights": rng.uniform(-bound, bound, (n_features, dim)).astype(np.float32),
            "shift": np.zeros(dim, np.float32),
        }
        self._below, self._above = np.empty((0, n_features), np.float32), np.empty((0, dim), np.float32)

    def encode(self, anchors: np.ndarray) -> np.ndarray:
        """(b, dim)."""
        self._below = self._features(anchors)
        z = self._below @ self.parameters["weights"]
        z += self.parameters["shift"]
        self._above = np.maximum(z, _LEAK * z)
        return self._above

    def pull(self, anchors: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of the layer, for the anchors encoded last."""
        dz = np.where(self._above > 0, dH, _LEAK * dH)
        return [
            Rows("weights", np.arange(len(self.parameters["weights"])), self._below.T @ dz),
            Rows("shift", np.arange(self.dim), _sum(dz)),
        ]


def _sum(values: np.ndarray) -> np.ndarray:
    """Over the rows, as a product: several times as fast as numpy's own sum."""
    return np.ones(len(values), values.dtype) @ values
