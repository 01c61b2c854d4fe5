"""What proposes negatives: a distribution over items that depends on the anchor, with parameters of its own."""

from collections.abc import Callable

import numpy as np

from awase.contrast.encoders import Rows, Table

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
        return [*gradients, Rows("items", rows, dlogits.T @ self._H), Rows("offsets", rows, dlogits.sum(axis=0))]


class TableSide:
    """h(x) = u_e + w_q for the code x = e + n q: item e, seen through relation and direction q. Plain items have q = 0."""

    def __init__(self, n: int, dim: int, n_kinds: int, rng: np.random.Generator):
        self.dim, self._n = dim, n
        scale = np.float32(np.sqrt(dim))
        self._entities = Table(rng.standard_normal((n, dim), np.float32) / scale)
        self._kinds = Table(rng.standard_normal((n_kinds, dim), np.float32) / scale)
        self.parameters = {"anchors": self._entities.parameters["table"], "kinds": self._kinds.parameters["table"]}

    def encode(self, anchors: np.ndarray) -> np.ndarray:
        """(b, dim)."""
        return self._entities.encode(anchors % self._n) + self._kinds.encode(anchors // self._n)

    def pull(self, anchors: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of both tables."""
        (entities,), (kinds,) = self._entities.pull(anchors % self._n, dH), self._kinds.pull(anchors // self._n, dH)
        return [entities._replace(name="anchors"), kinds._replace(name="kinds")]


class MlpSide:
    """h(x) of the model's own vectors, which it takes as they are: no gradient flows back into the model.

        h = f(f(features(x) W1 + b1) W2 + b2),   f(z) = z or, below 0, z / 100

    features: anchors (b,) -> (b, n_features), such as the vectors of the plain entity and of entity and relation.
    """

    def __init__(self, features: Callable[[np.ndarray], np.ndarray], n_features: int, dim: int, rng: np.random.Generator):
        self.dim, self._features = dim, features
        self.parameters = {}
        for name, shape in (("1", (n_features, dim)), ("2", (dim, dim))):
            bound = np.sqrt(6 / shape[0])
            self.parameters[f"weights{name}"] = rng.uniform(-bound, bound, shape).astype(np.float32)
            self.parameters[f"offsets{name}"] = np.zeros(dim, np.float32)
        self._layers: list[np.ndarray] = []

    def encode(self, anchors: np.ndarray) -> np.ndarray:
        """(b, dim)."""
        self._layers = [self._features(anchors)]
        for name in ("1", "2"):
            z = self._layers[-1] @ self.parameters[f"weights{name}"] + self.parameters[f"offsets{name}"]
            self._layers.append(np.maximum(z, _LEAK * z))
        return self._layers[-1]

    def pull(self, anchors: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of both layers, for the anchors encoded last."""
        gradients = []
        for layer in (2, 1):
            below, above = self._layers[layer - 1], self._layers[layer]
            dz = np.where(above > 0, dH, _LEAK * dH)
            for name, values in ((f"weights{layer}", below.T @ dz), (f"offsets{layer}", dz.sum(axis=0))):
                gradients.append(Rows(name, np.arange(len(values)), values))
            dH = dz @ self.parameters[f"weights{layer}"].T
        return gradients
