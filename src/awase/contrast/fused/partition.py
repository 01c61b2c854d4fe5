"""The softmax over everything, without drawing: its normaliser as a sum over a few Gaussians (EDRep).

    Z_i = sum_j exp(x_i · x_j)  ≈  sum_a w_a exp(x_i · mu_a + x_i' Omega_a x_i / 2)

for classes a of the vectors with w_a members, mean mu_a and covariance Omega_a: the moment generating function of a Gaussian mixture. It
holds for vectors of length 1, whose products are small (at length 2 the error is a tenth, at 4 it is useless), and costs n d² for all
rows together instead of n² d.

Dall'Amico and Belliardo 2025, "Efficient distributed representations with linear-time attention scores normalization", arXiv 2303.17475.
"""

from typing import NamedTuple

import numpy as np

from awase.contrast.positives.stochastic import Stochastic
from awase.kernels import threads as pool
from awase.kernels.sparse import sphere_step

_BLOCK = 8192


class Moments(NamedTuple):
    """What is kept of m vectors in k classes: log of each class's size (k,), means (k, d), covariances (k, d, d)."""

    log_weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


def moments(Y: np.ndarray, labels: np.ndarray) -> Moments:
    """The moments of Y (m, d) by class (labels (m,) int64). A class without members is left out."""
    kept = []
    for a in np.flatnonzero(np.bincount(labels)):
        y = Y if len(Y) == 0 or not labels.any() else Y[labels == a]
        mean = y.mean(axis=0)
        kept.append((np.log(len(y)), mean, y.T @ y / np.float32(len(y)) - np.outer(mean, mean)))
    log_sizes, means, covariances = zip(*kept)
    return Moments(np.array(log_sizes, Y.dtype), np.stack(means), np.stack(covariances))


def log_partition(X: np.ndarray, of: Moments) -> tuple[np.ndarray, np.ndarray]:
    """(log Z (n,), its gradient (n, d)) for rows X (n, d).

    grad log Z_i = sum_a zeta_ia (mu_a + Omega_a x_i), with zeta_ia the share of class a in Z_i.

    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> estimate, _ = log_partition(X, moments(X, np.zeros(2, int)))
    >>> exact = np.log(np.exp(X @ X.T).sum(axis=1))
    >>> bool(np.abs(estimate - exact).max() < 0.01)
    True
    """
    drifts = [mean + X @ covariance for mean, covariance in zip(of.means, of.covariances)]
    if len(drifts) == 1:
        return of.log_weights[0] + (np.einsum("ij,ij->i", drifts[0], X) + X @ of.means[0]) / 2, drifts[0]
    # x · mu + x' Omega x / 2 is half of x · (mu + drift).
    logs = np.stack(
        [
            weight + (np.einsum("ij,ij->i", drift, X) + X @ mean) / 2
            for weight, mean, drift in zip(of.log_weights, of.means, drifts)
        ]
    )
    top = logs.max(axis=0)
    shares = np.exp(logs - top)
    total = shares.sum(axis=0)
    shares /= total
    gradient = np.zeros_like(X)
    for share, drift in zip(shares, drifts):
        gradient += share[:, None] * drift
    return np.log(total) + top, gradient


class Partition:
    """One step for all rows at once: the contrast of P with everything, vectors on the unit sphere.

        l_i = - sum_j P_ij x_i · x_j + log Z_i + x_i · m          m the mean of the rows
        gradient in x_i, the other rows held:  - (P X)_i + grad log Z_i + m
        each row goes along the great circle against it, as far as the rate says (``kernels.sparse.sphere_step``)

    The first two terms are InfoNCE at temperature 1 of anchor i against every item; m keeps all from gathering in one place. The gradient
    is exact but for the estimate of Z. What x_i is worth as somebody's candidate is left out, as in the paper: with P symmetric that
    is half of it, else this is no descent on the sum of the l_i. All rows move together, so an epoch is one step.

    labels: (n,) the classes of Z. rate: the step at the full schedule, in (0, 1).
    """

    name = "partition"
    at_once = 1

    def __init__(self, P: Stochastic, table: np.ndarray, *, labels: np.ndarray, rate: float, threads: int = 1):
        self.parameters: dict[str, np.ndarray] = {"table": table}
        self.state: dict[str, np.ndarray] = {}
        self._P, self._labels, self._rate, self._threads = P, labels, rate, threads

    def __len__(self) -> int:
        return len(self._P)

    def order(self, epoch: int) -> None:
        """In sequence: every step moves all rows."""

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """A step of all rows for each share of the rate; the sum of the mean losses before each. ``train.step.Generic`` has the arguments."""
        return sum(self._step(self._rate * float(share)) for share in schedule)

    def gradient(self) -> tuple[np.ndarray, np.ndarray]:
        """(l (n,), its gradient (n, d) in each row as an anchor) where the table stands."""
        X = self.parameters["table"]
        about = moments(X, self._labels)
        mean = np.exp(about.log_weights - np.log(np.float32(len(X)))) @ about.means
        values, out = np.empty(len(X), X.dtype), self._P.times(X, self._threads)

        def blocks(first: int, last: int) -> None:
            for start in range(first, last, _BLOCK):
                at = slice(start, min(start + _BLOCK, last))
                values[at], drift = log_partition(X[at], about)
                out[at] -= mean
                values[at] -= np.einsum("ij,ij->i", out[at], X[at])
                np.subtract(drift, out[at], out=out[at])

        pool.run(self._threads, len(X), blocks, at_least=_BLOCK)
        return values, out

    def _step(self, rate: float) -> float:
        X = self.parameters["table"]
        values, gradient = self.gradient()
        pool.run(self._threads, len(X), lambda first, last: sphere_step(X, gradient, rate, first, last), at_least=4096)
        return float(values.mean(dtype=np.float64))
