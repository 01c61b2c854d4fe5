"""Classification of vectors: what the labels' nearest neighbours, or a linear probe, get right. Both look at frozen vectors.

They ask different things of a model: kNN whether things of one class lie together, the probe whether a plane parts them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.index.exact import Exact
from awase.tasks.answers import checked_columns, checked_ids
from awase.tasks.geometry import unit
from awase.tasks.items import Metric
from awase.tasks.lbfgs import minimise

_BLOCK_ROWS = 4_096


@dataclass(frozen=True)
class MacroF1:
    """Predicted and right classes, int64 (n,) each; a metric of ``Report.of_items`` that is no mean over items.

    F1 of a class = 2 tp / (2 tp + fp + fn); the mean over the classes that are predicted or right at least once.

    >>> MacroF1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])).value
    0.7333333333333334
    """

    predicted: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def value(self) -> float:
        """Macro-F1."""
        return float(self.resampled(np.ones((1, len(self)), np.int64))[0])

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """float64 (m,): macro-F1 of m samples, each given by how often every item was drawn, (m, n)."""
        n_classes = 1 + max(int(self.predicted.max()), int(self.labels.max()))
        rows = np.arange(len(counts))[:, None]

        def by_class(classes: np.ndarray, of: np.ndarray) -> np.ndarray:
            at = (rows * n_classes + classes).ravel()
            return np.bincount(at, of.ravel(), minlength=len(counts) * n_classes).reshape(-1, n_classes)

        right = by_class(self.labels, counts * (self.predicted == self.labels))
        either = by_class(self.predicted, counts) + by_class(self.labels, counts)  # 2 tp + fp + fn
        f1 = np.divide(2 * right, either, out=np.zeros_like(right), where=either > 0)
        return f1.sum(axis=1) / np.count_nonzero(either, axis=1)


@dataclass(frozen=True)
class Classified:
    """Predicted and right classes, int64 (n,) each."""

    predicted: np.ndarray
    labels: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """float64 (n,): 1 where the class is right."""
        return (self.predicted == self.labels).astype(np.float64)

    @property
    def macro_f1(self) -> MacroF1:
        """The mean over classes of F1, which a rare class moves as much as a frequent one."""
        return MacroF1(self.predicted, self.labels)

    def metrics(self) -> dict[str, Metric]:
        """For ``Report.of_items``."""
        return {"accuracy": self.correct, "macro_f1": self.macro_f1}

    def summary(self) -> dict[str, float | int]:
        """accuracy, macro_f1 and n_items."""
        return {"accuracy": float(self.correct.mean()), "macro_f1": self.macro_f1.value, "n_items": len(self.labels)}


class Probe(NamedTuple):
    """A linear classifier: weights float64 (dim, n_classes), bias (n_classes,), and whether its fit came to rest."""

    weights: np.ndarray
    bias: np.ndarray
    converged: bool

    def log_probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """float64 (n, n_classes): log softmax of vectors W + b."""
        return _log_softmax(vectors @ self.weights + self.bias)

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """int64 (n,): the most probable class of each vector."""
        return np.argmax(vectors @ self.weights + self.bias, axis=1)


def classification(predicted: np.ndarray, labels: np.ndarray) -> Classified:
    """Accuracy and macro-F1 of predicted classes, int64 (n,) both. Errors: E0820 classes that do not fit, E0824 none at all.

    >>> classification(np.array([0, 1, 1]), np.array([0, 1, 0])).summary()["accuracy"]
    0.6666666666666666
    """
    n_classes = 1 + max(int(np.max(classes, initial=-1)) for classes in (predicted, labels))
    predicted, labels = checked_columns({"predicted": (predicted, n_classes), "labels": (labels, n_classes)})
    if not len(labels):
        raise InputError("E0824", "there are no items to classify")
    return Classified(predicted, labels)


def knn(train_vectors: np.ndarray, train_labels: np.ndarray, vectors: np.ndarray, *, k: int = 10) -> np.ndarray:
    """int64 (n,): the class of most of the k nearest training vectors by cosine; of several the one that lies closer in sum.

    Fewer than k training vectors all vote. Errors: E0703 a wrong k, E0808 vectors that are not finite, E0820 labels that do not fit.

    >>> knn(np.array([[1.0, 0], [0, 1], [0, 2]]), np.array([0, 1, 1]), np.array([[3.0, 1], [1, 3]]), k=1).tolist()
    [0, 1]
    """
    train_vectors, train_labels, n_classes = _training(train_vectors, train_labels)
    k = min(k, len(train_labels))
    near = Exact(unit(train_vectors)).search(unit(vectors), k)
    # A vote more outweighs any difference in closeness, which is at most k / (2k + 1) to either side.
    votes = 1 + near.scores.astype(np.float64) / (2 * k + 1)
    found = np.empty(len(near.rows), np.int64)
    for start in range(0, len(found), _BLOCK_ROWS):
        rows = near.rows[start : start + _BLOCK_ROWS]
        at = train_labels[rows] + n_classes * np.arange(len(rows))[:, None]
        of_class = np.bincount(at.ravel(), votes[start : start + _BLOCK_ROWS].ravel(), minlength=len(rows) * n_classes)
        found[start : start + _BLOCK_ROWS] = of_class.reshape(-1, n_classes).argmax(axis=1)
    return found


def linear_probe(train_vectors: np.ndarray, train_labels: np.ndarray, *, c: float = 1.0, max_iter: int = 500) -> Probe:
    """Multinomial logistic regression on the vectors as they are, the same minimum as scikit-learn's:

        min over W, b of ||W||^2 / 2 + c sum_i -log softmax(x_i W + b)[y_i]

    by L-BFGS in float64, a block of rows at a time. ``converged`` is false when ``max_iter`` steps were too few.
    Errors: E0808 vectors that are not finite, E0820 labels that do not fit, E0825 c is not a positive number.

    >>> probe = linear_probe(np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1]))
    >>> probe.predict(np.array([[-0.5], [0.5]])).tolist()
    [0, 1]
    """
    if not (np.isfinite(c) and c > 0):
        raise ConfigError("E0825", "c, the weight of the data against the weights' size, is a positive number", value=c)
    vectors, labels, n_classes = _training(train_vectors, train_labels)
    (n, dim), scale = vectors.shape, 1 / (c * len(labels))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = flat.reshape(dim + 1, n_classes)
        weights, bias = parameters[:-1], parameters[-1]
        total, gradient = 0.0, np.zeros_like(parameters)
        for start in range(0, n, _BLOCK_ROWS):
            x, y = vectors[start : start + _BLOCK_ROWS].astype(np.float64), labels[start : start + _BLOCK_ROWS]
            log_p = _log_softmax(x @ weights + bias)
            total -= log_p[np.arange(len(y)), y].sum()
            error = np.exp(log_p)
            error[np.arange(len(y)), y] -= 1
            gradient[:-1] += x.T @ error
            gradient[-1] += error.sum(axis=0)
        gradient /= n
        gradient[:-1] += scale * weights
        return total / n + scale * float(np.sum(weights**2)) / 2, gradient.ravel()

    flat, converged = minimise(loss, np.zeros((dim + 1) * n_classes), max_iter=max_iter)
    parameters = flat.reshape(dim + 1, n_classes)
    return Probe(parameters[:-1], parameters[-1], converged)


def _training(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or not len(vectors) or not np.isfinite(vectors).all():
        raise InputError(
            "E0808", "training vectors are finite numbers of the shape (n, dim)", value=f"{vectors.dtype} {vectors.shape}"
        )
    n_classes = int(np.max(labels, initial=-1)) + 1
    labels = checked_ids("train_labels", labels, n_classes)
    if len(labels) != len(vectors):
        raise InputError("E0820", "each training vector needs its label", value=f"{len(labels):,} for {len(vectors):,}")
    return vectors, labels, n_classes


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
