"""How sure a mean over queries is, and whether two systems differ: bootstrap intervals, sign-flip tests, Holm's correction.

All draws are seeded and made in blocks of a few megabytes, so memory does not grow with their number.
"""

from collections.abc import Iterator

import numpy as np

from awase.core.errors import InputError

_BLOCK = 1 << 20  # draws held at once


def bootstrap_ci(values: np.ndarray, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0) -> np.ndarray:
    """float64 (..., 2): the percentile bootstrap interval of the mean over the last axis, the queries.

    Queries are drawn with replacement; the interval runs from the (1 - level)/2 to the (1 + level)/2 quantile of the means.
    Rows of ``values`` share the draws, so a difference of two rows has the interval of paired data.
    Source: Efron & Tibshirani 1993, chapter 13. Below about 30 queries it is too narrow.

    >>> low, high = bootstrap_ci(np.tile([0.0, 1.0], 200))
    >>> bool(0.44 < low < 0.46), bool(0.54 < high < 0.56)
    (True, True)
    """
    values = _checked(values)
    n = values.shape[-1]
    # With how often each query was drawn as a matrix, the means of all rows are one product.
    means = [np.tensordot(counts / n, values, axes=(1, -1)) for counts in resampled_counts(n, resamples, seed)]
    return interval(np.concatenate(means), level)


def resampled_counts(n: int, resamples: int = 10_000, seed: int = 0) -> Iterator[np.ndarray]:
    """Blocks of int64 (m, n), ``resamples`` rows in all: how often each of n items was drawn in n draws with replacement."""
    rng = np.random.default_rng(seed)
    for start, stop in blocks(resamples, n):
        drawn = rng.integers(0, n, (stop - start, n), dtype=np.int32) + n * np.arange(stop - start)[:, None]
        yield np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)


def interval(resampled: np.ndarray, level: float = 0.95) -> np.ndarray:
    """float64 (..., 2): the percentile interval of statistics of resamples, (resamples, ...)."""
    tail = (1 - level) / 2
    return np.moveaxis(np.quantile(resampled, [tail, 1 - tail], axis=0), 0, -1)


def paired_randomisation_test(a: np.ndarray, b: np.ndarray, *, permutations: int = 10_000, seed: int = 0) -> float:
    """The two-sided p-value that systems a and b, measured on the same queries, are exchangeable.

    Under that hypothesis the sign of each difference d is a coin toss, so with one toss per query and permutation
    p = (1 + #{|mean(±d)| >= |mean(d)|}) / (1 + permutations), which is valid at any number of permutations and never 0.
    Source: Smucker, Allan & Carterette, CIKM 2007; the +1 is Phipson & Smyth 2010.

    >>> paired_randomisation_test(np.ones(40), np.zeros(40), permutations=9_999)
    0.0001
    """
    a, b = _checked(a), _checked(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise InputError("E0806", "a paired test needs one value per query from both systems", value=f"{a.shape} and {b.shape}")
    differences = a - b
    differences = differences[differences != 0]  # a tied query has no sign to flip
    n = len(differences)
    if n == 0:
        return 1.0
    rng = np.random.default_rng(seed)
    total = differences.sum()
    # Sums that are equal on paper differ in their last bits; they must count as equal.
    as_extreme = abs(total) - 1e-9 * np.abs(differences).sum()
    count = 0
    for start, stop in blocks(permutations, n):
        bits = rng.integers(0, 256, (stop - start, -(-n // 8)), dtype=np.uint8)
        plus = np.unpackbits(bits, axis=1, count=n).astype(np.float64) @ differences
        count += int(np.count_nonzero(np.abs(2 * plus - total) >= as_extreme))
    return (1 + count) / (1 + permutations)


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for having made several comparisons; below alpha, the chance of any false claim is below alpha.

    Source: Holm, Scandinavian Journal of Statistics 1979.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def blocks(n_draws: int, n: int) -> Iterator[tuple[int, int]]:
    """Ranges that cover 0..n_draws, each of so many draws as are held at once when one takes n numbers."""
    step = max(1, _BLOCK // n)
    return ((start, min(start + step, n_draws)) for start in range(0, n_draws, step))


def _checked(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise InputError("E0806", "nothing to compare: there are no queries", value=f"shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("E0806", "a metric is not a finite number", place=f"query {np.argwhere(~np.isfinite(values))[0][-1]}")
    return values
