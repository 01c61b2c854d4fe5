"""Positives as a matrix P whose rows are distributions: row i says how often item i belongs with each other item.

P may be sparse, a product of sparse factors, or a mean of powers of one. It is never made whole: all that training asks of it is
P X for a table of vectors X.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from awase.core.errors import InputError
from awase.kernels import threads as pool
from awase.kernels.sparse import csr_times, group_by_row

_SUM_TOLERANCE = 1e-3


class Stochastic(Protocol):
    """n rows, each a distribution over the items it is applied to."""

    def __len__(self) -> int: ...

    def times(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        """P X, (n, d) float32."""
        ...


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse matrix by rows: values[p] stands at (i, columns[p]) for starts[i] <= p < starts[i + 1]. Entries of one place add up.

    starts (n + 1,) int64, columns (nnz,) int32, values (nnz,) float32. Raises InputError E0570 for a negative or infinite value, E0571 for a
    row without any, E0572 for a row that does not sum to 1.

    >>> P = Sparse.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1.0, 3.0, 5.0]), 2)
    >>> P.times(np.eye(2, dtype=np.float32)).tolist()
    [[0.25, 0.75], [1.0, 0.0]]
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def __post_init__(self):
        _check(self.starts, self.values)
        sums = _row_sums(self.starts, self.values)
        if len(empty := np.flatnonzero(sums == 0)):
            raise InputError(
                "E0571", f"{len(empty):,} of {len(self):,} items belong with nothing", place=f"item {empty[0]}",
                remedy="leave out items without a pair",
            )  # fmt: skip
        if len(off := np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)):
            raise InputError(
                "E0572", "the rows of a matrix of probabilities must sum to 1", place=f"row {off[0]}", value=float(sums[off[0]]),
                remedy="divide each row by its sum; Sparse.of does that",
            )  # fmt: skip

    @classmethod
    def of(cls, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray | None, n: int) -> "Sparse":
        """The n rows of weighted pairs (1 each if None), each over its sum."""
        starts, sorted_columns = np.empty(n + 1, np.int64), np.empty(len(rows), np.int32)
        order = np.empty(len(rows), np.int64)
        group_by_row(rows, columns, n, starts, sorted_columns, order)
        values = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)[order]
        _check(starts, values)
        return cls(starts, sorted_columns, over_row_sums(starts, values))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def times(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        out = np.empty((len(self), X.shape[1]), np.float32)
        # Shared out by entries, not by rows: a few items have most of them.
        edges = np.searchsorted(self.starts, [stop for _, stop in pool.parts(int(self.starts[-1]), threads, at_least=65_536)])
        bounds = [0, *np.minimum(edges, len(self)).tolist()]
        bounds[-1] = len(self)

        def one_part(first: int, last: int) -> None:
            for part in range(first, last):
                csr_times(self.starts, self.columns, self.values, X, bounds[part], bounds[part + 1], out)

        pool.run(threads, len(bounds) - 1, one_part)
        return out


@dataclass(frozen=True, eq=False)
class Product:
    """P = F_1 F_2 ... F_k, applied from the right: k sparse products instead of one with a matrix that may be dense."""

    factors: Sequence[Stochastic]

    def __len__(self) -> int:
        return len(self.factors[0])

    def times(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        for factor in reversed(self.factors):
            X = factor.times(X, threads)
        return X


@dataclass(frozen=True, eq=False)
class Powers:
    """P = 1/L sum over a = 1..L of M^a: where a walk of up to L steps may be."""

    matrix: Stochastic
    length: int

    def __len__(self) -> int:
        return len(self.matrix)

    def times(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        # Horner: M (X + M (X + ...)).
        out = self.matrix.times(X, threads)
        for _ in range(self.length - 1):
            out += X
            out = self.matrix.times(out, threads)
        out /= np.float32(self.length)
        return out


def over_row_sums(starts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """float32 values, each over the sum of its row; a row that sums to 0 stays 0."""
    sums = _row_sums(starts, values)
    sums[sums == 0] = 1
    return (values / np.repeat(sums, np.diff(starts))).astype(np.float32)


def _row_sums(starts: np.ndarray, values: np.ndarray) -> np.ndarray:
    sums, filled = np.zeros(len(starts) - 1), np.flatnonzero(np.diff(starts))
    if len(filled):
        sums[filled] = np.add.reduceat(values, starts[filled], dtype=np.float64)
    return sums


def _check(starts: np.ndarray, values: np.ndarray) -> None:
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        raise InputError(
            "E0570", "a weight must be a finite number and not negative", value=float(values[wrong[0]]),
            place=f"row {np.searchsorted(starts, wrong[0], 'right') - 1}", remedy="leave that pair out, or correct its weight",
        )  # fmt: skip
