"""How far users are from each other: in what they do (visit-weighted KL of their policies) and in what they write about (cosine).

Both distances are bilinear: d(u, v) is a product of what is known of u and what is known of v. So a block of rows of the user x user matrix
is a matrix product, a mean over two groups is the product of two sums, and neither needs the matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awase.core.errors import InputError
from awase.store import files

CLIP = 1e-10  # as published: no policy is taken to rule an action out altogether
_BLOCK_BYTES = 1 << 26
_SUM = 1e-4  # how far the weights of a user may be from 1, as float32 ones are


@dataclass(frozen=True)
class Distances:
    """The distances d(u, v) = left_u . right_v between n users, u != v; a user has distance 0 to itself, exactly.

    left, right: (n, k) float64, with left_u . right_v = left_v . right_u.

    >>> topical(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])).matrix().tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """

    left: np.ndarray
    right: np.ndarray

    def __len__(self) -> int:
        return len(self.left)

    def blocks(self, rows: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(first row, block (<= rows, n) float64) from the first row to the last. By default a block takes at most 64 MB."""
        n = len(self)
        rows = rows or max(1, _BLOCK_BYTES // (8 * max(n, 1)))
        for first in range(0, n, rows):
            block = np.maximum(self.left[first : first + rows] @ self.right.T, 0.0)  # below 0 by rounding alone
            within = np.arange(len(block))
            block[within, first + within] = 0.0
            yield first, block

    def matrix(self) -> np.ndarray:
        """(n, n) float64: 8 n^2 bytes, which ``blocks`` and ``write`` do without."""
        return next(iter(self.blocks(max(len(self), 1))))[1] if len(self) else np.zeros((0, 0))

    def write(self, path: Path | str) -> None:
        """Writes the matrix as float32 to a ``.npy`` file, which ``np.load(path, mmap_mode="r")`` opens without reading it: 4 n^2 bytes.

        Errors: E0301, E0302 where the disk refuses.
        """
        n = len(self)
        with files.open_atomic(path) as stream:
            header = {"descr": "<f4", "fortran_order": False, "shape": (n, n)}
            np.lib.format.write_array_header_1_0(stream, header)
            for _, block in self.blocks():
                stream.write(block.astype("<f4").data)


def behavioural(policies: np.ndarray, weights: np.ndarray, *, clip: float = CLIP) -> Distances:
    """SWKL(p, q) = 1/2 [ sum_s w_p(s) KL(p(.|s) || q(.|s)) + sum_s w_q(s) KL(q(.|s) || p(.|s)) ] in nats, between all users.

    policies: (n, 12, 6), p(a|s), entries clipped to [clip, 1] and not normalised again; weights: (n, 12), w(s), the share of a user's events
    that began in s. Symmetric and never below 0, but no metric: the triangle inequality does not hold. Not the Jeffreys divergence, as
    each direction has the weights of its own user. A state that a user never was in counts through the weights of the other.
    Source: Yuan, Schneider and Rizoiu, WWW 2025, as their group computes it.
    Errors: E1037 shapes that do not fit or values that are no probabilities; E1038 users whose weights are all 0: they did nothing.

    >>> p, w = np.array([[[0.9, 0.1]], [[0.5, 0.5]]]), np.ones((2, 1))
    >>> round(float(behavioural(p, w).matrix()[0, 1]), 4)
    0.4394
    """
    visits, logs, own = _terms(policies, weights, clip)
    ones = np.ones((len(own), 1))
    return Distances(np.hstack([own / 2, ones, visits / -2, logs / -2]), np.hstack([ones, own / 2, logs, visits]))


def swkl(policies_a, weights_a, policies_b, weights_b, *, clip: float = CLIP) -> np.ndarray:
    """(a, b) float64: SWKL of each of one set of users from each of another; everything as in ``behavioural``.

    >>> p, w = np.array([[[0.9, 0.1]], [[0.5, 0.5]]]), np.ones((2, 1))
    >>> swkl(p, w, p[1:], w[1:]).round(4).tolist()
    [[0.4394], [0.0]]
    """
    if np.shape(policies_a)[1:] != np.shape(policies_b)[1:]:
        raise InputError(
            "E1037", "policies of two kinds cannot be compared", value=f"{np.shape(policies_a)} and {np.shape(policies_b)}"
        )
    a, b = behavioural(policies_a, weights_a, clip=clip), behavioural(policies_b, weights_b, clip=clip)
    return np.maximum(a.left @ b.right.T, 0.0)


def topical(vectors: np.ndarray) -> Distances:
    """1 - cos(t_u, t_v) between all users, 0 to 2; vectors: (n, k). A vector of zeros has cosine 0 with every other user.

    Errors: E1037 what is no matrix of finite numbers.

    >>> topical(np.array([[1.0, 0.0], [1.0, 1.0]])).matrix().round(4).tolist()
    [[0.0, 0.2929], [0.2929, 0.0]]
    """
    vectors = np.asarray(vectors, np.float64)
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise InputError("E1037", "topic vectors are one row of finite numbers for each user", value=f"shape {vectors.shape}")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit, ones = vectors / np.where(norms > 0, norms, 1.0), np.ones((len(vectors), 1))
    return Distances(np.hstack([ones, -unit]), np.hstack([ones, unit]))


def smoothed(actions: np.ndarray, smoothing: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """(policies (n, 12, 6), weights (n, 12)) of counts C (n, 12, 6):  (C[s, a] + smoothing) / sum_a (C[s, a] + smoothing),  C[s] / C.

    Errors: E1037 counts below 0 or not finite; E1038 users without any.

    >>> policies, weights = smoothed(np.array([[[3, 0], [0, 1]]]))
    >>> policies.tolist(), weights.tolist()
    ([[[0.875, 0.125], [0.25, 0.75]]], [[0.75, 0.25]])
    """
    actions = checked_counts(actions)
    visits = actions.sum(axis=2)
    policies = (actions + smoothing) / (visits + actions.shape[2] * smoothing)[..., None]
    return policies, visits / visits.sum(axis=1, keepdims=True)


def checked_counts(actions: np.ndarray) -> np.ndarray:
    """Counts (n, states, actions) as float64, each user with at least one. Errors: E1037, E1038."""
    actions = np.asarray(actions, np.float64)
    if actions.ndim != 3 or not (np.isfinite(actions).all() and (actions >= 0).all()):
        raise InputError(
            "E1037", "counts are numbers from 0 on, of shape (users, states, actions)", value=f"shape {actions.shape}"
        )
    _check_active(actions.sum(axis=(1, 2)))
    return actions


def _terms(policies, weights, clip: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each user w(s) p(a|s) and log p(a|s), flat (n, 72), and the sum of their products (n, 1)."""
    policies, weights = np.asarray(policies, np.float64), np.asarray(weights, np.float64)
    if policies.ndim != 3 or weights.shape != policies.shape[:2]:
        value = f"policies {policies.shape}, weights {weights.shape}"
        remedy = "give policies (users, states, actions) and weights (users, states)"
        raise InputError("E1037", "policies and weights do not fit together", value=value, remedy=remedy)
    for what, values in (("policy", policies), ("weight", weights)):
        wrong = ~((values >= 0) & (values <= 1 + _SUM)).all(axis=tuple(range(1, values.ndim)))
        if wrong.any():
            raise InputError("E1037", f"a {what} is no probability, 0 to 1", place=f"user {int(np.argmax(wrong))}")
    sums = weights.sum(axis=1)
    _check_active(sums)
    if (abs(sums - 1) > _SUM).any():
        user = int(np.argmax(abs(sums - 1) > _SUM))
        raise InputError("E1037", "the weights of a user do not sum to 1", place=f"user {user}", value=float(sums[user]))
    clipped = np.clip(policies, clip, 1.0)
    flat = len(policies), policies.shape[1] * policies.shape[2]
    logs, visits = np.log(clipped).reshape(flat), (weights[..., None] * clipped).reshape(flat)
    return visits, logs, np.einsum("uk,uk->u", visits, logs)[:, None]


def _check_active(events: np.ndarray) -> None:
    idle = events <= 0
    if idle.any():
        raise InputError(
            "E1038", f"{int(idle.sum()):,} of {len(idle):,} users have no behaviour to compare", place=f"user {int(np.argmax(idle))}",
            remedy="leave out users without a pair of state and action",
        )  # fmt: skip
