"""The network that judges a pair of texts, with exact gradients: two bags of tokens, four blocks of features, one linear layer.

u = sqrt(d) p / |p|,  v = sqrt(d) r / |r|      of the parent's and the reply's vectors p, r (d,): every number is about 1
logits = [u, v, |u - v|, u * v] W + b          W (4 d, 3)    (the features of InferSent: Conneau et al. 2017, arXiv 1705.02364)
"""

import numpy as np

from awase.contrast.candidates import Candidates
from awase.contrast.encoders import Bag, Rows
from awase.train.optimizer import Adagrad
from awase.train.plan import Plan

N_STANCES = 3
_HEAD_RATE = 0.02  # of the linear layer, whose features are about 1


def scaled(V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of V (n, d) at length sqrt(d), and what each was multiplied by, (n, 1); a zero row stays zero, times 0."""
    lengths = np.sqrt(np.einsum("nd,nd->n", V, V))[:, None]
    factors = np.divide(np.sqrt(V.shape[1]), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return V * factors, factors


def pull_scaled(U: np.ndarray, factors: np.ndarray, dU: np.ndarray) -> np.ndarray:
    """The gradient of what ``scaled`` was given, from that of what it gave: the part across the vector, times the factor."""
    along = np.einsum("nd,nd->n", U, dU)[:, None] / U.shape[1]
    return factors * (dU - along * U)


def features(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(n, 4 d) of vectors u, v (n, d).

    >>> features(np.array([[1.0]]), np.array([[3.0]])).tolist()
    [[1.0, 3.0, 2.0, 3.0]]
    """
    return np.concatenate([u, v, np.abs(u - v), u * v], axis=1)


def pull_features(u: np.ndarray, v: np.ndarray, dF: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of u and v, from that of their features."""
    du, dv, apart, product = np.split(dF, 4, axis=1)
    apart = apart * np.sign(u - v)
    return du + apart + product * v, dv - apart + product * u


class Step:
    """What ``train.loop.Loop`` trains: bag and head on pairs (parents, replies: items of the bag; stances), by a loss over classes.

    parameters: those of the bag, "head" (4 d, 3) and "bias" (3,), both zero at first, so that training begins with no opinion.
    """

    at_once = 1

    def __init__(
        self, bag: Bag, parents: np.ndarray, replies: np.ndarray, stances: np.ndarray, loss, plan: Plan, *, threads: int = 1
    ):
        self.bag, self.loss, self.plan = bag, loss, plan
        self._parents, self._replies, self._stances = parents, replies, stances.astype(np.int64)
        self.head, self.bias = np.zeros((4 * bag.dim, N_STANCES), np.float32), np.zeros(N_STANCES, np.float32)
        self.parameters = {**bag.parameters, "head": self.head, "bias": self.bias}
        rates = {"table": plan.rate, "log_weights": plan.weight_rate, "head": _HEAD_RATE, "bias": _HEAD_RATE}
        self.optimizer = Adagrad(self.parameters, rates, threads=threads)
        self.state = self.optimizer.state

    def __len__(self) -> int:
        return len(self._stances)

    def order(self, epoch: int) -> np.ndarray:
        """The pairs in the order of this epoch, (n,) int64."""
        return np.random.default_rng((self.plan.seed, 0x57A7, epoch)).permutation(len(self))

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """Train on the pairs ``rows``, batch by batch; the sum over the batches of their mean loss."""
        total = 0.0
        for first, last, share in zip(edges[:-1], edges[1:], schedule, strict=True):
            value, gradients = self.gradients(rows[first:last])
            self.optimizer.step(gradients, float(share))
            total += value
        return total

    def gradients(self, rows: np.ndarray) -> tuple[float, list[Rows]]:
        """The mean loss of the pairs ``rows``, and its gradients."""
        b = len(rows)
        items = np.concatenate([self._parents[rows], self._replies[rows]])
        U, factors = scaled(self.bag.encode(items))
        u, v = U[:b], U[b:]
        F = features(u, v)
        classes = Candidates(items=np.arange(N_STANCES), target=self._stances[rows])
        value, d_logits, _ = self.loss(F @ self.head + self.bias, classes, self.loss.init())
        d_logits = (d_logits / b).astype(np.float32)
        dU = np.concatenate(pull_features(u, v, d_logits @ self.head.T))
        gradients = self.bag.pull(items, pull_scaled(U, factors, dU).astype(np.float32))
        gradients.append(Rows("head", np.arange(len(self.head)), F.T @ d_logits))
        gradients.append(Rows("bias", np.arange(N_STANCES), d_logits.sum(axis=0)))
        return float(value.mean()), gradients

    def logits(self, parents: np.ndarray, replies: np.ndarray) -> np.ndarray:
        """(n, 3) of pairs of items as the parameters are now, before calibration."""
        return logits(self.bag.encode(parents), self.bag.encode(replies), self.head, self.bias)


def logits(parents: np.ndarray, replies: np.ndarray, head: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """float32 (n, 3) of vectors of parents and replies (n, d)."""
    return features(scaled(parents)[0], scaled(replies)[0]) @ head + bias
