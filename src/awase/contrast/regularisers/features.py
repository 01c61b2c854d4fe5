"""Items with known features: their vectors are pulled to what a small network makes of the features."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from awase.contrast.encoders import Rows
from awase.contrast.regularisers.pull import Pull
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Features:
    """weight * the mean of |v_j - g(x_j)|² over the items j of the batch that have features x_j (Hsieh et al. 2017, section 3.3).

        g(x) = relu(x W1 + b1) W2 + b2, with ``hidden`` units between; g(x) = x W2 + b2 where hidden is 0

    g learns along. An item of which little is known so gets a place near items that are like it.
    """

    weight: float = 1.0
    hidden: int = 0
    name = "features"

    def __post_init__(self):
        if not self.weight > 0:
            raise ConfigError(
                "E0562",
                "the weight of a regulariser must be above 0",
                value=self.weight,
                remedy="leave the regulariser out instead",
            )
        if self.hidden < 0:
            raise ConfigError("E0562", "the number of hidden units must not be negative", value=self.hidden)

    def bind(self, features: np.ndarray, dim: int, *, first: int = 0, seed: int = 0) -> "FeaturePull":
        """The regulariser for items first, first + 1, ... with these features (n, f), whose vectors have ``dim`` numbers."""
        return FeaturePull(self, np.asarray(features, np.float32), dim, first, seed)


class FeaturePull:
    """``Features`` of known items. parameters: the weights of g."""

    def __init__(self, spec: Features, features: np.ndarray, dim: int, first: int, seed: int):
        self._weight, self._features, self._first = spec.weight, features, first
        rng = np.random.default_rng((seed, 0xFEA7))
        widths = [features.shape[1], spec.hidden, dim] if spec.hidden else [features.shape[1], dim]
        # He et al. 2015, so that what comes out is as large as what goes in.
        self._layers = [
            ((rng.standard_normal((n, m)) * np.sqrt(2 / max(n, 1))).astype(np.float32), np.zeros((1, m), np.float32))
            for n, m in pairwise(widths)
        ]
        self.parameters = {
            f"features.{kind}{at}": array
            for at, layer in enumerate(self._layers)
            for kind, array in zip(("weights", "bias"), layer)
        }

    def project(self, features: np.ndarray) -> np.ndarray:
        """g(x), (n, dim), of features (n, f)."""
        return self._activations(features)[-1]

    def __call__(self, items: np.ndarray, V: np.ndarray) -> Pull:
        known = np.flatnonzero((items >= self._first) & (items < self._first + len(self._features)))
        dV = np.zeros_like(V)
        if not len(known):
            return Pull(0.0, dV, [])
        activations = self._activations(self._features[items[known] - self._first].astype(V.dtype))
        apart = V[known] - activations[-1]
        dV[known] = apart * V.dtype.type(2 * self._weight / len(known))
        own, above = [], -dV[known]
        for at in reversed(range(len(self._layers))):
            weights, below = self._layers[at][0], activations[at]
            own += [
                _whole(f"features.weights{at}", below.T @ above),
                _whole(f"features.bias{at}", above.sum(axis=0, keepdims=True)),
            ]
            above = (above @ weights.T) * (below > 0)
        return Pull(self._weight * float(np.vdot(apart, apart)) / len(known), dV, own)

    def _activations(self, X: np.ndarray) -> list[np.ndarray]:
        """X and what each layer makes of it."""
        out = [X]
        for at, (weights, bias) in enumerate(self._layers):
            X = X @ weights + bias
            if at < len(self._layers) - 1:
                X = np.maximum(X, 0)
            out.append(X)
        return out


def _whole(name: str, values: np.ndarray) -> Rows:
    return Rows(name, np.arange(len(values)), values)
