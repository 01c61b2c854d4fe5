"""Spearman's rank correlation, its interval, and whether two systems differ in it on the same pairs.

A correlation has no value per pair, so its mean cannot be resampled. Instead each resample of the pairs, and each exchange of two
systems' scores, gives a correlation of its own; ranks come from counting, so that none of them needs sorting.
"""

from dataclasses import dataclass

import numpy as np

from awase.core.errors import InputError
from awase.tasks.significance import PairedTest, blocks


def average_ranks(values: np.ndarray) -> np.ndarray:
    """float64 (n,): 1 for the smallest; equal values share the mean of their ranks.

    >>> average_ranks(np.array([0.3, 0.1, 0.3])).tolist()
    [2.5, 1.0, 2.5]
    """
    levels, counts = _levels(values)
    return _ranks(counts[None])[0][levels]


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation of the average ranks, -1 to 1; 0 where one of the two is constant, for then it tells nothing.

    Errors: E0806 fewer than two pairs, lengths that differ, or values that are not finite.

    >>> round(spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0])), 3)
    0.8
    """
    return Correlation(x, y).value


@dataclass(frozen=True)
class Correlation:
    """Scores and the human judgements of the same n pairs; a metric of ``Report.of_items`` that is no mean over items.

    >>> Correlation(np.array([0.1, 0.9, 0.5]), np.array([1.0, 9.0, 4.0])).value
    1.0
    """

    predicted: np.ndarray
    gold: np.ndarray

    def __post_init__(self):
        shapes = np.shape(self.predicted), np.shape(self.gold)
        if shapes[0] != shapes[1] or len(shapes[0]) != 1 or shapes[0][0] < 2:
            raise InputError("E0806", "a correlation needs two or more pairs of numbers", value=f"{shapes[0]} and {shapes[1]}")
        for what, values in (("score", self.predicted), ("judgement", self.gold)):
            if not np.isfinite(values).all():
                place = f"pair {int(np.argmin(np.isfinite(values)))}"
                raise InputError("E0806", f"a {what} is not a finite number", place=place)

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def value(self) -> float:
        """Spearman's rho."""
        return float(self.resampled(np.ones((1, len(self)), np.int64))[0])

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """float64 (m,): rho of m samples, each given by how often every pair was drawn, (m, n)."""
        x, y = (_centred(values, counts) for values in (self.predicted, self.gold))
        return _rho(x, y, counts)

    def against(self, other: "Correlation", *, permutations: int = 10_000, seed: int = 0) -> PairedTest:
        """Whether the two systems are exchangeable, by the paired randomisation test of ``significance``.

        One toss per pair exchanges the two systems' ranks for it, so that their scales do not matter. The interval takes the spread of the
        difference under exchange for its spread anywhere.
        Errors: E0806 when the judgements are not those of the same pairs.
        """
        if not np.array_equal(self.gold, other.gold):
            remedy = "measure both on the pairs that both know"
            raise InputError("E0806", "two correlations are compared on the same pairs in the same order", remedy=remedy)
        n, difference = len(self), self.value - other.value
        levels, _ = _levels(np.concatenate([average_ranks(self.predicted), average_ranks(other.predicted)]))
        first, second = levels[:n], levels[n:]
        n_levels, gold = int(levels.max()) + 1, average_ranks(self.gold) - (n + 1) / 2
        rng, apart = np.random.default_rng(seed), np.empty(permutations)
        for start, stop in blocks(permutations, 4 * n):
            exchanged = rng.integers(0, 2, (stop - start, n), dtype=np.int8).astype(bool)
            a = _swapped_rho(np.where(exchanged, second, first), gold, n_levels)
            b = _swapped_rho(np.where(exchanged, first, second), gold, n_levels)
            apart[start:stop] = np.abs(a - b) + 1e-12  # equal on paper, not in the last bits
        return PairedTest(difference, float(np.sqrt(np.mean(apart * apart))), difference - apart, difference + apart)


def _levels(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rank of each value among the distinct ones, and how often each of those occurs."""
    _, levels, counts = np.unique(values, return_inverse=True, return_counts=True)
    return levels, counts


def _ranks(counts: np.ndarray) -> np.ndarray:
    """float64 (m, n_levels): the average rank of every level in m samples, from how often each occurs in them."""
    return np.cumsum(counts, axis=1) - (counts - 1) / 2


def _centred(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """float64 (m, n): the average rank of each value in m samples, less the mean rank."""
    levels, _ = _levels(values)
    return _ranks(_by_level(levels, counts))[:, levels] - (counts.sum(axis=1, keepdims=True) + 1) / 2


def _by_level(levels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    order = np.argsort(levels, kind="stable")
    firsts = np.flatnonzero(np.diff(levels[order], prepend=-1))
    return np.add.reduceat(counts[:, order], firsts, axis=1)


def _swapped_rho(levels: np.ndarray, gold: np.ndarray, n_levels: int) -> np.ndarray:
    """rho of m samples, each with its own level for every pair, (m, n), against the centred ranks of the judgements (n,)."""
    m, n = levels.shape
    at = levels + n_levels * np.arange(m)[:, None]
    counts = np.bincount(at.ravel(), minlength=m * n_levels).reshape(m, n_levels)
    return _rho(_ranks(counts).ravel()[at] - (n + 1) / 2, gold, np.ones((), np.int64))


def _rho(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    above = np.sum(counts * x * y, axis=1)
    below = np.sqrt(np.sum(counts * x * x, axis=1) * np.sum(counts * np.broadcast_to(y * y, x.shape), axis=1))
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
