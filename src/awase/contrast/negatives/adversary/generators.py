"""What proposes negatives: a distribution over items that depends on the anchor, with parameters of its own."""

from collections.abc import Callable

import numpy as np

from awase.contrast.encoders.gradient import Rows, summed
from awase.kernels.policy import sum_of_two

_LEAK = np.float32(0.01)


class Generator:
    """g(y|x) = softmax_y(h(x) · v(y)), over all targets or some of them.

    anchors, targets: the two sides, which make h(x) and v(y) of numbers; a side has ``parameters``, ``encode(numbers) -> (n, dim)`` and
    ``pull(numbers, gradient)``, as an encoder does.

    >>> sides = (TableSide(rows, 2, 1, np.random.default_rng(rows)) for rows in (4, 3))
    >>> Generator(*sides).logits(np.zeros(5, np.int64), np.arange(3)).shape
    (5, 3)
    """

    def __init__(self, anchors, targets):
        self._sides = {"anchor": anchors, "target": targets}
        self._vectors: dict[str, np.ndarray] = {}
        self._room = np.empty(0, np.float32)
        self.parameters = {
            f"{which}.{name}": value for which, side in self._sides.items() for name, value in side.parameters.items()
        }

    def logits(self, anchors: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(b, m) for anchors (b,) and targets (m,). The next call writes to the same array: a fresh one costs as much as the product."""
        self._vectors = {"anchor": self._sides["anchor"].encode(anchors), "target": self._sides["target"].encode(targets)}
        H, V = self._vectors["anchor"], self._vectors["target"]
        if len(self._room) < len(H) * len(V) or self._room.dtype != H.dtype:
            self._room = np.empty(len(H) * len(V), H.dtype)
        return np.matmul(H, V.T, out=self._room[: len(H) * len(V)].reshape(len(H), len(V)))

    def pull(self, anchors: np.ndarray, targets: np.ndarray, dlogits: np.ndarray) -> list[Rows]:
        """The gradient of each parameter, for the anchors and targets whose logits were asked for last."""
        of_anchors = self._sides["anchor"].pull(anchors, dlogits @ self._vectors["target"])
        of_targets = self._sides["target"].pull(targets, dlogits.T @ self._vectors["anchor"])
        return [
            rows._replace(name=f"{which}.{rows.name}")
            for which, found in (("anchor", of_anchors), ("target", of_targets))
            for rows in found
        ]


class TableSide:
    """h(x) = u_e + w_q for the code x = e + n q: item e, seen through relation and direction q; u_e alone where there is one kind.

    Starts random, with about unit length.
    """

    def __init__(self, n: int, dim: int, n_kinds: int, rng: np.random.Generator):
        self._n = n
        self.parameters = {
            name: rng.standard_normal((rows, dim), np.float32) / np.float32(np.sqrt(dim))
            for name, rows in (("rows", n), ("kinds", n_kinds))[: 1 + (n_kinds > 1)]
        }

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        if "kinds" not in self.parameters:
            return self.parameters["rows"][numbers]
        H = np.empty((len(numbers), self.parameters["rows"].shape[1]), self.parameters["rows"].dtype)
        sum_of_two(self.parameters["rows"], self.parameters["kinds"], numbers, H)
        return H

    def pull(self, numbers: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of the tables."""
        if "kinds" not in self.parameters:
            return [summed("rows", numbers, dH)]
        kinds, rows = np.divmod(numbers, self._n)
        return [summed("rows", rows, dH), summed("kinds", kinds, dH)]


class LayerSide:
    """h(x) of the model's own vectors, which are taken as they are: no gradient flows back into the model.

        h = f(W z / |z| sqrt(n_features) + c),   z = features(x),   f(a) = a or, below 0, a / 100

    features: numbers (n,) -> (n, n_features), such as the vectors of the plain entity and of the entity moved along the relation. The
    product of two such sides starts about ``scale`` times as large as that of two standard normal numbers.
    """

    def __init__(
        self,
        features: Callable[[np.ndarray], np.ndarray],
        n_features: int,
        dim: int,
        rng: np.random.Generator,
        scale: float = 1.0,
    ):
        self._features = features
        bound = np.sqrt(6 * scale / n_features / np.sqrt(dim))
        self.parameters = {
            "weights": rng.uniform(-bound, bound, (n_features, dim)).astype(np.float32),
            "shift": np.zeros(dim, np.float32),
        }
        self._below, self._above = np.empty((0, n_features), np.float32), np.empty((0, dim), np.float32)

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """(n, dim)."""
        z = self._features(numbers)
        length = np.sqrt(np.einsum("nf,nf->n", z, z) / np.float32(z.shape[1]))
        self._below = z / np.maximum(length, np.float32(1e-12))[:, None]
        a = self._below @ self.parameters["weights"]
        a += self.parameters["shift"]
        self._above = np.maximum(a, _LEAK * a)
        return self._above

    def pull(self, numbers: np.ndarray, dH: np.ndarray) -> list[Rows]:
        """Gradients of the layer, for the numbers encoded last."""
        da = np.where(self._above > 0, dH, _LEAK * dH)
        n_features, dim = self.parameters["weights"].shape
        # A product with ones is several times as fast as numpy's own sum over rows.
        return [
            Rows("weights", np.arange(n_features), self._below.T @ da),
            Rows("shift", np.arange(dim), np.ones(len(da), da.dtype) @ da),
        ]
